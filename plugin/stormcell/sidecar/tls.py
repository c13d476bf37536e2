"""TLS of both servers, out of the same files."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from stormcell.config.receivers import ReceiversSettings
from stormcell.errors import SettingsError

if TYPE_CHECKING:
    import grpc


def wanted(settings: ReceiversSettings) -> bool:
    """Return whether the servers speak TLS.

    Raises
    ------
    SettingsError
        If the certificate, the key or the authorities are named without what they need beside them.
    """
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise SettingsError("receivers: tls_certificate and tls_key go together; name both, or neither")
    if settings.tls_client_ca and not settings.tls_certificate:
        raise SettingsError("receivers: tls_client_ca needs TLS; name tls_certificate and tls_key too")
    return bool(settings.tls_certificate)


def context(settings: ReceiversSettings) -> ssl.SSLContext:
    """Return what HTTP needs: TLS 1.2 or newer, and certificates of clients where authorities are named.

    Raises
    ------
    SettingsError
        If a file cannot be read, is no PEM, or certificate and key do not match.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # The password that is none: OpenSSL would ask for one on the terminal.
        made.load_cert_chain(settings.tls_certificate, settings.tls_key, password=lambda: "")
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"receivers: cannot use tls_certificate {settings.tls_certificate} with tls_key {settings.tls_key}:"
            f" {_reason(error)}; expected two PEM files that belong together, the key without a passphrase"
        ) from error
    if settings.tls_client_ca:
        try:
            made.load_verify_locations(settings.tls_client_ca)
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"receivers: cannot use tls_client_ca {settings.tls_client_ca}: {_reason(error)};"
                " expected a PEM file of certificates"
            ) from error
        made.verify_mode = ssl.CERT_REQUIRED
    return made


def credentials(settings: ReceiversSettings) -> grpc.ServerCredentials:
    """Return what gRPC needs, out of files that ``context`` has tried.

    Raises
    ------
    SettingsError
        As ``context``; gRPC itself would only say that it cannot bind.
    """
    import grpc

    context(settings)
    pair = (Path(settings.tls_key).read_bytes(), Path(settings.tls_certificate).read_bytes())
    authorities = Path(settings.tls_client_ca).read_bytes() if settings.tls_client_ca else None
    return grpc.ssl_server_credentials([pair], authorities, require_client_auth=authorities is not None)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "no PEM").replace("_", " ").lower()
    return getattr(error, "strerror", None) or str(error)

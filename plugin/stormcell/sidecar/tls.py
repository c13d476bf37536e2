"""TLS of both servers, out of the same files."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from stormcell.config.receivers import ReceiversSettings
from stormcell.errors import SettingsError

if TYPE_CHECKING:
    import grpc


def context(settings: ReceiversSettings) -> ssl.SSLContext | None:
    """Return what HTTP needs, or None where no TLS is wanted.

    TLS 1.2 or newer, and certificates of clients where authorities are named.

    Raises
    ------
    SettingsError
        If a file is named without what it needs beside it, cannot be read or is no PEM, or if certificate and key
        do not match.
    """
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise SettingsError("receivers: tls_certificate and tls_key go together; name both, or neither")
    if settings.tls_client_ca and not settings.tls_certificate:
        raise SettingsError("receivers: tls_client_ca needs TLS; name tls_certificate and tls_key too")
    if not settings.tls_certificate:
        return None
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


def credentials(settings: ReceiversSettings) -> grpc.ServerCredentials | None:
    """Return what gRPC needs, or None where no TLS is wanted.

    Raises
    ------
    SettingsError
        As ``context``; gRPC itself would only say that it cannot bind.
    """
    import grpc

    if context(settings) is None:
        return None
    pair = (Path(settings.tls_key).read_bytes(), Path(settings.tls_certificate).read_bytes())
    authorities = Path(settings.tls_client_ca).read_bytes() if settings.tls_client_ca else None
    return grpc.ssl_server_credentials([pair], authorities, require_client_auth=authorities is not None)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "no PEM").replace("_", " ").lower()
    return getattr(error, "strerror", None) or str(error)

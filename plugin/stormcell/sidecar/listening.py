"""Where the servers may listen."""

from __future__ import annotations

import ipaddress
import socket

from stormcell.config.receivers import ReceiversSettings
from stormcell.errors import SettingsError, StormcellError


class ListenError(StormcellError):
    """An address cannot be listened on."""


def check_exposure(settings: ReceiversSettings) -> None:
    """Refuse to be open to everyone who can reach the machine.

    Raises
    ------
    SettingsError
        If an address is not loopback, no tokens and no certificates of clients are asked, and
        ``receivers.allow_public_without_auth`` does not say that this is meant.
    """
    if settings.tokens or settings.tokens_file or settings.tls_client_ca or settings.allow_public_without_auth:
        return
    for name in ("grpc_host", "http_host"):
        host = getattr(settings, name)
        if not is_loopback(host):
            raise SettingsError(
                f"receivers.{name} is {host}, which others can reach, and nothing is asked of who does: set"
                " receivers.tokens or receivers.tokens_file, or TLS with receivers.tls_client_ca, or listen on"
                " 127.0.0.1; where this is meant, set receivers.allow_public_without_auth"
            )


def is_loopback(host: str) -> bool:
    """Return whether an address is of this machine alone; names other than localhost may be anyone's."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def joined(host: str, port: int) -> str:
    """Return ``host:port``, an IPv6 address in brackets."""
    bare = host.strip("[]")
    return f"[{bare}]:{port}" if ":" in bare else f"{bare}:{port}"


def listen(host: str, port: int) -> socket.socket:
    """Return a bound TCP socket.

    Raises
    ------
    ListenError
        If the address is taken, or none of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(_cannot(host, port, error)) from error
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError as error:
        made.close()
        raise ListenError(_cannot(host, port, error)) from error
    return made


def _cannot(host: str, port: int, error: OSError) -> str:
    return (
        f"cannot listen on {joined(host, port)}: {error.strerror or error}; is another sidecar running there?"
        " set another address in `receivers`"
    )

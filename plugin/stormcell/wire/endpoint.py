"""Where something is sent: one URL, read and checked once."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from stormcell.errors import SettingsError

_SCHEMES: Final = {"http": (False, 80), "https": (True, 443), "grpc": (False, 4317), "grpcs": (True, 4317)}


@dataclass(frozen=True, slots=True)
class Tls:
    """Files for TLS, in PEM; each may be left out.

    Attributes
    ----------
    ca : Path or None
        Who may have signed the other side's certificate; None for whom the system trusts.
    certificate, key : Path or None
        What we show of ourselves where the other side asks for it.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def read(self) -> tuple[bytes | None, bytes | None, bytes | None]:
        """Return what is in the files.

        Raises
        ------
        SettingsError
            If one cannot be read.
        """
        return _read(self.ca), _read(self.certificate), _read(self.key)

    def context(self) -> ssl.SSLContext:
        """Return a context for a client.

        Raises
        ------
        SettingsError
            If a file cannot be read or holds something else.
        """
        self.read()
        try:
            made = ssl.create_default_context(cafile=self.ca)
            if self.certificate is not None:
                made.load_cert_chain(self.certificate, self.key)
        except (OSError, ValueError) as error:
            named = ", ".join(str(path) for path in (self.ca, self.certificate, self.key) if path is not None)
            raise SettingsError(f"cannot use {named} for TLS: {error}; expected certificates in PEM") from error
        return made


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL to send to.

    Attributes
    ----------
    scheme : str
        "http", "https", "grpc" or "grpcs".
    host : str
        An IPv6 address stands in brackets.
    port : int
    path : str
        With the query, as it was given.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def grpc(self) -> bool:
        """Whether it is spoken to by gRPC."""
        return self.scheme.startswith("grpc")

    @property
    def tls(self) -> bool:
        """Whether what is sent is encrypted."""
        return _SCHEMES[self.scheme][0]

    @property
    def shown(self) -> str:
        """The URL as far as it may be shown: the path may be a secret, as chat tools' are."""
        return f"{self.scheme}://{self.host}:{self.port}"


def endpoint(url: str, *, schemes: tuple[str, ...] = tuple(_SCHEMES), example: str = "") -> Endpoint:
    """Read a URL.

    Parameters
    ----------
    url : str
    schemes : tuple of str
    example : str
        Such a URL, for messages; "" for a collector's.

    Raises
    ------
    SettingsError
        If it is none of these schemes', or holds a password.
    """
    expected = f"expected a URL such as {example or f'{schemes[0]}://collector:{_SCHEMES[schemes[0]][1]}'}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"{expected}, found one that cannot be read: {error}") from error
    if parts.scheme not in schemes or not parts.hostname or not url.isascii() or not url.isprintable():
        raise SettingsError(f"{expected}, of {', '.join(schemes)}; found {_start(url)}")
    if "@" in parts.netloc:
        raise SettingsError(f"{expected}, without a user and a password: send these in a header")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return Endpoint(parts.scheme, host, _SCHEMES[parts.scheme][1] if port is None else port, path)


def _start(url: str) -> str:
    """Return what can be shown of what is no URL of ours, of which the end may be a secret."""
    shown = ascii(url[:20])
    return shown if len(url) <= 20 else f"{shown}..."


def _read(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"cannot read {path} for TLS: {error.strerror}") from error

"""How Elasticsearch is reached: where, as whom, and by whose certificate."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stormcell.errors import SettingsError
from stormcell.wire.elasticsearch import API_KEY, PASSWORD, TOKEN, USERNAME
from stormcell.wire.endpoint import Tls, endpoint
from stormcell.wire.headers import secret

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

SECRETS: Final = f"{API_KEY}, or {USERNAME} and {PASSWORD}, or {TOKEN}"
"""Environment variables; with ``_FILE`` behind it, each names a file that holds the secret."""

TIMEOUT: Final = 60.0
"""Seconds for an answer."""

_CLOUD: Final = "cloud:"
_EXAMPLE: Final = "https://elasticsearch:9200"
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}\Z")
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]+\Z")


@dataclass(frozen=True, slots=True)
class Server:
    """Where Elasticsearch is.

    Attributes
    ----------
    hosts : tuple of str
        URLs; none for a deployment in Elastic's cloud.
    cloud : str
        The id of that deployment.
    ca : Path or None
        Who may have signed the server's certificate, besides those whom the system trusts.
    fingerprint : str
        SHA-256 of the server's certificate, or of one that it was signed by, in hexadecimal: trusted without more.
    """

    hosts: tuple[str, ...]
    cloud: str = ""
    ca: Path | None = None
    fingerprint: str = ""

    @property
    def shown(self) -> str:
        """What it is called in messages."""
        return ", ".join(self.hosts) or f"the cloud deployment {self.cloud.partition(':')[0]}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """As whom we come; never shown.

    Attributes
    ----------
    options : mapping of str to object
        For the client.
    source : str
        The variable that they are from; "" without any.
    """

    options: Mapping[str, Any]
    source: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.source or 'none'})"


def server(target: str, ca_file: str = "", fingerprint: str = "") -> Server:
    """Read a target and the settings beside it.

    Parameters
    ----------
    target : str
        ``https://host:9200``, several separated by commas, or ``cloud:`` and the id of a deployment.
    ca_file, fingerprint : str
        See Server; "" for none.

    Raises
    ------
    SettingsError
        If it is something else.
    """
    plain = fingerprint.replace(":", "").lower()
    if plain and not _FINGERPRINT.match(plain):
        raise SettingsError(
            "the option fingerprint is none; expected a SHA-256 of a certificate, 64 hexadecimal digits"
        )
    if plain and ca_file:
        raise SettingsError("the options ca_file and fingerprint exclude each other; leave one of them out")
    ca = Path(ca_file) if ca_file else None
    Tls(ca).context()  # tells what is wrong with the file
    if target.startswith(_CLOUD):
        return Server((), _cloud(target.removeprefix(_CLOUD)), ca, plain)
    hosts = tuple(_host(part.strip()) for part in target.split(","))
    if (ca_file or plain) and not all(host.startswith("https:") for host in hosts):
        raise SettingsError(
            f"{', '.join(hosts)}: the options ca_file and fingerprint are for https:// only;"
            " write that, or leave them out"
        )
    return Server(hosts, "", ca, plain)


def credentials() -> Credentials:
    """Return the secrets of the environment, which may be renewed while we run.

    Raises
    ------
    SettingsError
        If there are too many of them, or half, or some that cannot be sent.
    """
    held = {name: secret(name) for name in (API_KEY, USERNAME, PASSWORD, TOKEN)}
    for name, value in held.items():
        if value and not _PRINTABLE.match(value) and name in (API_KEY, TOKEN):
            raise SettingsError(f"{name} cannot be sent; expected printable ASCII")
    ways = [name for name in (API_KEY, USERNAME, TOKEN) if held[name]]
    if len(ways) > 1:
        raise SettingsError(f"{' and '.join(ways)} are set; expected one way to say who we are: {SECRETS}")
    if bool(held[USERNAME]) != bool(held[PASSWORD]):
        lacking = PASSWORD if held[USERNAME] else USERNAME
        raise SettingsError(f"{lacking} is not set; {USERNAME} and {PASSWORD} go together")
    if held[API_KEY]:
        id, colon, key = held[API_KEY].partition(":")
        return Credentials({"api_key": (id, key) if colon else id}, API_KEY)
    if held[USERNAME]:
        # The client would not take other letters than ASCII.
        basic = b64encode(f"{held[USERNAME]}:{held[PASSWORD]}".encode()).decode()
        return Credentials({"basic_auth": basic}, USERNAME)
    return Credentials({"bearer_auth": held[TOKEN]}, TOKEN) if held[TOKEN] else Credentials({})


def connect(to: Server, as_whom: Credentials) -> Elasticsearch:
    """Return a client, which has sent nothing yet; trying again is our own affair."""
    from elasticsearch import Elasticsearch

    options: dict[str, Any] = {"cloud_id": to.cloud} if to.cloud else {"hosts": list(to.hosts)}
    if to.ca:
        options["ca_certs"] = str(to.ca)
    if to.fingerprint:
        options["ssl_assert_fingerprint"] = to.fingerprint
    return Elasticsearch(
        **options,
        **as_whom.options,
        max_retries=0,
        retry_on_timeout=False,
        request_timeout=TIMEOUT,
    )


def _host(url: str) -> str:
    """Return a URL with its port; the path is that of a proxy."""
    if "@" in url:
        raise SettingsError(f"expected a URL such as {_EXAMPLE}, without a user and a password: set {SECRETS}")
    found = endpoint(url, schemes=("https", "http"), example=_EXAMPLE)
    if "?" in found.path:
        raise SettingsError(f"{found.shown}: expected a URL such as {_EXAMPLE}, without a query")
    return f"{found.shown}{found.path.rstrip('/')}"


def _cloud(id: str) -> str:
    from elastic_transport.client_utils import parse_cloud_id

    try:
        address = parse_cloud_id(id).es_address
    except ValueError:
        address = None
    if not address or not all(address):
        raise SettingsError("the cloud id cannot be read; expected cloud: and what the deployment's page shows")
    return id

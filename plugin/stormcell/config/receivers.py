"""Settings of the sidecar: receivers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from stormcell.config.base import Seconds, Section

Port = Annotated[int, Field(ge=0, le=65_535)]
Host = Annotated[str, Field(min_length=1, max_length=255)]
Bytes = Annotated[int, Field(ge=1024, le=1 << 30)]

ScopeName = Literal["ingest", "read", "operate", "train", "administer"]
RoleName = Literal["viewer", "operator", "admin"]

ROLES: Final[Mapping[RoleName, tuple[ScopeName, ...]]] = {
    "viewer": ("read",),
    "operator": ("read", "operate"),
    "admin": ("read", "operate", "administer"),
}
"""The scopes that each role has."""

_TAKEN: Final = frozenset(("anonymous", "cli", "sidecar"))


def _own_name(name: str) -> str:
    if name.lower() in _TAKEN:
        raise ValueError(f"{name!r} stands for others in the audit trail; give the token another name")
    return name


TokenName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$"), AfterValidator(_own_name)]


class Granted(Section):
    """What a token is good for."""

    role: RoleName | None = None
    """`viewer` (scope `read`), `operator` (`read`, `operate`) or `admin` (`read`, `operate`, `administer`); or"""
    scopes: Annotated[tuple[ScopeName, ...], Field(min_length=1)] | None = None
    """`ingest` (send telemetry and alerts), `read` (see groups), `operate` (change them), `train` (hand in
    codebooks, and let them watch as the canary), `administer` (that, and promote codebooks and roll them back)."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.role is not None and self.scopes is not None:
            raise ValueError("give the token a `role` or `scopes`, not both")
        return self

    @property
    def granted(self) -> tuple[ScopeName, ...]:
        """The scopes; where neither a role nor scopes are named, it sends telemetry only."""
        return ROLES[self.role] if self.role else self.scopes or ("ingest",)


class TokenSettings(Granted):
    """A bearer token: where it is kept, and what it is good for; never the token itself."""

    name: TokenName
    """Whose it is; stands in the audit trail. Not `anonymous`, `cli` or `sidecar`, which are others there."""
    file: str = ""
    """The file that holds it; or"""
    variable: str = ""
    """the environment variable that does."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.file) == bool(self.variable):
            raise ValueError("name either the `file` or the `variable` that holds the token")
        return self


class ReceiversSettings(Section):
    """Where the sidecar listens, and whom it listens to."""

    grpc_host: Host = "127.0.0.1"
    """Address for OTLP/gRPC; a Collector beside the sidecar needs no other."""
    grpc_port: Port = 14_317
    """Port for OTLP/gRPC (the Collector has 4317); 0 takes a free one."""
    http_host: Host = "127.0.0.1"
    """Address for OTLP/HTTP, webhooks and the API."""
    http_port: Port = 14_318
    """Port for them (the Collector has 4318); 0 takes a free one."""
    tokens: tuple[TokenSettings, ...] = ()
    """Who may do what: each a `name`, a `file` or a `variable` that holds the token, and a `role` or `scopes`;
    without any here or a `tokens_file`, everyone who reaches the sidecar may do everything."""
    tokens_file: str = ""
    """File with hashes of more tokens, which `stormcell token` makes, rotates and revokes; it is read again as it
    changes."""
    tls_certificate: str = ""
    """PEM file of the certificate, with its chain; makes both servers speak TLS only."""
    tls_key: str = ""
    """PEM file of its key, without a passphrase."""
    tls_client_ca: str = ""
    """PEM file of the authorities one of which must have signed the certificate of every client."""
    allow_public_without_auth: bool = False
    """Listen on other addresses than loopback even where neither tokens nor certificates of clients are asked."""
    max_request_bytes: Bytes = 16 << 20
    """Larger requests are refused, as sent and as decompressed."""
    max_pending_bytes: Bytes = 64 << 20
    """Of HTTP requests under way at most so much is held; what comes on top is to be sent again."""
    max_connections: Annotated[int, Field(ge=4, le=100_000)] = 256
    """Open connections, each of HTTP and gRPC; at HTTP's limit the one that has been idle longest makes room.
    Twice this should be well below the files that a process may open (`ulimit -n`)."""
    idle_seconds: Seconds = 120.0
    """A connection without a request is closed after this long."""
    request_seconds: Seconds = 20.0
    """A request must be here, and its response fetched, within this long each."""
    threads: Annotated[int, Field(ge=1, le=256)] = 16
    """Requests that each server checks and journals at the same time."""

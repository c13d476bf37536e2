"""A forwarder as the settings want it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stormcell.config import ForwardSettings, Settings
from stormcell.protocols import Assigner
from stormcell.sidecar.forward.forwarder import Forwarder, Tail
from stormcell.sidecar.forward.rewrite import Rewriter
from stormcell.sidecar.position import Position
from stormcell.wire.endpoint import Tls, endpoint
from stormcell.wire.headers import Headers, parse, read, secret
from stormcell.wire.otlp import connect

if TYPE_CHECKING:
    from stormcell.sidecar.forward.sampling import Sampler

VARIABLE: Final = "STORMCELL_FORWARD_HEADERS"
"""Environment variable with headers, ``name=value,name=value``; with ``_FILE`` behind it, the name of a file."""

POSITION: Final = "forward.position"
"""The file in the data folder that says how far the journal was sent on."""


def build(settings: Settings, data: Path, journal: Tail, assigner: Assigner) -> Forwarder | None:
    """Return a forwarder that is not started; None where nothing is to be forwarded.

    Parameters
    ----------
    settings : Settings
    data : Path
        The data folder.
    journal : Tail
    assigner : Assigner

    Raises
    ------
    SettingsError
        If the headers or a file for TLS cannot be used.
    StoreError
        If the position that was saved cannot be read.
    """
    forward = settings.forward
    if not forward.endpoint:
        return None
    files = (forward.ca_file, forward.certificate_file, forward.key_file)
    client = connect(
        endpoint(forward.endpoint),
        _headers(forward),
        compress=forward.gzip,
        timeout=forward.timeout_seconds,
        tls=Tls(*(Path(file) if file else None for file in files)),
    )
    return Forwarder(journal, client, Rewriter(assigner, _sampler(settings)), Position(data / POSITION))


def _sampler(settings: Settings) -> Sampler | None:
    if not settings.forward.sampling:
        return None
    from stormcell.sidecar.forward.sampling import Sampler  # reading texts takes a while to load

    return Sampler(settings)


def _headers(forward: ForwardSettings) -> Headers:
    def headers() -> Mapping[str, str]:
        if forward.headers_file:
            return parse(read(Path(forward.headers_file), "forward.headers_file"), "forward.headers_file")
        return parse(secret(VARIABLE), VARIABLE)

    headers()  # what is wrong is said at the start
    return headers

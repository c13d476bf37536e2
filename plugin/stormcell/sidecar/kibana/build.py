"""A poller as the settings want it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from stormcell.config import KibanaAlertsSettings
from stormcell.protocols import Clock
from stormcell.sidecar.kibana.poller import Poller, Taker
from stormcell.sidecar.kibana.search import Search
from stormcell.sidecar.position import Position
from stormcell.wire.elasticsearch import authorization
from stormcell.wire.endpoint import Tls, endpoint
from stormcell.wire.http import HttpClient

POSITION: Final = "kibana-alerts.position"
"""The file in the data folder that says up to when alerts were seen."""


def build(settings: KibanaAlertsSettings, data: Path, intake: Taker, clock: Clock) -> Poller:
    """Return a poller that is not started.

    Parameters
    ----------
    settings : KibanaAlertsSettings
        With a URL.
    data : Path
        The data folder.
    intake : Taker
    clock : Clock

    Raises
    ------
    SettingsError
        If the credentials or the file for TLS cannot be used.
    StoreError
        If the position that was saved cannot be read.
    """
    place = endpoint(settings.url, schemes=("https", "http"))
    authorization()  # what is wrong is said at the start
    tls = Tls(Path(settings.ca_file) if settings.ca_file else None)
    http = HttpClient(place, timeout=settings.timeout_seconds, tls=tls)
    pages = Search(http, settings.indices, settings.space, authorization, place.path)
    kept = Position(data / POSITION, "begin as at the very first start")
    return Poller(settings, pages, intake, kept, clock)

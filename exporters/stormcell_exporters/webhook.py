"""Groups posted to a URL, for chat and incident tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from stormcell.types import Group
from stormcell.wire.endpoint import Endpoint, Tls, endpoint
from stormcell.wire.headers import checked, current, secret
from stormcell.wire.http import TRANSIENT, HttpClient
from stormcell_exporters.ndjson import line

VARIABLE: Final = "STORMCELL_WEBHOOK_TOKEN"
"""Environment variable with a bearer token; with ``_FILE`` behind it, it names a file that holds one."""

TIMEOUT: Final = 10.0
"""Seconds for an answer."""


class WebhookExporter:
    """Posts each group's document as JSON, one request a revision.

    A receiver that has seen a revision knows it again by the header ``Idempotency-Key``.
    """

    def __init__(self) -> None:
        self._open: dict[str, tuple[Endpoint, HttpClient]] = {}

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        """Post the groups to a URL, ``http`` or ``https``.

        Raises
        ------
        DeliveryError
            If one was not taken; those before it were.
        SettingsError
            If ``target`` is no such URL.
        """
        to, client = self._connected(str(target))
        for group in groups:
            headers = {
                "content-type": "application/json",
                "idempotency-key": f"{group.id!a}/{group.revision}".replace("'", ""),
                **current(_authorization),
            }
            client.post(to.path or "/", line(group), headers, compress=False, retryable=TRANSIENT)

    def close(self) -> None:
        """Close the connections."""
        for _, client in self._open.values():
            client.close()
        self._open.clear()

    def _connected(self, target: str) -> tuple[Endpoint, HttpClient]:
        found = self._open.get(target)
        if found is None:
            to = endpoint(target, schemes=("https", "http"))
            found = self._open[target] = (to, HttpClient(to, timeout=TIMEOUT, tls=Tls()))
        return found


def _authorization() -> Mapping[str, str]:
    token = secret(VARIABLE)
    return checked({"authorization": f"Bearer {token}"}, VARIABLE) if token else {}

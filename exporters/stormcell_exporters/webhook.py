"""Groups posted to a URL, for chat and incident tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from stormcell.errors import SettingsError
from stormcell.types import Group
from stormcell.wire.endpoint import Endpoint, Tls, endpoint
from stormcell.wire.headers import checked, current, secret
from stormcell.wire.http import TRANSIENT, HttpClient
from stormcell_exporters import slack
from stormcell_exporters.ndjson import line

VARIABLE: Final = "STORMCELL_WEBHOOK_TOKEN"
"""Environment variable with a bearer token; with ``_FILE`` behind it, it names a file that holds one."""

TIMEOUT: Final = 10.0
"""Seconds for an answer."""


class WebhookExporter:
    """Posts each group as JSON, one request a revision.

    A receiver that has seen a revision knows it again by the header ``Idempotency-Key``.

    Parameters
    ----------
    format : str
        "json" for the group's document, "slack" for a message (see ``slack``). There each revision is a message of
        its own: what takes them this way can change none.
    link : str
        Where people look at a group, as a URL with ``{id}`` for its id; for messages.

    Raises
    ------
    SettingsError
        If one of them is something else.
    """

    def __init__(self, format: str = "json", link: str = "") -> None:
        if format not in ("json", "slack"):
            raise SettingsError(f"the option 'format': expected json or slack, found {format[:20]!a}")
        if link and format != "slack":
            raise SettingsError("the option 'link': it is for messages, with the option format: slack")
        self._slack, self._link = format == "slack", slack.checked_link(link)
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
                # The URL is the secret of a chat tool; the token is for somebody else.
                **({} if self._slack else current(authorization)),
            }
            body = slack.body(group, self._link) if self._slack else line(group)
            client.post(to.path or "/", body, headers, compress=False, retryable=TRANSIENT)

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


def authorization() -> Mapping[str, str]:
    """Return the header with the token, if there is one."""
    token = secret(VARIABLE)
    return checked({"authorization": f"Bearer {token}"}, VARIABLE) if token else {}

"""Hands groups over to a ticket tool: one ticket a group, brought up to date with each revision."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from stormcell.errors import DeliveryError, SettingsError
from stormcell.types import Group

BUSY = {408, 425, 429, 500, 502, 503, 504}


class TicketsExporter:
    """Puts a ticket for each group. The parameters are its options."""

    def __init__(self, queue: str, timeout: float = 10.0) -> None:
        if timeout <= 0:
            raise SettingsError(f"the option 'timeout': expected seconds, more than 0; found {timeout}")
        self._queue, self._timeout = queue, timeout

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        """Put the tickets; what came before, once more or not, does no harm, as each says all there is to say."""
        for group in groups:
            self._put(f"{target}/{group.id}", self._ticket(group))

    def _ticket(self, group: Group) -> dict[str, object]:
        return {
            "queue": self._queue,
            "title": group.title,
            "status": group.status,  # open, acknowledged or resolved
            "revision": group.revision,
            "exemplar": group.medoid.text,  # anybody's text: the other side has to escape it
            "services": [service.name for service in group.services],
        }

    def _put(self, url: str, ticket: dict[str, object]) -> None:
        if not url.startswith(("https://", "http://")):
            raise SettingsError("expected a URL such as https://tickets.example.com/api/tickets as the target")
        headers = {"content-type": "application/json"}
        if token := os.environ.get("TICKETS_TOKEN"):  # a secret is no option
            headers["authorization"] = f"Bearer {token}"
        request = Request(url, json.dumps(ticket).encode(), headers, method="PUT")
        try:
            urlopen(request, timeout=self._timeout).close()
        except HTTPError as error:
            error.close()
            wait = error.headers.get("retry-after", "")
            raise DeliveryError(
                f"the ticket tool answered {error.code}",
                retryable=error.code in BUSY,
                retry_after=float(wait) if wait.isdecimal() else None,
            ) from error
        except (OSError, HTTPException) as error:
            raise DeliveryError("the ticket tool cannot be reached", retryable=True) from error

"""Drafts posted to a URL, for wikis and what people build themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from stormcell.times import rfc3339
from stormcell.types import Paper
from stormcell.wire.endpoint import Tls, endpoint
from stormcell.wire.headers import current
from stormcell.wire.http import TRANSIENT, HttpClient
from stormcell_exporters.webhook import authorization

SCHEMA: Final = "stormcell.paper/1"
"""What the document says that it is."""

_TIMEOUT: Final = 30.0
_MOST_URL: Final = 2048


class WebhookPublisher:
    """Posts each draft as JSON, with the bearer token of the exporter ``webhook`` if there is one.

    A receiver that has seen a revision knows it again by the header ``Idempotency-Key``, and what it replaces by
    the review.
    """

    def publish(self, paper: Paper, target: str) -> str:
        """Post a draft to a URL, ``http`` or ``https``.

        Returns
        -------
        str
            The header ``Location`` of the answer, else its member ``url``, else the server.

        Raises
        ------
        DeliveryError
            If it was not taken.
        SettingsError
            If ``target`` is no such URL.
        """
        to = endpoint(target, schemes=("https", "http"), example="https://wiki.example.com/drafts")
        headers = {
            "content-type": "application/json",
            "idempotency-key": f"{paper.review!a}/{paper.revision}".replace("'", ""),
            **current(authorization),
        }
        client = HttpClient(to, timeout=_TIMEOUT, tls=Tls())
        try:
            answer = client.send(to.path or "/", document(paper), headers, compress=False, retryable=TRANSIENT)
        finally:
            client.close()
        told = answer.headers.get("location") or _url(answer.content)
        return _absolute(told, target) or to.shown


def document(paper: Paper) -> bytes:
    """Return a draft as JSON."""
    held: Mapping[str, Any] = {
        "schema": SCHEMA,
        "review": paper.review,
        "revision": paper.revision,
        "kind": paper.kind,
        "group": paper.group,
        "title": paper.title,
        "author": paper.author,
        "reviewer": paper.reviewer,
        "time": rfc3339(paper.time),
        "markdown": paper.markdown,
    }
    return json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _url(content: bytes) -> str:
    try:
        told = json.loads(content)
    except ValueError:
        return ""
    url = told.get("url") if isinstance(told, dict) else None
    return url if isinstance(url, str) else ""


def _absolute(url: str, base: str) -> str:
    """Return a URL that a server told, if people can follow it; else "".

    One that is a query or a fragment alone would be that of the target, of which the rest may be a secret.
    """
    if not url or url[0] in "?#" or len(url) > _MOST_URL or not url.isprintable():
        return ""
    try:
        whole = urljoin(base, url)
        return whole if urlsplit(whole).scheme in ("http", "https") else ""
    except ValueError:
        return ""

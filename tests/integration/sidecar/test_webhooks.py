"""Alerts of other tools."""

from __future__ import annotations

import gzip

import httpx
import pytest

from stormcell.errors import RefusedError
from stormcell.sidecar.counts import Reason, Signal
from stormcell.types.live import RequestKind
from tests.integration.sidecar.support import JSON, Sidecar

SOURCES = ["alertmanager", "grafana", "kibana", "generic"]


@pytest.mark.parametrize("source", SOURCES)
def test_an_alert_is_kept(served: Sidecar, source: str) -> None:
    answer = served.post(f"/v1/alerts/{source}", b'{"alerts": []}', JSON)
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["content-type"] == "application/json"
    (request,) = served.inbox.kept
    assert (request.kind, request.body) == (RequestKind(source), b'{"alerts": []}')
    assert served.counts.requests == {Signal.ALERTS: 1}


def test_a_compressed_alert_is_kept(served: Sidecar) -> None:
    body = gzip.compress(b'{"alerts": []}')
    assert served.post("/v1/alerts/generic", body, JSON, **{"content-encoding": "gzip"}).status_code == 200
    assert served.inbox.bodies == [b'{"alerts": []}']


def test_tells_how_many_alerts_are_left_out(served: Sidecar) -> None:
    served.check.rejected, served.check.message = 1, "one has no name"
    answer = served.post("/v1/alerts/grafana", b'{"a": 1, "b": 2}', JSON)
    assert (answer.status_code, answer.json()) == (200, {"rejected": 1, "message": "one has no name"})


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_no_alert_is_bad_data(served: Sidecar, source: str) -> None:
    answer = served.post(f"/v1/alerts/{source}", b'{"alerts": [', JSON)
    assert answer.status_code == 400
    assert "no such request" in answer.json()["message"]
    assert served.counts.rejected == {(Signal.ALERTS, Reason.CONTENT): 1}


def test_what_is_refused_is_to_be_sent_again(served: Sidecar) -> None:
    served.inbox.refusal = RefusedError("the journal is full", retry_after=3)
    answer = served.post("/v1/alerts/alertmanager", b"{}", JSON)
    # Alertmanager sends again after 5xx, and gives up after 4xx.
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_a_web_page_could_send_is_not_taken(served: Sidecar, content_type: str) -> None:
    answer = served.post("/v1/alerts/generic", b"{}", {"content-type": content_type})
    assert (answer.status_code, answer.headers["content-type"]) == (415, "application/json")
    assert not served.inbox.kept


@pytest.mark.parametrize(
    "path",
    [
        "/v1/alerts/nagios",
        "/v1/alerts/",
        "/v1/alerts/../../../etc/passwd",
        "/v1/alerts/..%2f..%2fetc%2fpasswd",
        "/v1/alerts/generic%00",
        "/v1/alerts/generic/%2e%2e/x",
        "//v1/alerts/generic",
    ],
)
def test_other_sources_are_not_there(served: Sidecar, path: str) -> None:
    with served.client() as client:
        # Not httpx's own reading of the path, which resolves dots.
        url = httpx.URL(scheme="http", host="127.0.0.1", port=served.http_server.port, raw_path=path.encode())
        answer = client.post(url, content=b"{}", headers=JSON)
    assert (answer.status_code, answer.json()["message"]) == (404, "there is nothing at this address")
    assert not served.inbox.kept

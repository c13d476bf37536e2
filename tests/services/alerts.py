"""Recorded alerts, told to a real Alertmanager so that it tells of every one of them.

To Alertmanager an alert is its labels, whose hash it takes for the fingerprint. The recorded fingerprints are
others, and recorded alerts may have the same labels at different times: what starts anew while the last one fires
would be taken for the same. So they are told in rounds: the alerts of a round have different labels, each fires
and is resolved before the next round. All else comes through as it was recorded.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from tests.services.servers import post, until

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

Alert = dict[str, Any]


def fingerprint(labels: dict[str, str]) -> str:
    """Return how Alertmanager names an alert: FNV-1a (64 bits) of its sorted labels, each end marked by ff."""
    value = 0xCBF29CE484222325
    for name in sorted(labels):
        for byte in b"%b\xff%b\xff" % (name.encode(), labels[name].encode()):
            value = (value ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return f"{value:016x}"


def recorded(file: Path) -> list[Alert]:
    """Return recorded notifications, with the fingerprints that Alertmanager gives."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        payloads = [json.loads(line) for line in lines]
    for payload in payloads:
        for alert in payload["alerts"]:
            alert["fingerprint"] = fingerprint(alert["labels"])
    return payloads


def as_told(payloads: Iterable[Alert], file: Path) -> Path:
    """Write notifications as a file: of each alert one that it fires, and one that it is resolved."""
    with file.open("w", encoding="utf-8") as lines:
        for payload in payloads:
            ended = {**payload, "status": "resolved", "alerts": [_resolved(alert) for alert in payload["alerts"]]}
            lines.write(f"{json.dumps(payload)}\n{json.dumps(ended)}\n")
    return file


def rounds(alerts: Iterable[Alert]) -> list[list[Alert]]:
    """Return alerts in rounds within which all have different labels, in their order."""
    told: dict[str, int] = defaultdict(int)
    found: dict[int, list[Alert]] = defaultdict(list)
    for alert in alerts:
        found[told[alert["fingerprint"]]].append(alert)
        told[alert["fingerprint"]] += 1
    return list(found.values())


def _resolved(alert: Alert) -> Alert:
    """Return an alert as it ends, a microsecond after it started."""
    return {**alert, "status": "resolved", "endsAt": alert["startsAt"].replace("Z", "001Z")}


class Hook:
    """What a webhook was told."""

    def __init__(self) -> None:
        self.url = ""
        self.payloads: list[Alert] = []

    def __call__(self, request: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer a request, as WSGI has it."""
        self.payloads.append(json.loads(request["wsgi.input"].read(int(request["CONTENT_LENGTH"]))))
        start("200 OK", [("Content-Length", "0")])
        return []

    def wait_for(self, alerts: Iterable[Alert]) -> None:
        """Wait until it was told of all of them."""
        wanted = {_key(alert) for alert in alerts}

        def told() -> bool:
            return wanted <= {_key(alert) for payload in list(self.payloads) for alert in payload["alerts"]}

        until("Alertmanager to tell of its alerts", told)


class Quiet(WSGIRequestHandler):
    """Does not log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[Hook]:
    """Listen as a webhook."""
    hook = Hook()
    with make_server("127.0.0.1", 0, hook, handler_class=Quiet) as server:
        hook.url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield hook
        finally:
            server.shutdown()


def tell(alertmanager: str, payloads: Iterable[Alert], hook: Hook) -> None:
    """Tell Alertmanager of alerts that fire and end; return when it has told the hook of all of it."""
    for turn in rounds(alert for payload in payloads for alert in payload["alerts"]):
        for change in (turn, [_resolved(alert) for alert in turn]):
            post_alerts(alertmanager, change)
            hook.wait_for(change)


def post_alerts(alertmanager: str, alerts: Iterable[Alert]) -> None:
    """Post alerts to Alertmanager, as Prometheus does."""
    post(f"{alertmanager}/api/v2/alerts", json.dumps([_posted(alert) for alert in alerts]).encode())


def _posted(alert: Alert) -> Alert:
    fields = ("labels", "annotations", "startsAt", *(("endsAt",) if alert["status"] == "resolved" else ()))
    return {field: alert[field] for field in fields}


def _key(alert: Alert) -> tuple[str, str, str]:
    return alert["fingerprint"], alert["startsAt"], alert["status"]

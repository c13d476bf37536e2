"""A sidecar that fetches alerts: what goes wrong there is said, and keeps nobody from sending."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

from tests.integration.sidecar.running import HASTY, PATIENCE, Running
from tests.integration.sidecar.support import until
from tests.integration.telemetry import log, logs
from tests.unit.decode.test_kibana import DOCUMENT, UUID
from tests.unit.wire.servers import Answer, HttpReceiver

KEY = "c2VjcmV0OnNlY3JldA"


def answer(*documents: dict[str, Any]) -> Answer:
    now = time.time_ns()
    hits = [
        {
            "_index": "i",
            "_id": str(number),
            "_seq_no": now,
            "_primary_term": 1,
            "sort": [now // 10**6, str(number)],
            "_source": document,
        }
        for number, document in enumerate(documents)
    ]
    found = {"timed_out": False, "_shards": {"total": 1, "failed": 0}, "hits": {"hits": hits}}
    return Answer(body=json.dumps(found).encode())


def settings(url: str) -> dict[str, Any]:
    return {"live": HASTY, "kibana_alerts": {"url": url, "every_seconds": 0.1}}


def test_what_is_fetched_is_grouped(tmp_path: Path) -> None:
    odd = {"kibana.alert.uuid": "odd"}
    recovered = {**DOCUMENT, "kibana.alert.status": "recovered", "kibana.alert.end": "2023-11-14T22:15:20.000Z"}
    with HttpReceiver(answer(DOCUMENT, odd), answer(DOCUMENT, odd)) as elasticsearch:
        elasticsearch.answers.extend([answer(recovered)] * 10_000)
        with Running(tmp_path / "sidecar", settings(elasticsearch.url)).start() as sidecar:
            until(lambda: sidecar.get("status")["kibana_alerts"]["taken"] == 2, PATIENCE)
            until(lambda: len(sidecar.placed()) == 1, PATIENCE)
            assert sidecar.placed() == [f"{UUID}@2023-11-14T22:13:20.000Z"]
            status = sidecar.get("status")
            assert (status["received"]["alerts"], status["kibana_alerts"]["odd"]) == (2, 1)
            assert status["kibana_alerts"]["problem"] == ""
            told = sidecar.client.get("/metrics").text
            assert 'stormcell_kibana_alerts_fetched_total{stormcell_state="taken"} 2\n' in told
            assert "stormcell_kibana_alerts_behind_seconds" in told
            assert sidecar.client.get("/readyz").json()["checks"]["kibana_alerts"] == "ok"


def test_what_fails_is_said_and_keeps_nobody_from_sending(tmp_path: Path) -> None:
    refused = Answer(401, body=b'{"error": "security_exception"}')
    with HttpReceiver(*[refused] * 1000) as elasticsearch:
        variables = {"STORMCELL_ELASTICSEARCH_API_KEY": KEY}
        with Running(tmp_path / "sidecar", settings(elasticsearch.url), variables).start() as sidecar:
            until(lambda: bool(sidecar.get("status")["kibana_alerts"]["problem"]), PATIENCE)
            sidecar.send(logs(log("a", "disk full on db"), log("b", "disk full on db", at=1)))
            until(lambda: sidecar.placed() == ["a", "b"], PATIENCE)
            assert sidecar.is_ready()
            said = sidecar.client.get("/readyz").json()["checks"]["kibana_alerts"]
            assert "401" in said
            assert "STORMCELL_ELASTICSEARCH_API_KEY" in said
            failures = 'stormcell_kibana_alerts_failures_total{error_type="401"}'
            assert failures in sidecar.client.get("/metrics").text
            assert KEY not in sidecar.said + said
            assert elasticsearch.requests[0].headers["authorization"] == f"ApiKey {KEY}"
            assert sidecar.stop() == 0, sidecar.said


def test_one_that_never_answers_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Running(tmp_path / "sidecar", settings(url)).start() as sidecar:
            assert sidecar.stop() == 0, sidecar.said


def test_credentials_that_cannot_be_used_are_said_at_the_start(tmp_path: Path) -> None:
    variables = {"STORMCELL_ELASTICSEARCH_USERNAME": "ann"}
    with Running(tmp_path / "sidecar", settings("http://127.0.0.1:9"), variables).spawn() as sidecar:
        assert sidecar.ended() == 2
        assert "STORMCELL_ELASTICSEARCH_PASSWORD go together" in sidecar.said

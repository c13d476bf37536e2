"""What exporters that send say, beyond what all exporters keep to."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from stormcell.errors import DeliveryError
from stormcell.registry import publisher
from stormcell.types import Paper
from stormcell_exporters.console import line
from stormcell_exporters.ndjson import NdjsonAppendExporter, document
from stormcell_exporters.otlp import OtlpExporter
from stormcell_exporters.webhook import WebhookExporter
from tests.unit.render.samples import error_log, latency
from tests.unit.wire.servers import Answer, HttpReceiver, partial

GROUP, _ = latency()


def sent(receiver: HttpReceiver) -> list[dict[str, str]]:
    """Return the text attributes of each record that came."""
    found = []
    for request in receiver.requests:
        [holder] = ExportLogsServiceRequest.FromString(request.body).resource_logs
        assert [(pair.key, pair.value.string_value) for pair in holder.resource.attributes] == [
            ("service.name", "stormcell")
        ]
        [record] = holder.scope_logs[0].log_records
        found.append({pair.key: pair.value.string_value for pair in record.attributes})
    return found


def test_otlp_names_the_exemplar_before_where_it_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORMCELL_OTLP_HEADERS", "authorization=Bearer%20abc")
    made = OtlpExporter(lambda: 5)
    changed = replace(GROUP, revision=2, medoid=GROUP.earliest)
    with HttpReceiver(Answer(), Answer(503), Answer()) as receiver:
        made.export([GROUP], receiver.url)
        with pytest.raises(DeliveryError):
            made.export([changed], receiver.url)
        made.export([changed], receiver.url)
        made.export([replace(changed, revision=3)], receiver.url)
        made.close()
    found = sent(receiver)
    previous = [one.get("stormcell.group.exemplar.previous_uid") for one in found]
    assert previous == [None, GROUP.medoid.uid, GROUP.medoid.uid, None]
    assert [one["log.record.uid"] for one in found] == [f"{GROUP.id}/{n}" for n in (1, 2, 2, 3)]
    assert receiver.requests[0].headers["authorization"] == "Bearer abc"


def test_otlp_that_is_rejected_in_part_is_not_tried_again() -> None:
    with HttpReceiver(Answer(body=partial(1, "too old"))) as receiver:
        made = OtlpExporter()
        with pytest.raises(DeliveryError, match="1 of 1 groups rejected: too old") as caught:
            made.export([GROUP], receiver.url)
        made.close()
    assert not caught.value.retryable


def test_a_webhook_gets_the_document_and_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tmp_path / "token"
    monkeypatch.setenv("STORMCELL_WEBHOOK_TOKEN_FILE", str(token))
    made = WebhookExporter()
    with HttpReceiver() as receiver:
        with pytest.raises(DeliveryError, match="cannot read") as caught:
            made.export([GROUP], f"{receiver.url}/hook?x=1")
        assert caught.value.retryable  # it may be being renewed
        for held in ("abc\n", "def"):
            token.write_text(held)
            made.export([GROUP], f"{receiver.url}/hook?x=1")
        made.close()
    first, second = receiver.requests
    assert (first.path, json.loads(first.body)) == ("/hook?x=1", document(GROUP))
    assert first.headers["content-type"] == "application/json"
    assert first.headers["idempotency-key"] == f"{GROUP.id}/1"
    assert (first.headers["authorization"], second.headers["authorization"]) == ("Bearer abc", "Bearer def")


@pytest.mark.parametrize(
    ("told", "path"), [("/wiki/1", "/wiki/1"), ("?page=1", ""), ("#top", ""), ("javascript:alert(1)", "")]
)
def test_where_a_draft_was_put_tells_nothing_of_the_path(told: str, path: str) -> None:
    paper = Paper("d-1", "g-1", "runbook", "A", 1, "# A\n", "ada", "grace", 1)
    with HttpReceiver(Answer(body=json.dumps({"url": told}).encode())) as receiver:
        where = publisher("webhook").publish(paper, f"{receiver.url}/services/secret?token=secret")
        assert where == receiver.url + path


@pytest.mark.parametrize(
    ("status", "retryable"), [(400, False), (404, False), (408, True), (429, True), (500, True)]
)
def test_a_webhook_is_tried_again_where_that_may_do(status: int, retryable: bool) -> None:
    made = WebhookExporter()
    with HttpReceiver(Answer(status, {"retry-after": "3"})) as receiver:
        with pytest.raises(DeliveryError) as caught:
            made.export([GROUP], f"{receiver.url}/secret-path")
        made.close()
    assert (caught.value.retryable, caught.value.retry_after) == (retryable, 3)
    assert "secret-path" not in str(caught.value)


def test_console_line() -> None:
    assert line(GROUP) == (
        "2023-11-14T22:13:46.216Z g-a974a38e r1 open: PodClientLatencyP90High on ts-admin-basic-info-service "
        "(5 events; ts-order-service, ts-admin-basic-info-service, ts-food-service)\n"
    )
    assert line(error_log()[0]).endswith('container "exporter" not found (1 event)\n')


def ids(path: Path) -> list[str]:
    return [json.loads(line)["incident_group"]["id"] for line in path.read_text().splitlines()]


def test_lines_are_appended_wherever_the_file_went(tmp_path: Path) -> None:
    path = tmp_path / "groups.ndjson"
    made = NdjsonAppendExporter()
    made.export([GROUP], path)
    made.export([GROUP], path)
    path.rename(tmp_path / "rotated")
    made.export([error_log()[0]], path)
    assert (ids(tmp_path / "rotated"), ids(path)) == ([GROUP.id] * 2, [error_log()[0].id])


def test_a_line_cut_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "groups.ndjson"
    path.write_text('{"incident_group": {"id": "cut')
    NdjsonAppendExporter().export([GROUP], path)
    cut, whole = path.read_text().splitlines()
    assert cut.endswith("cut")
    assert json.loads(whole) == document(GROUP)


def test_a_line_that_does_not_fit_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "groups.ndjson"
    NdjsonAppendExporter().export([GROUP], path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DeliveryError, match="No space left") as caught:
        NdjsonAppendExporter().export([GROUP], path)
    assert caught.value.retryable
    assert path.read_bytes() == before

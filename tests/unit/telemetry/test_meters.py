"""Our own metrics and spans: what is counted is told, to Prometheus and over OTLP, and to nobody else."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import metrics, trace
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from stormcell.config import TelemetrySettings
from stormcell.errors import StoreError
from stormcell.sidecar.metering import meters_of
from stormcell.sidecar.observing import observe_store
from stormcell.store import SqliteStore
from stormcell.telemetry import names
from stormcell.telemetry.bins import Bins
from stormcell.telemetry.meters import Meters, Readings
from stormcell.telemetry.names import METRICS, SDK_METRICS, Kind, prometheus_name
from stormcell.telemetry.otlp import Sender
from stormcell.telemetry.sdk import SdkMeters
from stormcell.types import EXEMPLAR, SIDECAR, AuditEntry
from tests.unit.store.strategies import atom_of, grouping_of, row_of

DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"
LOG, SPAN = {names.SIGNAL: "log"}, {names.SIGNAL: "span"}


@pytest.fixture
def meters() -> Iterator[SdkMeters]:
    made = SdkMeters()
    yield made
    made.close()


def samples(meters: Meters) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return what Prometheus' own parser reads."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(meters.text())
        for sample in family.samples
    }


def test_counters_add_up_by_attributes(meters: SdkMeters) -> None:
    for _ in range(3):
        meters.add(names.RECEIVED, 5, LOG)
    meters.add(names.RECEIVED, 2, SPAN)
    meters.add(names.EXEMPLAR_CHANGES)
    found = samples(meters)
    assert found["stormcell_ingest_received_total", (("stormcell_signal", "log"),)] == 15
    assert found["stormcell_ingest_received_total", (("stormcell_signal", "span"),)] == 2
    assert found["stormcell_exemplar_changes_total", ()] == 1
    assert samples(meters)["stormcell_ingest_received_total", (("stormcell_signal", "log"),)] == 15


def test_what_several_read_is_added_up_and_an_error_leaves_its_part_out(meters: SdkMeters) -> None:
    def busy() -> Readings:
        raise StoreError("is being written")

    for read in (lambda: [(2, LOG), (3, SPAN)], lambda: [(4, LOG)], busy):
        meters.observe(names.FORWARD_SENT, read)
    found = samples(meters)
    assert found["stormcell_forward_sent_total", (("stormcell_signal", "log"),)] == 6
    assert found["stormcell_forward_sent_total", (("stormcell_signal", "span"),)] == 3


def test_many_threads_lose_nothing(meters: SdkMeters) -> None:
    def work() -> None:
        for _ in range(500):
            meters.add(names.ACCEPTED, 1, LOG)
            meters.record(names.TICK_DURATION, 0.25)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = samples(meters)
    assert found["stormcell_ingest_accepted_total", (("stormcell_signal", "log"),)] == 2000
    assert found["stormcell_tick_duration_seconds_count", ()] == 2000
    assert found["stormcell_tick_duration_seconds_sum", ()] == 500


@given(st.lists(st.floats(0, 3) | st.sampled_from([0.001, 0.01, 1.0, float("nan"), float("inf")]), max_size=30))
def test_many_values_count_as_each_by_itself(values: list[float]) -> None:
    bounds = (0.001, 0.01, 0.1, 1.0)
    one, many = Bins(bounds), Bins(bounds)
    for value in values:
        one.record(value)
    many.record_many(np.array(values, dtype=np.float64))
    a, b = one.seen(), many.seen()
    assert (a.counts, a.smallest, a.largest) == (b.counts, b.smallest, b.largest)
    assert a.total == pytest.approx(b.total)
    kept = [value for value in values if np.isfinite(value)]
    below = [sum(value <= bound for value in kept) for bound in bounds]
    assert np.cumsum(a.counts).tolist() == [*below, len(kept)]


def test_prometheus_reads_the_histogram(meters: SdkMeters) -> None:
    meters.record_many(names.ASSIGNMENT_DURATION, np.array([0.0001, 0.001, 0.3, 7.0]))
    found = samples(meters)
    name = "stormcell_assignment_duration_seconds"
    assert [found[f"{name}_bucket", (("le", le),)] for le in ("0.001", "0.2", "0.5", "1.0", "+Inf")] == [
        2,
        2,
        3,
        3,
        4,
    ]
    assert found[f"{name}_count", ()] == 4
    assert found[f"{name}_sum", ()] == pytest.approx(7.3011)


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_any_value_of_an_attribute_is_text(value: str) -> None:
    meters = SdkMeters()
    meters.add(names.REFUSED, 1, {names.REASON: value})
    text = meters.text()
    meters.close()
    text.encode()
    clean = value.encode("utf-8", "backslashreplace").decode()
    [family] = [f for f in text_string_to_metric_families(text) if f.name == "stormcell_ingest_refused"]
    assert [sample.labels["error_type"] for sample in family.samples] == [clean]


def test_the_store_tells_its_groups_and_what_people_did(meters: SdkMeters, tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    observe_store(meters, path)
    before = samples(meters)
    assert before["stormcell_groups", (("stormcell_group_status", "open"),)] == 0
    # Told before there is one: else nobody would see that it grew.
    for action in ("ack", "resolve", "merge", "split", "move"):
        assert before["stormcell_edits_total", (("stormcell_action", action),)] == 0
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(atom_of("g1", row_of("a")), atom_of("g2", row_of("b"))), [])
        store.set_status("g1", "resolved")
        store.audit(*(AuditEntry(1, who, "merge", "g1") for who in ("ann", "cli", SIDECAR)))
        store.audit(AuditEntry(1, SIDECAR, EXEMPLAR, "g1"))
        store.put_outbox([("ndjson", store.groups()[0])])
    found = samples(meters)
    assert found["stormcell_groups", (("stormcell_group_status", "open"),)] == 1
    assert found["stormcell_groups", (("stormcell_group_status", "resolved"),)] == 1
    # Two people did; the sidecar is none.
    assert found["stormcell_edits_total", (("stormcell_action", "merge"),)] == 2
    assert found["stormcell_exemplar_changes_total", ()] == 1
    waiting = (("stormcell_exporter", "ndjson"), ("stormcell_state", "pending"))
    assert found["stormcell_outbox_entries", waiting] == 1


def test_memory_is_told(meters: SdkMeters) -> None:
    assert 1e6 < samples(meters)["process_memory_usage_bytes", ()] < 1e11


def test_no_provider_of_others_is_touched(meters: SdkMeters) -> None:
    meters.add(names.RECEIVED, 1, LOG)
    with meters.span("tick"):
        assert not trace.get_current_span().get_span_context().is_valid
    assert type(metrics.get_meter_provider()).__module__.startswith("opentelemetry.metrics")
    assert type(trace.get_tracer_provider()).__module__.startswith("opentelemetry.trace")


def test_the_table_is_whole_and_its_page_current() -> None:
    assert DOCS.read_text(encoding="utf-8") == names.reference()
    made = {value for value in vars(names).values() if isinstance(value, names.Metric)}
    told = (*METRICS, *SDK_METRICS)
    assert made == set(told)
    assert len({metric.name for metric in told}) == len({prometheus_name(m) for m in told}) == len(told)
    for metric in told:
        assert metric.meaning[0].isupper()
        assert (metric.kind is Kind.COUNTER) == prometheus_name(metric).endswith("_total")


def test_what_is_off_keeps_nothing_and_loads_nothing() -> None:
    program = (
        "import sys; from stormcell.config import TelemetrySettings as S; from stormcell.telemetry import names\n"
        "from stormcell.sidecar.metering import meters_of; m = meters_of(S(metrics=False)); m.add(names.RECEIVED);"
        " m.record(names.TICK_DURATION, 1); m.observe(names.GROUPS, lambda: 1 / 0);\n"
        "with m.span('tick'): pass\n"
        "m.close(); assert m.text() == ''; print([n for n in sys.modules if n.startswith('opentelemetry.')])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_the_sdk_is_loaded_once_something_is_asked() -> None:
    program = (
        "import sys; from stormcell.config import TelemetrySettings as S; from stormcell.telemetry import names\n"
        "from stormcell.sidecar.metering import meters_of; m = meters_of(S())\n"
        "m.observe(names.RECEIVED, lambda: [(7, {})]); told = []; m.before_telling(lambda: told.append(1))\n"
        "print([n for n in sys.modules if n.startswith('opentelemetry.') or n == 'numpy'], told)\n"
        "text = m.text(); print('stormcell_ingest_received_total 7' in text, told, 'numpy' in sys.modules)\n"
        "m.observe(names.ACCEPTED, lambda: [(5, {})]); print('ingest_accepted_total 5' in m.text()); m.close()"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[] []\nTrue [1] False\nTrue\n"


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it is sent; refuses as often as it is told to."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        assert isinstance(server, Server)
        refused = server.refuse > 0
        server.refuse -= refused
        if not refused:
            server.got.append((self.path, gzip.decompress(body)))
        self.send_response(503 if refused else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Server(HTTPServer):
    got: list[tuple[str, bytes]]
    refuse: int


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Receiver)
    made.got, made.refuse = [], 0
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_over_otlp_all_is_told_with_our_name(server: Server) -> None:
    endpoint = f"http://127.0.0.1:{server.server_port}/"
    meters = meters_of(TelemetrySettings(otlp_endpoint=endpoint, interval_seconds=1000))
    meters.add(names.RECEIVED, 5, LOG)
    meters.observe(names.SILHOUETTE, lambda: [(0.5, {})])
    meters.record(names.TICK_DURATION, 0.3)
    with meters.span("tick", {"stormcell.atoms": "3"}), meters.span("cluster"):
        pass
    meters.close()
    told = ExportMetricsServiceRequest.FromString(dict(server.got)["/v1/metrics"])
    [resource] = told.resource_metrics
    assert {a.key: a.value.string_value for a in resource.resource.attributes}["service.name"] == "stormcell"
    [scope] = resource.scope_metrics
    found = {metric.name: metric for metric in scope.metrics}
    assert found["stormcell.ingest.received"].sum.data_points[0].as_int == 5
    assert found["stormcell.ingest.received"].sum.is_monotonic
    assert found["stormcell.group.silhouette"].gauge.data_points[0].as_double == 0.5
    [tick] = found["stormcell.tick.duration"].histogram.data_points
    assert (tick.count, tick.sum, sum(tick.bucket_counts)) == (1, 0.3, 1)
    assert not found["process.memory.usage"].sum.is_monotonic
    traces = ExportTraceServiceRequest.FromString(dict(server.got)["/v1/traces"])
    [spans] = traces.resource_spans
    assert {a.key: a.value.string_value for a in spans.resource.attributes}["service.name"] == "stormcell"
    inner, outer = spans.scope_spans[0].spans
    assert (inner.name, outer.name, inner.parent_span_id) == ("cluster", "tick", outer.span_id)


def test_what_is_refused_for_now_is_sent_again_unless_there_is_no_time(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    sender = Sender(f"http://127.0.0.1:{server.server_port}/v1/traces", 5.0)
    server.refuse = 1
    assert sender.send(b"one")
    assert server.got == [("/v1/traces", b"one")]
    sender.hurry()
    server.refuse = 1
    assert not sender.send(b"two")
    assert "refuses own telemetry with HTTP 503" in caplog.text
    sender.close()


def test_nobody_there_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with HTTPServer(("127.0.0.1", 0), Receiver) as unused:
        port = unused.server_port
    meters = SdkMeters(f"http://127.0.0.1:{port}", 1000, 0.1)
    meters.add(names.RECEIVED)
    meters.close()
    assert "own telemetry cannot be sent" in caplog.text

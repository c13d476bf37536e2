"""What a service's own provider of metrics reads."""

from __future__ import annotations

import gc

import pytest
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from tests.unit.sdk.doors import Keeping, made, serving, settings

Points = dict[tuple[str, str, str], float]
"""Values by the last word of the name, signal and reason."""


class Metrics:
    """A provider, and what it reads."""

    def __init__(self) -> None:
        self.reader = InMemoryMetricReader()
        self.provider = MeterProvider([self.reader], shutdown_on_exit=False)

    def read(self) -> Points:
        data = self.reader.get_metrics_data()
        scopes = [scope for part in (data.resource_metrics if data else ()) for scope in part.scope_metrics]
        assert [scope.scope.name for scope in scopes] in ([], ["stormcell"])
        metrics = [metric for scope in scopes for metric in scope.metrics]
        names = [metric.name for metric in metrics]
        assert sorted(names) == sorted(set(names)), "a metric is there once"
        found: Points = {}
        for metric in metrics:
            for point in metric.data.data_points:
                attributes = dict(point.attributes or {})
                key = (
                    metric.name.removeprefix("stormcell.sdk."),
                    str(attributes.pop("stormcell.signal")),
                    str(attributes.pop("error.type", "")),
                )
                assert not attributes
                assert key not in found
                found[key] = point.value  # type: ignore[union-attr]  # none is a histogram
        return {key: value for key, value in found.items() if value}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def test_what_a_processor_does_is_told(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    hub = Keeping(settings(sdk={"queue": 4, "batch": 4}))
    with (
        serving("span-processor", hub, meter_provider=metrics.provider) as spans,
        serving("log-processor", hub, meter_provider=metrics.provider) as logs,
    ):
        spans.say("a")
        spans.say("b", scope="stormcell.sdk")
        spans.flush()
        logs.say("c")
        assert metrics.read() == {
            ("processed", "span", ""): 1,
            ("dropped", "span", "own"): 1,
            ("waiting", "log", ""): 1,
        }
        logs.flush()
        assert metrics.read()["processed", "log", ""] == 1
    logs.say("d")
    assert metrics.read() == {
        ("processed", "span", ""): 1,
        ("dropped", "span", "own"): 1,
        ("processed", "log", ""): 1,
        ("dropped", "log", "shutdown"): 1,
    }
    assert not caplog.records


def test_two_of_a_kind_add_up(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    with (
        serving("log-processor", Keeping(), meter_provider=metrics.provider) as one,
        serving("log-processor", Keeping(), meter_provider=metrics.provider) as other,
    ):
        for service in (one, other, other):
            service.say("a")
            service.flush()
        assert metrics.read() == {("processed", "log", ""): 3}
    assert not caplog.records


def test_nobody_is_kept_for_being_read(metrics: Metrics) -> None:
    with serving("log-processor", Keeping(), meter_provider=metrics.provider) as service:
        service.say("a")
    del service
    gc.collect()
    assert metrics.read() == {}


@pytest.mark.parametrize("name", ["span-exporter", "log-exporter"])
def test_exporters_are_read_by_the_global_provider(
    name: str, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(name: str, version: str, provider: None) -> Meter:
        return metrics.provider.get_meter(name, version)

    monkeypatch.setattr("stormcell.sdk.metrics.metrics.get_meter", find)
    monkeypatch.setattr("stormcell.sdk.metrics._global", None)  # that of other tests
    with serving(name, Keeping()) as service:
        service.say("a")
        service.flush()
        assert metrics.read() == {("processed", name.partition("-")[0], ""): 1}


def test_what_is_not_used_opens_and_starts_nothing(metrics: Metrics) -> None:
    door = made("log-processor", Keeping(), meter_provider=metrics.provider)
    assert metrics.read() == {}
    door.shutdown()

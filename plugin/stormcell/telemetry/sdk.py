"""Meters of the OpenTelemetry SDK, with providers of our own: who else in the process uses it is left alone."""

from __future__ import annotations

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final

from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    InMemoryMetricReader,
    MetricReader,
    MetricsData,
    PeriodicExportingMetricReader,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.metrics.export import Metric as Collected
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from stormcell import __version__
from stormcell.errors import StormcellError
from stormcell.semconv import OWN_SERVICE
from stormcell.telemetry import names
from stormcell.telemetry.bins import Bins
from stormcell.telemetry.meters import Attributes, Meters, Readings
from stormcell.telemetry.names import Kind, Metric
from stormcell.telemetry.process import memory
from stormcell.telemetry.prometheus import exposition

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

    from stormcell.telemetry.otlp import Sender
    from stormcell.types import DoubleArray

# Powers of ten in three steps, from a millisecond; from far below where most take less.
_TO_A_SECOND: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_BOUNDS: Final = {
    names.ASSIGNMENT_DURATION: _TO_A_SECOND,
    names.CODEBOOK_ASSIGNMENT_DURATION: (0.00002, 0.00005, 0.0001, 0.0002, 0.0005, *_TO_A_SECOND),
    names.TICK_DURATION: (*_TO_A_SECOND, 2.0, 5.0, 10.0, 20.0, 60.0),
}


class SdkMeters(Meters):
    """Meters that tell.

    Parameters
    ----------
    endpoint : str
        Base address of an OTLP/HTTP receiver for metrics and spans; "" for none.
    interval_seconds : float
        How often metrics are sent there.
    timeout_seconds : float
        How long to wait for it.
    """

    def __init__(self, endpoint: str = "", interval_seconds: float = 60.0, timeout_seconds: float = 10.0) -> None:
        # Not Resource.create, which would take in what the environment says of another service.
        self._resource = Resource(
            {
                "service.name": OWN_SERVICE,
                "service.version": __version__,
                "service.instance.id": str(uuid.uuid4()),
            }
        )
        self._began = time.time_ns()
        self._bins = {metric: Bins(bounds) for metric, bounds in _BOUNDS.items()}
        self._calls: list[Callable[[], None]] = []
        self._reader = InMemoryMetricReader()
        self._reading = threading.Lock()
        readers: list[MetricReader] = [self._reader]
        self._tracers: TracerProvider | None = None
        self._senders: list[Sender] = []
        if endpoint:
            from stormcell.telemetry.otlp import OtlpMetrics, Sender
            from stormcell.telemetry.spans import provider

            base = endpoint.rstrip("/")
            self._senders = [Sender(f"{base}/v1/{kind}", timeout_seconds) for kind in ("metrics", "traces")]
            exporter = OtlpMetrics(self._senders[0], self._completed)
            readers.append(PeriodicExportingMetricReader(exporter, export_interval_millis=interval_seconds * 1000))
            self._tracers = provider(self._senders[1], self._resource)
        self._provider = MeterProvider(
            readers, self._resource, exemplar_filter=AlwaysOffExemplarFilter(), shutdown_on_exit=False
        )
        self._meter = self._provider.get_meter("stormcell", __version__)
        self._sums: dict[Metric, dict[tuple[tuple[str, str], ...], float]] = {}
        self._adding = threading.Lock()
        self._reads: dict[Metric, list[Callable[[], Readings]]] = {}
        self._making = threading.Lock()
        self.observe(names.MEMORY, _memory)

    def add(self, metric: Metric, value: float = 1, attributes: Attributes | None = None) -> None:
        """Raise a counter. The SDK's own take ten times as long."""
        key = tuple(sorted(attributes.items())) if attributes else ()
        with self._adding:
            sums = self._sums.get(metric)
            if sums is not None:
                sums[key] = sums.get(key, 0) + value
                return
            self._sums[metric] = {key: value}
        self.observe(metric, lambda: self._counted(metric))

    def record(self, metric: Metric, value: float) -> None:
        """Record a value of a histogram."""
        self._bins[metric].record(value)

    def record_many(self, metric: Metric, values: DoubleArray) -> None:
        """Record values of a histogram, shape (n,), at the price of one."""
        self._bins[metric].record_many(values)

    def observe(self, metric: Metric, read: Callable[[], Readings]) -> None:
        """Ask ``read`` for the values of a counter or gauge whenever they are told (see ``Meters``)."""
        with self._making:
            reads = self._reads.setdefault(metric, [])
            reads.append(read)
            if len(reads) > 1:
                return
        create: Callable[..., object] = {
            Kind.COUNTER: self._meter.create_observable_counter,
            Kind.UPDOWNCOUNTER: self._meter.create_observable_up_down_counter,
            Kind.GAUGE: self._meter.create_observable_gauge,
        }[metric.kind]

        def observed(_: CallbackOptions) -> Iterable[Observation]:
            return _added_up(reads)

        create(metric.name, [observed], metric.unit, metric.meaning)

    def span(self, name: str, attributes: Attributes | None = None) -> AbstractContextManager[object]:
        """Return a context that is a span, if spans go anywhere."""
        if self._tracers is None:
            return nullcontext()
        return self._tracers.get_tracer("stormcell", __version__).start_as_current_span(
            name, attributes=dict(attributes or {})
        )

    def before_telling(self, call: Callable[[], None]) -> None:
        """Call it before metrics are told (see ``Meters``)."""
        self._calls.append(call)

    def text(self) -> str:
        """Return all metrics in Prometheus' text format."""
        with self._reading:
            data = self._reader.get_metrics_data()
        return exposition(self._completed(data))

    def close(self) -> None:
        """Send what is still to be sent, if that is quick, and stop."""
        for sender in self._senders:
            sender.hurry()
        self._provider.shutdown()
        if self._tracers is not None:
            self._tracers.shutdown()

    def _counted(self, metric: Metric) -> Readings:
        with self._adding:
            return [(value, dict(attributes)) for attributes, value in self._sums[metric].items()]

    def _completed(self, data: MetricsData | None) -> MetricsData:
        """Return our metrics of what the SDK collected, and the histograms, which are none of its."""
        for call in self._calls:
            call()
        found = data.resource_metrics if data is not None else ()
        metrics = [metric for resource in found for scope in resource.scope_metrics for metric in scope.metrics]
        scope = InstrumentationScope(OWN_SERVICE, __version__)
        ours = [*metrics, *self._histograms()]
        return MetricsData([ResourceMetrics(self._resource, [ScopeMetrics(scope, ours, "")], "")])

    def _histograms(self) -> list[Collected]:
        now = time.time_ns()
        found = []
        for metric, bins in self._bins.items():
            seen = bins.seen()
            count = sum(seen.counts)
            point = HistogramDataPoint(
                attributes={},
                start_time_unix_nano=self._began,
                time_unix_nano=now,
                count=count,
                sum=seen.total,
                bucket_counts=seen.counts,
                explicit_bounds=seen.bounds,
                min=seen.smallest if count else 0.0,
                max=seen.largest if count else 0.0,
            )
            told = Histogram([point], AggregationTemporality.CUMULATIVE)
            found.append(Collected(metric.name, metric.meaning, metric.unit, told))
        return found


def _added_up(reads: Iterable[Callable[[], Readings]]) -> list[Observation]:
    sums: defaultdict[tuple[tuple[str, str], ...], float] = defaultdict(int)
    for read in list(reads):
        try:
            for value, attributes in list(read()):
                sums[tuple(sorted(attributes.items()))] += value
        except StormcellError:
            # The store is busy, say: no value is better than a wrong one.
            continue
    return [Observation(value, dict(attributes)) for attributes, value in sums.items()]


def _memory() -> Readings:
    found = memory()
    return [] if found is None else [(found, {})]

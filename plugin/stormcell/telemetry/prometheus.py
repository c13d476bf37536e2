"""Metrics of the SDK in Prometheus' text format 0.0.4.

The exporter for it is a beta that is tied to one version of the SDK and keeps its metrics in a global registry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from math import inf, isnan

from opentelemetry.sdk.metrics.export import Gauge, Histogram, HistogramDataPoint, Metric, MetricsData, Sum

from stormcell.telemetry import names

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_TYPES = {names.Kind.COUNTER: "counter", names.Kind.HISTOGRAM: "histogram"}
_KNOWN = {metric.name: metric for metric in names.METRICS}


def exposition(data: MetricsData) -> str:
    """Return our metrics, in the order in which they are in the table, as text."""
    lines: list[str] = []
    order = {name: at for at, name in enumerate(_KNOWN)}
    for resource in data.resource_metrics:
        labels = _labels({name: str(value) for name, value in resource.resource.attributes.items()})
        lines += [
            "# HELP target_info Whose metrics these are",
            "# TYPE target_info gauge",
            f"target_info{labels} 1",
        ]
        metrics = [metric for scope in resource.scope_metrics for metric in scope.metrics if metric.name in _KNOWN]
        for metric in sorted(metrics, key=lambda metric: order[metric.name]):
            lines += _metric(_KNOWN[metric.name], metric)
    return "".join(f"{line}\n" for line in lines)


def _metric(known: names.Metric, metric: Metric) -> Iterator[str]:
    name = names.prometheus_name(known)
    yield f"# HELP {name} {known.meaning}"
    yield f"# TYPE {name} {_TYPES.get(known.kind, 'gauge')}"
    match metric.data:
        case Histogram():
            for point in metric.data.data_points:
                yield from _histogram(name, point)
        case Sum() | Gauge():
            for number in metric.data.data_points:
                yield f"{name}{_labels(number.attributes or {})} {_number(number.value)}"


def _histogram(name: str, point: HistogramDataPoint) -> Iterator[str]:
    attributes = dict(point.attributes or {})
    for bound, count in zip((*point.explicit_bounds, inf), accumulate(point.bucket_counts), strict=True):
        yield f"{name}_bucket{_labels({**attributes, 'le': _number(bound)})} {count}"
    yield f"{name}_sum{_labels(attributes)} {_number(point.sum)}"
    yield f"{name}_count{_labels(attributes)} {point.count}"


def _labels(attributes: Mapping[str, object]) -> str:
    if not attributes:
        return ""
    inner = ",".join(f'{name.replace(".", "_")}="{_text(str(value))}"' for name, value in attributes.items())
    return f"{{{inner}}}"


def _text(value: str) -> str:
    return value.translate(_ESCAPES).encode("utf-8", "backslashreplace").decode()


def _number(value: float) -> str:
    if value in (inf, -inf):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if isnan(value) else repr(value)

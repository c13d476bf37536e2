"""What the parts of the sidecar count with. This does nothing; ``telemetry.sdk`` has what does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from stormcell.telemetry.names import Metric

if TYPE_CHECKING:
    from stormcell.types import DoubleArray

Attributes = Mapping[str, str]
Readings = Iterable[tuple[float, Attributes]]
"""Values, each with its attributes."""


class Meters:
    """Takes whatever it is told and keeps none of it: for tests, and where telemetry is off."""

    def add(self, metric: Metric, value: float = 1, attributes: Attributes | None = None) -> None:
        """Raise a counter."""

    def record(self, metric: Metric, value: float) -> None:
        """Record a value of a histogram."""

    def record_many(self, metric: Metric, values: DoubleArray) -> None:
        """Record values of a histogram, shape (n,), at the price of one."""

    def observe(self, metric: Metric, read: Callable[[], Readings]) -> None:
        """Ask ``read`` for the values of a counter or gauge whenever they are told.

        It may be called from any thread. What several read for equal attributes is added up; where one raises a
        StormcellError, its values are left out this time.
        """

    def before_telling(self, call: Callable[[], None]) -> None:
        """Call it, from any thread, before metrics are told: to record what was put aside since the last time."""

    def span(self, name: str, attributes: Attributes | None = None) -> AbstractContextManager[object]:
        """Return a context that is a span."""
        return nullcontext()

    def text(self) -> str:
        """Return all metrics in Prometheus' text format."""
        return ""

    def close(self) -> None:
        """Tell what is still to be told, and stop."""

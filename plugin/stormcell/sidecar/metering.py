"""The meters that the settings ask for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from stormcell.config import TelemetrySettings
from stormcell.telemetry.meters import Attributes, Meters, Readings
from stormcell.telemetry.names import Metric

if TYPE_CHECKING:
    from stormcell.types import DoubleArray


def meters_of(settings: TelemetrySettings) -> Meters:
    """Return meters; the SDK is loaded once they are to tell, and not at all where telemetry is off."""
    if not settings.metrics:
        return Meters()
    meters = LateMeters(lambda: _sdk(settings))
    if settings.otlp_endpoint:
        meters.make()  # they tell by themselves
    return meters


def _sdk(settings: TelemetrySettings) -> Meters:
    from stormcell.telemetry.sdk import SdkMeters

    return SdkMeters(settings.otlp_endpoint, settings.interval_seconds, settings.timeout_seconds)


class LateMeters(Meters):
    """Meters that are made when they are first told or asked something; until then they know what they will read.

    Parameters
    ----------
    make : callable
        Returns them.
    """

    def __init__(self, make: Callable[[], Meters]) -> None:
        self._make = make
        self._made: Meters | None = None
        self._later: list[Callable[[Meters], None]] = []
        self._making = threading.Lock()

    def make(self) -> Meters:
        """Return the meters, made if they were not."""
        with self._making:
            if self._made is None:
                made = self._make()
                for call in self._later:
                    call(made)
                self._made = made
            return self._made

    def add(self, metric: Metric, value: float = 1, attributes: Attributes | None = None) -> None:
        """Raise a counter."""
        self.make().add(metric, value, attributes)

    def record(self, metric: Metric, value: float) -> None:
        """Record a value of a histogram."""
        self.make().record(metric, value)

    def record_many(self, metric: Metric, values: DoubleArray) -> None:
        """Record values of a histogram, shape (n,), at the price of one."""
        self.make().record_many(metric, values)

    def observe(self, metric: Metric, read: Callable[[], Readings]) -> None:
        """Ask ``read`` for the values of a counter or gauge whenever they are told (see ``Meters``)."""
        self._once_made(lambda meters: meters.observe(metric, read))

    def before_telling(self, call: Callable[[], None]) -> None:
        """Call it before metrics are told (see ``Meters``)."""
        self._once_made(lambda meters: meters.before_telling(call))

    def span(self, name: str, attributes: Attributes | None = None) -> AbstractContextManager[object]:
        """Return a context that is a span."""
        return self.make().span(name, attributes)

    def text(self) -> str:
        """Return all metrics in Prometheus' text format."""
        return self.make().text()

    def close(self) -> None:
        """Tell what is still to be told, and stop."""
        if self._made is not None:
            self._made.close()

    def _once_made(self, call: Callable[[Meters], None]) -> None:
        with self._making:
            if self._made is None:
                self._later.append(call)
            else:
                call(self._made)

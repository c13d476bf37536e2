"""What a processor does, as metrics of the service's own provider."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Protocol

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from stormcell import __version__
from stormcell.telemetry.names import REASON, SDK_DROPPED, SDK_PROCESSED, SDK_WAITING, SIGNAL
from stormcell.types import RequestKind

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

_NAMES: Final = {RequestKind.TRACES: "span", RequestKind.LOGS: "log"}


class Counting(Protocol):
    """Counts what it does."""

    def counts(self) -> dict[str, int]:
        """Return how many were processed, and how many dropped, by why."""
        ...

    @property
    def waiting(self) -> int:
        """How many wait."""
        ...


def observe(kind: RequestKind, counting: Counting, provider: MeterProvider | None) -> None:
    """Let a provider, by default the global one, read what somebody does, as long as there is somebody."""
    meter = metrics.get_meter("stormcell", __version__, provider)
    there, signal = weakref.ref(counting), {SIGNAL: _NAMES[kind]}

    def processed(_: CallbackOptions) -> Iterable[Observation]:
        found = there()
        return [] if found is None else [Observation(found.counts()["processed"], signal)]

    def dropped(_: CallbackOptions) -> Iterable[Observation]:
        found = there()
        counts = {} if found is None else found.counts()
        return [
            Observation(number, {**signal, REASON: why}) for why, number in counts.items() if why != "processed"
        ]

    def waiting(_: CallbackOptions) -> Iterable[Observation]:
        found = there()
        return [] if found is None else [Observation(found.waiting, signal)]

    for metric, read in ((SDK_PROCESSED, processed), (SDK_DROPPED, dropped)):
        meter.create_observable_counter(metric.name, [read], metric.unit, metric.meaning)
    meter.create_observable_up_down_counter(SDK_WAITING.name, [waiting], SDK_WAITING.unit, SDK_WAITING.meaning)

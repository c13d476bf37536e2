"""What processors and exporters do, as metrics of the service's own provider."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Protocol
from weakref import WeakKeyDictionary, ref

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from stormcell import __version__, forks
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
    global _global
    with forks.waiting():
        found = _global if provider is None else _of.get(provider)
        if found is None:
            found = _Observed(provider)
            if provider is None:
                _global = found
            else:
                _of[provider] = found
        found.add(_NAMES[kind], counting)


class _Observed:
    """All that one provider reads: of a second instrument by a name that it knows it would read nothing.

    Parameters
    ----------
    provider : MeterProvider or None
    """

    def __init__(self, provider: MeterProvider | None) -> None:
        self._those: tuple[tuple[str, ref[Counting]], ...] = ()
        meter = metrics.get_meter("stormcell", __version__, provider)
        for metric, read in ((SDK_PROCESSED, _processed), (SDK_DROPPED, _dropped)):
            meter.create_observable_counter(metric.name, [self._reading(read)], metric.unit, metric.meaning)
        meter.create_observable_up_down_counter(
            SDK_WAITING.name, [self._reading(_waiting)], SDK_WAITING.unit, SDK_WAITING.meaning
        )

    def add(self, signal: str, counting: Counting) -> None:
        there = [(name, one) for name, one in self._those if one() is not None]
        self._those = (*there, (signal, ref(counting)))

    def _reading(
        self, read: Callable[[Counting], dict[str, int]]
    ) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observations(_: CallbackOptions) -> Iterable[Observation]:
            sums: Counter[tuple[str, str]] = Counter()
            for signal, one in self._those:
                if (counting := one()) is not None:
                    sums.update({(signal, why): number for why, number in read(counting).items()})
            return [
                Observation(number, {SIGNAL: signal, REASON: why} if why else {SIGNAL: signal})
                for (signal, why), number in sums.items()
            ]

        return observations


def _processed(counting: Counting) -> dict[str, int]:
    return {"": counting.counts()["processed"]}


def _dropped(counting: Counting) -> dict[str, int]:
    return {why: number for why, number in counting.counts().items() if why != "processed"}


def _waiting(counting: Counting) -> dict[str, int]:
    return {"": counting.waiting}


_of: Final[WeakKeyDictionary[MeterProvider, _Observed]] = WeakKeyDictionary()
_global: _Observed | None = None

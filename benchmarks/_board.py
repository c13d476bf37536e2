"""Runs printed as they are made, peers beside ours, and kept as results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from _report import Result, report
from _timing import NotMeasuredError


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took and gave; ``peak`` in bytes."""

    seconds: float
    loss: float | None = None
    peak: int | None = None


@dataclass(slots=True)
class Board:
    """The runs of a benchmark.

    Attributes
    ----------
    quick : bool
        Whether the data are cut down, so that the targets do not apply.
    results : list of Result
        The comparisons.
    runs : list of Result
        Seconds, losses and memory of each run.
    """

    quick: bool
    results: list[Result] = field(default_factory=list)
    runs: list[Result] = field(default_factory=list)
    _title: str = ""
    _least: float | None = None

    def title(self, title: str) -> None:
        """Start a table of runs on the same data, of which the first is what the others' losses stand beside."""
        self._title, self._least = title, None
        print(f"\n{title}", flush=True)

    def run(self, name: str, made: Callable[[], Run]) -> Run | None:
        """Make a run and print it; None where it cannot be made here."""
        try:
            found = made()
        except NotMeasuredError as error:
            print(f"  {name:<52} not measured: {error}", flush=True)
            return None
        words = f"  {name:<52} {found.seconds:>10.4f} s"
        if found.loss is not None:
            if self._least is None:
                self._least = found.loss
            beside = 100 * (found.loss / self._least - 1) if self._least else 0.0
            words += f"  loss {found.loss:>12.6g} ({beside:+.3f} %)"
        if found.peak is not None:
            words += f"  peak {found.peak / 1e6:.0f} MB"
        print(words, flush=True)
        label = f"{self._title}: {name}"
        self.runs.append(Result(label, found.seconds, "s"))
        if found.loss is not None:
            self.runs.append(Result(f"{label}, loss", found.loss, ""))
        if found.peak is not None:
            self.runs.append(Result(f"{label}, peak memory", found.peak / 1e6, "MB"))
        return found

    def faster(self, name: str, ours: Run | None, peer: Run | None, target: float | None = None) -> None:
        """Keep how many times as long the peer takes, where both were measured."""
        if ours is not None and peer is not None:
            self.at_least(name, peer.seconds / ours.seconds, "x", target)

    def above(self, name: str, ours: Run | None, peer: Run | None, target: float | None = None) -> None:
        """Keep by which share our loss is above the peer's, where both were measured."""
        if ours is not None and peer is not None and ours.loss is not None and peer.loss:
            self.at_most(name, ours.loss / peer.loss - 1, "", target)

    def at_least(self, name: str, value: float, unit: str, target: float | None = None) -> None:
        """Keep a figure that is to be ``target`` or more, where there is one."""
        self.results.append(Result.at_least(name, value, unit, None if self.quick else target))

    def at_most(self, name: str, value: float, unit: str, target: float | None = None) -> None:
        """Keep a figure that is to be ``target`` or less, where there is one."""
        self.results.append(Result.at_most(name, value, unit, None if self.quick else target))

    def end(self, bench: str, *, as_json: bool) -> None:
        """Print the comparisons, each with its target and what was reached."""
        print()
        report(bench, self.results, as_json=as_json, printed=self.runs)

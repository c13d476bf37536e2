"""What others may implement: a few methods each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from stormcell.types import (
    Assignment,
    Difference,
    Dossier,
    Group,
    Paper,
    Projected,
    Record,
    Remembered,
    Request,
    Step,
    StoredCodebook,
    Totals,
)

if TYPE_CHECKING:
    from stormcell.types import Clustering, DoubleArray, FloatArray, IntArray


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into unit vectors."""

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return one row a text, shape (n, d), each of Euclidean length 1 or all zero."""
        ...


@runtime_checkable
class Exporter(Protocol):
    """Hands groups over; found by its entry point in the group ``stormcell.exporters``.

    One that holds something open has a method ``close`` too.
    """

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        """Hand ``groups`` over to ``target``: a file or a URL, as the exporter likes.

        The same revision may come again: which it is, ``Group.revision`` tells.

        Raises
        ------
        DeliveryError
            If the target did not take them, with whether another try may do.
        OutputError
            If the target cannot be written; nothing half-written is left.
        SettingsError
            If it is no target for this exporter.
        """
        ...


@runtime_checkable
class Projection(Exporter, Protocol):
    """An exporter that keeps a copy of groups with all that belongs to them, which can be made anew at any time.

    All methods raise what ``export`` raises.
    """

    def setup(self, target: str | Path, *, dry_run: bool = False) -> Sequence[Step]:
        """Make ready what the copies go into, and return the steps; what is there already stays as it is."""
        ...

    def project(
        self,
        dossiers: Iterable[Dossier],
        target: str | Path,
        *,
        gone: Collection[str] = ...,
        whole: bool = ...,
        told: Callable[[int], None] = ...,
    ) -> Projected:
        """Bring the copies of some groups up to date, passing over those that are.

        Parameters
        ----------
        dossiers : iterable of Dossier
        target : str or Path
        gone : collection of str
            The ids of groups that are no more: their copies are taken out.
        whole : bool
            These are all groups that there are: copies of others are taken out, but for those that the store has
            forgotten as they ended long ago. Whoever brings all of them can wait for a server that is down.
        told : callable
            Called with how many of them are done so far.
        """
        ...

    def rebuild(
        self, dossiers: Iterable[Dossier], target: str | Path, *, told: Callable[[int], None] = ...
    ) -> Projected:
        """Make all copies anew, these and no others, while readers see the old ones until all is there.

        One that was broken off goes on where it was.
        """
        ...

    def compare(self, dossiers: Iterable[Dossier], target: str | Path) -> Iterator[Difference]:
        """Yield in what the copies differ from all that there is."""
        ...

    def note(self, totals: Totals, target: str | Path) -> None:
        """Keep how the store stands at a time, beside what was kept of other times."""
        ...


@runtime_checkable
class Assets(Protocol):
    """Views on the copies of groups for a program that shows them; found by entry point in ``stormcell.assets``.

    All methods with a target raise what ``Exporter.export`` raises.
    """

    def files(self) -> Mapping[str, bytes]:
        """Return all of them as files, by their paths in a folder."""
        ...

    def problems(self, files: Mapping[str, bytes]) -> Sequence[str]:
        """Return what is wrong with such files, which may have been edited."""
        ...

    def install(self, target: str, *, dry_run: bool = False) -> Sequence[Step]:
        """Put them where they are shown, and return the steps; done again, it changes nothing more."""
        ...

    def missing(self, target: str) -> Sequence[str]:
        """Return which of them are not where they should be shown."""
        ...

    def cases(self, dossiers: Iterable[Dossier], target: str, *, dry_run: bool = False) -> Sequence[Step]:
        """Open a case for each of some groups that has none, with its draft, and return the steps."""
        ...


@runtime_checkable
class Publisher(Protocol):
    """Puts approved drafts where people read them; found by its entry point in ``stormcell.publishers``."""

    def publish(self, paper: Paper, target: str) -> str:
        """Put a text there, instead of an earlier one of the same review, and return where it can be read.

        Done again with the same revision, it changes nothing.

        Raises
        ------
        DeliveryError
            If the target did not take it, with whether another try may do.
        OutputError
            If the target cannot be written; nothing half-written is left.
        SettingsError
            If it is no target for this publisher.
        """
        ...


@runtime_checkable
class Registry(Protocol):
    """Keeps codebooks where others find them; found by its entry point in ``stormcell.registries``.

    Both methods raise what ``Exporter.export`` raises.
    """

    def push(self, stored: StoredCodebook, document: bytes, target: str) -> str:
        """Put a codebook there, with its state, numbers and provenance; return where it can be found.

        Done again with the same codebook, it changes its state alone.
        """
        ...

    def pull(self, version: str, target: str) -> bytes:
        """Return the document of a version, or of the live one where that is "".

        Raises
        ------
        NotFoundError
            If it is not there.
        """
        ...


@runtime_checkable
class Memory(Exporter, Protocol):
    """An exporter that finds, among its copies of groups, those that may be like one."""

    def similar(
        self,
        question: Sequence[float],
        target: str | Path,
        *,
        service: str = "",
        since: int | None = None,
        until: int | None = None,
        most: int = 50,
        exclude: str = "",
    ) -> Sequence[Remembered]:
        """Return the groups whose portraits fit a question best, best first; raises what ``export`` raises.

        Parameters
        ----------
        question : sequence of float
            See ``Dossier.portrait``, which it is compared with by the cosine.
        target : str or Path
        service : str
            Only those that accuse it; "" for all.
        since, until : int, optional
            ns; only those that were seen from then on, or before then.
        most : int
            How many, at most.
        exclude : str
            The id of a group that is left out.
        """
        ...


class Points(Protocol):
    """Rows of one space, between which a dissimilarity is defined: all that k-medoids needs to know of them."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def take(self, rows: IntArray) -> Self:
        """Return the points with the given numbers, in their order."""
        ...

    def cross(self, other: Self) -> FloatArray:
        """Return the dissimilarities of these points and others, shape (len(self), len(other)), finite, >= 0."""
        ...


@runtime_checkable
class Clusterer(Protocol):
    """Finds medoids; found by its entry point in the group ``stormcell.clusterers``."""

    def cluster(self, points: Points, k: int, *, weights: DoubleArray | None = None, seed: int = 0) -> Clustering:
        """Return ``k`` different medoids, every point labelled with the nearest, itself nearest to itself.

        Parameters
        ----------
        points : Points
            A solver may ask for a kind of them, such as rows at Euclidean distance.
        k : int
            1 to the number of points.
        weights : DoubleArray, shape (n,), optional
            Positive; 1 each by default. A solver that knows no weights takes equal ones only.
        seed : int
            0 to 2**32 - 1, for what is drawn: the same seed gives the same solution.

        Raises
        ------
        ValueError
            If k is not in 1 to n, or the solver cannot use these points or these weights.
        """
        ...


class Inbox(Protocol):
    """Takes requests in for good."""

    def accept(self, request: Request) -> None:
        """Return once a request is kept as safely as the settings ask; called from many threads.

        Raises
        ------
        RefusedError
            If it cannot be kept now; nothing of it is.
        """
        ...


class Assigner(Protocol):
    """Says at once where an event belongs, by what the last tick knew; may be called from any thread."""

    def assign(self, record: Record) -> Assignment:
        """Return where an event belongs."""
        ...


class Clock(Protocol):
    """The wall clock, so that tests need not wait."""

    def now(self) -> int:
        """Return ns since 1970."""
        ...

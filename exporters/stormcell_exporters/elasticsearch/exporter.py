"""The exporter: what it is told by the settings, and what it does with groups."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from stormcell.errors import DeliveryError, SettingsError
from stormcell.types import Difference, Dossier, Group, Projected, Remembered, Step, Totals
from stormcell_exporters.elasticsearch.capabilities import probe
from stormcell_exporters.elasticsearch.connection import Credentials, connect, credentials, server
from stormcell_exporters.elasticsearch.names import GROUPS, HISTORY, KINDS, MEMBERS, Names
from stormcell_exporters.elasticsearch.roles import READER, SETUP, WRITER

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from stormcell_exporters.elasticsearch.copies import Copies
    from stormcell_exporters.elasticsearch.project import Wanted
    from stormcell_exporters.elasticsearch.surplus import Seen

_DAY: Final = 86_400 * 10**9
_HOUR: Final = 3_600 * 10**9
_ALIASES: Final[Mapping[str, str]] = MappingProxyType({})


def _silent(done: int) -> None:
    pass


class ElasticsearchExporter:
    """Keeps a copy of groups in Elasticsearch.

    Parameters
    ----------
    prefix : str
        With which the names of all its indices begin.
    retention_days : int
        How long what has ended is kept.
    ca_file : str
        Certificates in PEM of who may have signed the server's, besides those whom the system trusts.
    fingerprint : str
        SHA-256 of the server's certificate, or of one that signed it.

    Raises
    ------
    SettingsError
        If one is wrong.
    """

    def __init__(
        self,
        prefix: str = "stormcell",
        retention_days: int = 90,
        ca_file: str = "",
        fingerprint: str = "",
    ) -> None:
        if retention_days < 1:
            raise SettingsError(f"the option retention_days is {retention_days}; expected a day or more")
        self.names = Names(prefix)
        self.retention_days = retention_days
        self._ca_file, self._fingerprint = ca_file, fingerprint
        self._open: dict[str, tuple[Credentials, Elasticsearch]] = {}
        self._pruned: dict[str, int] = {}

    def export(self, groups: Sequence[Group], target: str | Path) -> None:
        """Write the groups' own documents only; ``project`` brings all of them.

        Raises
        ------
        DeliveryError
            If they were not taken, or not all of them.
        SettingsError
            If the target is none.
        """
        from stormcell_exporters.elasticsearch.project import wanted_alone
        from stormcell_exporters.elasticsearch.push import bring

        with self._opening(target, 0.0) as opened:
            counts = bring(map(wanted_alone, groups), opened)
        if counts.refused:
            more = f", and {len(counts.refused) - 1:,} more" if len(counts.refused) > 1 else ""
            raise DeliveryError(f"refused: {counts.refused[0]}{more}", retryable=False)

    def setup(self, target: str | Path, *, dry_run: bool = False) -> Sequence[Step]:
        """Make ready what the copies go into, and return the steps; what is there already stays as it is.

        Raises
        ------
        DeliveryError
            If the server does not do it.
        SettingsError
            If the target is none, or something of such a name is not ours.
        """
        from stormcell_exporters.elasticsearch.setup import setup

        with self.speaking(target, SETUP) as client:
            return setup(client, self.names, probe(client, self.names), self.retention_days, dry_run=dry_run)

    def project(
        self,
        dossiers: Iterable[Dossier],
        target: str | Path,
        *,
        gone: Collection[str] = (),
        whole: bool = False,
        told: Callable[[int], None] = _silent,
    ) -> Projected:
        """Bring copies up to date; of all groups with patience, else in one try."""
        from stormcell_exporters.elasticsearch.bulk import PATIENCE
        from stormcell_exporters.elasticsearch.push import bring
        from stormcell_exporters.elasticsearch.surplus import Seen, surplus, take_out, there

        with self._opening(target, PATIENCE if whole else 0.0) as opened:
            copies, seen = opened(), Seen(self._cutoff())
            # Before the store is read: what comes in between is no surplus.
            candidates = there(copies) if whole else set()
            known = candidates | copies.counts(copies.history).keys() if whole else None
            counts = bring(_made(dossiers, seen), opened, told, known)
            odd = surplus(copies, candidates, seen) if whole else set(gone)
            if odd:
                counts.add(take_out(copies, odd))
            counts.deleted += self._prune(copies, str(target))
        return counts.projected(seen.old)

    def rebuild(
        self, dossiers: Iterable[Dossier], target: str | Path, *, told: Callable[[int], None] = _silent
    ) -> Projected:
        """Make all copies anew, in indices that take the place of the old ones once all of it is there.

        One that was broken off goes on where it was.
        """
        from stormcell_exporters.elasticsearch.bulk import PATIENCE
        from stormcell_exporters.elasticsearch.push import bring
        from stormcell_exporters.elasticsearch.rebuild import fresh, swap
        from stormcell_exporters.elasticsearch.surplus import Seen, take_out, there

        with self._opening(target, PATIENCE, SETUP) as opened:
            client, caller = opened().client, opened().caller
            made = fresh(client, caller, self.names)
        with self._opening(target, PATIENCE, places=made) as opened:
            copies, seen = opened(), Seen(self._cutoff())
            left = there(copies)
            counts = bring(_made(dossiers, seen), opened, told, left | copies.counts(copies.history).keys())
            if odd := left - seen.ids:
                counts.add(take_out(copies, odd))
            copies.refresh(copies.groups, copies.members)
        with self._opening(target, PATIENCE, SETUP) as opened:
            swap(client, opened().caller, self.names, made)
        return counts.projected(seen.old)

    def compare(self, dossiers: Iterable[Dossier], target: str | Path) -> Iterator[Difference]:
        """Yield in what the copies differ from all that there is."""
        from stormcell_exporters.elasticsearch.compare import compare
        from stormcell_exporters.elasticsearch.surplus import Seen

        seen = Seen(self._cutoff())
        with self._opening(target, 0.0) as opened:
            yield from compare(_made(dossiers, seen), seen, opened())

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
        """Find copies of groups by their portraits; see ``Memory``."""
        from stormcell_exporters.elasticsearch.similar import similar

        with self.speaking(target, READER) as client:
            return similar(
                client,
                self.names,
                question,
                service=service,
                since=since,
                until=until,
                most=most,
                exclude=exclude,
            )

    def note(self, totals: Totals, target: str | Path) -> None:
        """Keep how the store stands at a time, where the history is."""
        from stormcell_exporters.elasticsearch.bulk import Action, Outcome, send
        from stormcell_exporters.elasticsearch.documents import totals_document

        made = totals_document(totals)
        with self._opening(target, 0.0) as opened:
            copies = opened()
            action = Action("create", copies.history, made.id, made.source)
            for told in send(copies.client, [action], copies.caller):
                if told.outcome is Outcome.DEAD:
                    raise DeliveryError(f"refused: {told.reason}", retryable=False)

    def close(self) -> None:
        """Close the connections."""
        for _, client in self._open.values():
            client.close()
        self._open.clear()

    @contextmanager
    def speaking(self, target: str | Path, role: str) -> Iterator[Elasticsearch]:
        """Give a client for a target; what it raises within becomes errors of ours.

        Parameters
        ----------
        target : str or Path
        role : str
            That allows what is done, for messages.
        """
        from stormcell_exporters.elasticsearch.failures import telling

        to = server(str(target), self._ca_file, self._fingerprint)
        as_whom = credentials()
        held, client = self._open.get(str(target), (None, None))
        if client is None or held != as_whom:
            # Secrets may be renewed while we run.
            if client is not None:
                client.close()
            client = connect(to, as_whom)
            self._open[str(target)] = (as_whom, client)
        with telling(to.shown, as_whom, role):
            yield client

    @contextmanager
    def _opening(
        self, target: str | Path, patience: float, role: str = WRITER, *, places: Mapping[str, str] = _ALIASES
    ) -> Iterator[Callable[[], Copies]]:
        """Give what opens copies, one for each thread; ``places`` are indices instead of aliases, by kind."""
        from stormcell_exporters.elasticsearch.bulk import Caller
        from stormcell_exporters.elasticsearch.copies import Copies
        from stormcell_exporters.elasticsearch.failures import told

        shown = server(str(target), self._ca_file, self._fingerprint).shown
        names = {kind: places.get(kind, self.names.alias(kind)) for kind in KINDS}
        with self.speaking(target, role) as client:
            as_whom, _ = self._open[str(target)]

            def opened() -> Copies:
                caller = Caller(lambda error: told(error, shown, as_whom, role), patience)
                return Copies(client, caller, names[GROUPS], names[MEMBERS], names[HISTORY])

            yield opened

    def _prune(self, copies: Copies, target: str) -> int:
        """Take out what ended too long ago, once an hour; return how many documents that were."""
        from stormcell_exporters.elasticsearch.surplus import ended, forget_history, take_out

        now = time.monotonic_ns()
        if target in self._pruned and now - self._pruned[target] < _HOUR:
            return 0
        self._pruned[target] = now
        cutoff = self._cutoff()
        old = [hit.id for hit in copies.found(copies.groups, ended(cutoff), False)]
        deleted = take_out(copies, old).deleted if old else 0
        # A data stream forgets by itself.
        if copies.caller.call(lambda: copies.client.indices.exists_alias(name=copies.history)):
            deleted += forget_history(copies, cutoff)
        return deleted

    def _cutoff(self) -> int:
        return max(time.time_ns() - self.retention_days * _DAY, 0)


def _made(dossiers: Iterable[Dossier], seen: Seen) -> Iterator[Wanted]:
    """Yield how copies are to be, of those groups that are to be copied."""
    from stormcell_exporters.elasticsearch.project import wanted

    return (wanted(dossier, seen.cutoff) for dossier in dossiers if seen.add(dossier.group))

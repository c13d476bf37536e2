"""A store, and its copies in a real Elasticsearch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stormcell.store import SqliteStore
from stormcell.store.dossiers import dossier, dossiers
from stormcell.types import AuditEntry, Difference, Draft, Group, Grouping, Membership, Projected
from stormcell_exporters.elasticsearch import ElasticsearchExporter
from tests.services.elastic import Elasticsearch
from tests.unit.render.samples import event, group, row, s

Made = tuple[Group, Membership]


def made(number: int, rows: int = 3, **other: Any) -> Made:
    """Return a group of rows of two events each, and its one atom."""
    name = f"g-{number:06d}"
    found = [
        row(
            event(f"{name}-{at}", f"it broke in {at}", time=s(number + at / 10), service=f"shop-{at % 3}"),
            f"{name}-{at}-again",
        )
        for at in range(rows)
    ]
    return group(found, found[0].event, id=name, title=f"group {number}", **other)


@dataclass
class Copied:
    """A store, and where its copies are.

    Attributes
    ----------
    node : Elasticsearch
    url : str
        Of the node, or of what stands before it.
    exporter : ElasticsearchExporter
    path : Path
        The store.
    """

    node: Elasticsearch
    url: str
    exporter: ElasticsearchExporter
    path: Path

    @property
    def groups(self) -> str:
        """The name by which groups are read."""
        return self.exporter.names.alias("groups")

    @property
    def members(self) -> str:
        """The name by which members are read."""
        return self.exporter.names.alias("members")

    @property
    def history(self) -> str:
        """The name by which the history is read."""
        return self.exporter.names.alias("history")

    def keep(self, *some: Made) -> None:
        """Store groups, each with a draft and an entry in its history; the newest holds."""
        with SqliteStore(self.path, create=True) as store:
            groups = [one for one, _ in some]
            known = store.statuses()
            found = Grouping(sum(one.count for one in groups), 0, tuple(groups), tuple(atom for _, atom in some))
            drafts = [Draft(one.id, "runbook", "error-log", f"# {one.title}", ()) for one in groups]
            audit = [
                AuditEntry(time.time_ns(), "ann", "ack", one.id, (one.id,))
                for one in groups
                if one.id not in known
            ]
            store.save(found, drafts, audit=audit)

    def push(self, *ids: str) -> Projected:
        """Bring the copies of some groups up to date in one try, or of all with patience."""
        with SqliteStore(self.path, create=False) as store:
            if not ids:
                return self.exporter.project(dossiers(store), self.url, whole=True)
            found = [dossier(store, id) for id in ids]
            return self.exporter.project([one for one in found if one is not None], self.url)

    def rebuild(self, told: Callable[[int], None] = lambda done: None) -> Projected:
        """Make all copies anew."""
        with SqliteStore(self.path, create=False) as store:
            return self.exporter.rebuild(dossiers(store), self.url, told=told)

    def differences(self) -> list[Difference]:
        """Return in what the copies differ."""
        with SqliteStore(self.path, create=False) as store:
            return sorted(self.exporter.compare(dossiers(store), self.url), key=lambda one: (one.group, one.what))

    def found(self) -> list[tuple[str, str]]:
        """Return what differs, without how."""
        return [(one.group, one.what) for one in self.differences()]

    def indices(self) -> list[str]:
        """Return the names of all indices of groups and members."""
        return sorted(self.node.call("GET", f"{self.groups}-*,{self.members}-*"))


def changed(one: Made, revision: int, rows: Sequence[int], **other: Any) -> Made:
    """Return a group with a new revision, and with these of its rows only."""
    found, atom = one
    kept = tuple(atom.rows[at] for at in rows)
    again, atom = group(kept, kept[0].event, id=found.id, title=found.title, revision=revision)
    return replace(again, **other), atom

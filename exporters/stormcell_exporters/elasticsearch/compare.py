"""In what copies differ from what they are to be: read whole, whatever their digests say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from stormcell.types import Difference
from stormcell_exporters.elasticsearch.copies import Copies, Hit
from stormcell_exporters.elasticsearch.documents import GROUP_FIELDS
from stormcell_exporters.elasticsearch.fitting import Document
from stormcell_exporters.elasticsearch.project import Wanted
from stormcell_exporters.elasticsearch.push import pages
from stormcell_exporters.elasticsearch.surplus import Seen, surplus, there

_SHOWN = 5


def compare(made: Iterable[Wanted], seen: Seen, copies: Copies) -> Iterator[Difference]:
    """Yield the differences.

    Parameters
    ----------
    made : iterable of Wanted
        All that is to be there.
    seen : Seen
        What the store holds, once all of it is made.
    copies : Copies
    """
    copies.refresh(copies.history)
    found = there(copies)
    for page in pages(made):
        yield from _page(page, copies)
    odd = surplus(copies, found, seen)
    members = copies.counts(copies.members) if odd else {}
    for id in sorted(odd):
        yield Difference(id, "not in the store", "nothing", f"a copy with {members.get(id, 0):,} members")


def _page(page: Sequence[Wanted], copies: Copies) -> Iterator[Difference]:
    ids = [one.id for one in page]
    groups = copies.whole_groups(ids)
    members: dict[str, dict[str, Hit]] = {id: {} for id in ids}
    for hit in copies.of_groups(copies.members, ids, True):
        members[hit.source["incident_group"]["id"]][hit.id] = hit
    history = {hit.id: hit for hit in copies.of_groups(copies.history, ids, True)}
    for one in page:
        yield from _group(one, groups.get(one.id))
        yield from _others(one.id, "members", one.documents.members, members[one.id], exactly=True)
        yield from _others(one.id, "history", one.documents.history, history, exactly=False)


def _group(one: Wanted, found: Mapping[str, Any] | None) -> Iterator[Difference]:
    if found is None:
        yield Difference(one.id, "missing", f"revision {one.revision}", "nothing")
        return
    expected = _readable(json.loads(one.documents.group.source))
    held = _readable(found)
    if expected == held:
        return
    names = sorted(name for name in expected.keys() | held.keys() if expected.get(name) != held.get(name))
    inner = expected.get("incident_group", {}), held.get("incident_group", {})
    if "incident_group" in names and isinstance(inner[1], dict):
        names.remove("incident_group")
        names += sorted(
            f"incident_group.{name}"
            for name in inner[0].keys() | inner[1].keys()
            if inner[0].get(name) != inner[1].get(name)
        )
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    revision = inner[1].get("revision") if isinstance(inner[1], dict) else None
    yield Difference(
        one.id,
        "group",
        f"revision {one.revision}",
        f"revision {revision}, other {', '.join(names[:_SHOWN])}{more}",
    )


def _readable(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a group's document is ours and can be read again: servers keep vectors to themselves."""
    found = {name: value for name, value in source.items() if name in GROUP_FIELDS}
    incident = found.get("incident_group")
    if isinstance(incident, dict):
        found["incident_group"] = {name: value for name, value in incident.items() if name != "embedding"}
    return found


def _others(
    id: str, what: str, expected: Sequence[Document], found: Mapping[str, Hit], *, exactly: bool
) -> Iterator[Difference]:
    ids = {one.id for one in expected}
    missing = len(ids - found.keys())
    odd = len(found.keys() - ids) if exactly else 0
    other = sum(one.id in found and json.loads(one.source) != found[one.id].source for one in expected)
    if missing or odd or other:
        said = [
            f"{count:,} {word}"
            for count, word in ((missing, "missing"), (odd, "too many"), (other, "other"))
            if count
        ]
        yield Difference(id, what, f"{len(ids):,} document{'s' if len(ids) != 1 else ''}", ", ".join(said))

"""Whether a draft still says what the store holds, value by value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from stormcell.config import Settings
from stormcell.errors import NotFoundError
from stormcell.operate.drafting import material
from stormcell.render.acts import entry_fact
from stormcell.render.context import Context, context
from stormcell.render.facts import fact, show
from stormcell.render.known import Key, alike, basis, coded, facts, key, within
from stormcell.render.reading import Note, Reading, Reference, read, shown, shows
from stormcell.store import SqliteStore
from stormcell.types import Event, Fact, Material, Source


class Verdict(StrEnum):
    """What became of a value.

    "changed": derived anew it is another, as the group went on. "altered": what stands before the reference is not
    the value of its source. "missing": there is no such event, field or entry any more, or the group no longer has
    such a fact. "unused" is a footnote that nothing cites, "undefined" one that is cited and not there.
    """

    OK = "ok"
    CHANGED = "changed"
    ALTERED = "altered"
    MISSING = "missing"
    UNUSED = "unused"
    UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a footnote at one place.

    Attributes
    ----------
    footnote, line : int
        Its number; the line where it is cited, from 1, or its own where nothing is to be said of a citation.
    state : Verdict
    told : str
        Why, for people; "" where it is ok.
    """

    footnote: int
    line: int
    state: Verdict
    told: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong: a footnote that nobody cites any more does no harm."""
        return self.state in (Verdict.OK, Verdict.UNUSED)


def check(store: SqliteStore, markdown: str, settings: Settings) -> Sequence[Finding]:
    """Verify all that a draft, edited or not, says with a numbered footnote.

    Returns
    -------
    sequence of Finding
        One for each reference to a footnote, and for each footnote without one; in the order of the lines.

    Raises
    ------
    NotFoundError
        If it cannot be told which group of the store it is of.
    """
    reading = read(markdown)
    return check_reading(store, reading, material(store, _group_of(store, reading), settings), settings)


def check_reading(
    store: SqliteStore, reading: Reading, material: Material, settings: Settings
) -> Sequence[Finding]:
    """Verify a draft of a group of which all is known that it could be made of."""
    known = _Known(store, material, context(material, settings.drafts.links))
    same = reading.basis == basis(material.group)
    notes: dict[int, Note] = {}
    findings = []
    for note in reading.notes:
        if note.number in notes:
            told = f"footnote {note.number} is defined twice; what counts is the first"
            findings.append(Finding(note.number, note.line, Verdict.ALTERED, told))
        notes.setdefault(note.number, note)
    cited: dict[int, list[Reference]] = {}
    for reference in reading.references:
        cited.setdefault(reference.number, []).append(reference)
    for number, references in cited.items():
        if number not in notes:
            told = f"there is no footnote {number}; put it back, or write a source of your own as [^name]"
            findings += [Finding(number, one.line, Verdict.UNDEFINED, told) for one in references]
    for note in notes.values():
        findings += _of(note, cited.get(note.number, ()), known, same=same)
    return sorted(findings, key=lambda one: (one.line, one.footnote))


def _of(note: Note, references: Sequence[Reference], known: _Known, *, same: bool) -> list[Finding]:
    """Return what is found of one footnote; ``same`` if the group is what it was when the draft was made."""
    if note.key is None:
        told = "it names no event and no entry of the audit log; write a source of your own as [^name]"
        return [Finding(note.number, note.line, Verdict.MISSING, told)]
    values, why = known.values(note.key)
    before = () if values else known.changed(note.key)
    if not values and not before:
        return [Finding(note.number, note.line, Verdict.MISSING, why)]
    if not references:
        return [Finding(note.number, note.line, Verdict.UNUSED, "nothing cites it any more")]
    found = []
    for one in references:
        held = next((value for value in values if shows(one, value)), None)
        if held is not None:
            found.append(Finding(note.number, one.line, Verdict.OK))
        elif values and (same or known.fixed(note.key)):
            told = f"{_here(one)}, but {_source(note.key)} holds {_listed(values)}"
            found.append(Finding(note.number, one.line, Verdict.ALTERED, told))
        else:
            told = f"{_here(one)}; derived anew it is {_listed(values or before)}"
            if any(shows(one, value) for value in before):
                told = f"{_here(one)}, which holds; its footnote no longer does: {note.key[3]}"
            found.append(Finding(note.number, one.line, Verdict.CHANGED, told))
    return found


class _Known:
    """What the store knows of the facts that a draft may cite."""

    def __init__(self, store: SqliteStore, material: Material, context: Context) -> None:
        self._store = store
        rows = [row for atom in material.atoms for row in atom.rows]
        self._events: dict[str, Event | None] = {coded(row.event.uid): row.event for row in rows}
        self._entries = {str(entry.number): entry for entry in material.history if entry.number > 0}
        self._facts: dict[Key, dict[str, None]] = {}
        self._alike: dict[Key, dict[str, None]] = {}
        for one in facts(context):
            self._facts.setdefault(key(one), {})[one.value] = None
            self._alike.setdefault(alike(key(one)), {})[one.value] = None

    def values(self, key: Key) -> tuple[Sequence[str], str]:
        """Return what a footnote's value can be; of none, why."""
        if key in self._facts:
            return tuple(self._facts[key]), ""
        own, why = self._own(key)
        return ([own.value], "") if own is not None else ([], why)

    def changed(self, key: Key) -> Sequence[str]:
        """Return the values of facts that are derived alike, from other numbers of members."""
        return tuple(self._alike.get(alike(key), ()))

    def fixed(self, key: Key) -> bool:
        """Whether its value depends on one event or entry only, and so can never become another."""
        return self._own(key)[0] is not None

    def _own(self, wanted: Key) -> tuple[Fact | None, str]:
        source, uid, path, how = wanted
        found: Sequence[Fact] = ()
        if source == Source.AUDIT:
            entry = self._entries.get(uid)
            if entry is None:
                return None, f"there is no entry {uid} in the audit log of the group"
            try:
                found = (entry_fact(entry, path),)
            except KeyError:
                return None, f"entry {uid} of the audit log has no field {path}"
        else:
            event = self._event(uid)
            if event is None:
                return None, f"there is no event {uid} in the store any more, or it stands for no other now"
            named = next((name for name in _paths(event) if coded(name) == path), None)
            if named is None:
                return None, f"event {uid} has no field {path}"
            found = (fact(event, named, whole=True), fact(event, named), *within(show(event)))
        own = next((one for one in found if key(one) == wanted), None)
        return own, f"the group no longer has this: {how}" if how else f"{_source(wanted)} tells no such thing"

    def _event(self, uid: str) -> Event | None:
        if uid not in self._events:
            atom = self._store.membership_of(uid)
            rows = atom.rows if atom is not None else ()
            self._events[uid] = next((row.event for row in rows if row.event.uid == uid), None)
        return self._events[uid]


_PLAIN = ("uid", "signal", "time", "service", "severity", "text", "duration", "status", "trace_id", "parent_id")


def _paths(event: Event) -> list[str]:
    held = (("resource", event.resource), ("attributes", event.attributes))
    return [*_PLAIN, *(f'{holder}["{name}"]' for holder, values in held for name in values)]


def _group_of(store: SqliteStore, reading: Reading) -> str:
    """Return the id of the group that a draft is of: the one it names, else that of an event it cites."""
    if reading.group and store.group(reading.group) is not None:
        return reading.group
    for note in reading.notes:
        if note.key is not None and note.key[0] == Source.EVENT:
            atom = store.membership_of(note.key[1])
            if atom is not None and atom.group is not None:
                return atom.group
    if reading.group:
        raise NotFoundError(
            f"the draft is of group {reading.group}, which is not in the store, nor are its events"
        )
    raise NotFoundError(
        "it names no group, and no footnote an event of a group in the store; is it a draft of this store?"
    )


def _here(reference: Reference) -> str:
    if reference.commands is not None and not shown(reference):
        return "the commands above hold something else"
    return f"it says {shown(reference)!r}" if shown(reference) else "nothing stands before the reference"


def _source(key: Key) -> str:
    return f"{'event' if key[0] == Source.EVENT else 'entry'} {key[1]}, field {key[2]}"


def _listed(values: Sequence[str]) -> str:
    return " or ".join(repr(value) for value in list(values)[:3])

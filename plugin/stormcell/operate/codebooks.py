"""What people do with codebooks: promote, roll back, reject, import, and look whether all are whole.

Each change is one transaction with its note and its entry in the audit log. Asking again for what is so already
changes nothing, so that a request may be repeated by whoever did not hear the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from stormcell.codebook import document
from stormcell.codebook.comparing import succession
from stormcell.errors import CodebookError, ConflictError, InputError, NotFoundError, StoreError
from stormcell.operate.people import Person
from stormcell.store import SqliteStore
from stormcell.types import MADE_LIVE, Codebook, CodebookState, NoteKind, StoredCodebook, Value

MAX_DOCUMENT: Final = 64 * 1024 * 1024
"""Bytes of a document that is imported."""
MAX_WHY: Final = 4096
"""Characters of a reason."""
_BACK: Final = "put the codebook back with `stormcell codebook import FILE`"


@dataclass(frozen=True, slots=True)
class StateSet:
    """A codebook of which it was said what it is.

    Attributes
    ----------
    codebook : StoredCodebook
        As it is now.
    before : str
        The version that was live before; "" for none.
    changed : bool
        False where it was so already.
    """

    codebook: StoredCodebook
    before: str
    changed: bool


class Fault(StrEnum):
    """What may be wrong with the file of a codebook."""

    MISSING = "missing"
    DAMAGED = "damaged"
    SURPLUS = "surplus"


@dataclass(frozen=True, slots=True)
class Finding:
    """A file of a codebook that is not as it should be.

    Attributes
    ----------
    file : Path
    fault : Fault
    state : CodebookState or None
        What the codebook is; None where the store knows none of that name.
    told : str
        What to do.
    """

    file: Path
    fault: Fault
    state: CodebookState | None
    told: str


def reason(why: str) -> dict[str, Value]:
    """Return what is to be told of why something is done: nothing where nobody says.

    Raises
    ------
    InputError
        If it is too long.
    """
    if len(why) > MAX_WHY:
        raise InputError(f"the reason has {len(why):,} characters; expected at most {MAX_WHY:,}")
    return {"why": why} if why else {}


def find(store: SqliteStore, version: str) -> StoredCodebook:
    """Return a codebook by its version, the start of it, or as "live" or "canary".

    Raises
    ------
    NotFoundError, ConflictError
        If there is none, or several start so.
    """
    if version not in (CodebookState.LIVE, CodebookState.CANARY):
        return store.codebook(version)
    found = store.live_codebook() if version == CodebookState.LIVE else store.canary_codebook()
    if found is None:
        more = "; make one so with `stormcell codebook promote VERSION`" if version == CodebookState.LIVE else ""
        raise NotFoundError(f"no codebook is {version}{more}")
    return found


def opened(store: SqliteStore, version: str) -> Codebook:
    """Return a codebook by its whole version, with all that is in it.

    Raises
    ------
    NotFoundError
        If it is not stored.
    CodebookError
        If its file is missing, damaged or another's.
    """
    file = store.codebook_file(version)
    found = document.load(store.codebook_document(version), str(file))
    if found.version != version:
        raise CodebookError(f"{file} holds {found.version}; {_BACK}")
    return found


def add(store: SqliteStore, data: bytes, name: str, person: Person) -> StateSet:
    """Import a document as a candidate, as it was exported; ``name`` is its file, for messages.

    Raises
    ------
    CodebookError
        If it is no codebook, or is damaged.
    ConflictError, OutputError
        If it cannot be stored.
    """
    if len(data) > MAX_DOCUMENT:
        raise CodebookError(f"{name} has {len(data):,} bytes; expected a codebook of at most {MAX_DOCUMENT:,}")
    codebook = document.load(data, name)
    size: dict[str, Value] = {"codewords": len(codebook.codewords)}
    note = person.noted(NoteKind.IMPORTED, codebook.version, {**size, "events": codebook.provenance.events})
    entry = person.did("import", codebook.version, (), size)
    live = _live(store)
    # Written as we write it: it may have come with other blanks.
    changed = store.add_codebook(codebook, document.dump(codebook), [note], audit=[entry], now=person.now)
    return StateSet(store.codebook(codebook.version), live, changed)


def promote(
    store: SqliteStore, version: str, person: Person, *, why: str = "", expected: str | None = None
) -> StateSet:
    """Make a codebook live, by its version or the start of it; the one that was is retired.

    Parameters
    ----------
    store : SqliteStore
    version : str
    person : Person
    why : str
        Is kept with it.
    expected : str, optional
        The version that is live as far as the person knows, "" for none; by default the one that is live now.

    Raises
    ------
    NotFoundError
        If it is not stored.
    CodebookError
        If its file is missing or damaged.
    ConflictError
        If another was promoted meanwhile.
    """
    told = reason(why)
    live = _live(store)
    found = find(store, version)
    if found.version == live:
        return StateSet(found, live, changed=False)
    opened(store, found.version)
    return _succeed(store, found, person, NoteKind.PROMOTED, told, live if expected is None else expected)


def roll_back(
    store: SqliteStore, person: Person, *, to: str = "", why: str = "", expected: str | None = None
) -> StateSet:
    """Make the codebook live that was before; the one that is live now is rejected.

    Parameters
    ----------
    store : SqliteStore
    person : Person
    to : str
        Another that was live once, by its version or the start of it.
    why : str
        Is kept with it.
    expected : str, optional
        The version that is to go; by default the one that is live now.

    Raises
    ------
    NotFoundError
        If it is not stored.
    CodebookError
        If its file is missing or damaged.
    ConflictError
        If none is live, none was before, or another was promoted meanwhile.
    """
    told = reason(why)
    live = _live(store)
    if expected is not None and live != expected:
        raise ConflictError(
            f"{live or 'no codebook'} is live, not {expected or 'none'}; look at `stormcell codebook list`"
        )
    notes = store.notes(*MADE_LIVE)[::-1]
    once = {note.version for note in notes}
    if to:
        found = find(store, to)
        if found.version == live:
            return StateSet(found, live, changed=False)
        if found.version not in once:
            raise ConflictError(f"{found.version} was never live; make it so with `stormcell codebook promote`")
    else:
        found = _former(store, live, succession(notes))
    try:
        opened(store, found.version)
    except CodebookError as error:
        others = sorted(once - {live, found.version})
        more = f"; these were live before, too: {', '.join(others)} (see --to)" if others else ""
        raise CodebookError(f"cannot roll back to {found.version}: {error}{more}") from error
    return _succeed(store, found, person, NoteKind.ROLLED_BACK, told, live)


def reject(store: SqliteStore, version: str, person: Person, *, why: str = "") -> StateSet:
    """Say that a codebook is not to become live, by its version or the start of it.

    Raises
    ------
    NotFoundError
        If it is not stored.
    ConflictError
        If it is live.
    """
    told = reason(why)
    found = find(store, version)
    changed = store.set_codebook_state(
        found.version,
        CodebookState.REJECTED,
        note=person.noted(NoteKind.REJECTED, found.version, {**told, "was": found.state.value}),
        audit=[person.did("reject", found.version, (), told)],
    )
    return StateSet(store.codebook(found.version), _live(store), changed)


def verify(store: SqliteStore) -> list[Finding]:
    """Look at the files of all codebooks, and return those that are not as they should be, by name."""
    stored = {store.codebook_file(one.version): one for one in store.codebooks()}
    found = [finding for file, one in stored.items() if (finding := _fault(store, file, one)) is not None]
    found += [Finding(file, Fault.SURPLUS, None, told) for file, told in _surplus(store) if file not in stored]
    return sorted(found, key=lambda finding: finding.file.name)


def _fault(store: SqliteStore, file: Path, one: StoredCodebook) -> Finding | None:
    if not file.exists():
        return Finding(file, Fault.MISSING, one.state, _BACK)
    try:
        opened(store, one.version)
    except (CodebookError, StoreError) as error:
        return Finding(file, Fault.DAMAGED, one.state, str(error).removeprefix(f"{file} "))
    return None


def _surplus(store: SqliteStore) -> Iterator[tuple[Path, str]]:
    folder = store.codebook_folder
    for file in folder.glob("cb-*.json") if folder.is_dir() else ():
        yield file, "this store knows nothing of it; import it, or delete it unless it is of another store here"
    for file in folder.glob(".cb-*.tmp") if folder.is_dir() else ():
        yield file, "it was being written; delete it unless something is importing or training now"


def _former(store: SqliteStore, live: str, before: list[str]) -> StoredCodebook:
    """Return the codebook that led to the one that is live."""
    if not live:
        raise ConflictError("no codebook is live; make one so with `stormcell codebook promote VERSION`")
    if len(before) < 2 or before[-1] != live:
        raise ConflictError(
            f"no codebook was live before {live}; promote another, or name one that was live once with --to"
        )
    return store.codebook(before[-2])


def _succeed(
    store: SqliteStore,
    found: StoredCodebook,
    person: Person,
    kind: NoteKind,
    reason: Mapping[str, Value],
    expected: str,
) -> StateSet:
    back = kind is NoteKind.ROLLED_BACK
    told = {**reason, "from": expected}
    changed = store.set_codebook_state(
        found.version,
        CodebookState.LIVE,
        note=person.noted(kind, found.version, told),
        audit=[person.did("roll-back" if back else "promote", found.version, (), told)],
        expected=expected,
        replaced=CodebookState.REJECTED if back else CodebookState.RETIRED,
    )
    return StateSet(store.codebook(found.version), expected, changed)


def _live(store: SqliteStore) -> str:
    live = store.live_codebook()
    return "" if live is None else live.version

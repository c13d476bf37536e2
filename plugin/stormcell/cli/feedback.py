"""stormcell groups merge, split, move, pin, feedback and undo: what people say of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options
from stormcell.cli.groups import OneGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stormcell.cli.said import Change
    from stormcell.store import SqliteStore
    from stormcell.types import Feedback, Group, Kind, Mark, Membership, Row

By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so; is kept with it.")]
_Event = Annotated[
    str, typer.Argument(metavar="EVENT", help="An event's uid; for an alert its fingerprint will do.")
]


def merge(
    groups: Annotated[list[str], typer.Argument(metavar="GROUP GROUP...", help="Ids, or their starts.")],
    by: By = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Say that groups are one incident.

    The one with the most events stays. Where what speaks for them comes up together again, it is one group.
    """
    from stormcell.errors import InputError
    from stormcell.types import Kind

    with options.open_store(store) as opened:
        found = [_group(opened, id) for id in groups]
        if len({group.id for group in found}) < max(len(found), 2):
            raise InputError("merging takes two groups or more, each named once")
        _say(opened, Kind.MERGE, [_group_mark(opened, group, every=True) for group in found], by, as_json)


def split(
    group: OneGroup,
    events: Annotated[list[str], typer.Argument(metavar="EVENT...", help="Events of the group, by uid.")],
    by: By = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Say that events, with all that say the same, are not of a group but a group of their own.

    The first of them speaks for it until the next grouping. Where they come up again, they are kept apart again.
    """
    from stormcell.errors import InputError
    from stormcell.types import Kind

    with options.open_store(store) as opened:
        found = _group(opened, group)
        marks = [_group_mark(opened, found)]
        for event in events:
            atom, _ = _event(opened, event)
            if atom.group != found.id:
                raise InputError(
                    f"event {event} is not in {found.id} but in {atom.group}; name events of one group"
                )
            marks.append(_leaver(atom, found, event, opened))
        _say(opened, Kind.SPLIT, marks, by, as_json)


def move(
    event: _Event,
    group: OneGroup,
    by: By = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Say that an event, with all that say the same in its group, is of another group."""
    from stormcell.errors import InputError
    from stormcell.types import Kind

    with options.open_store(store) as opened:
        atom, _ = _event(opened, event)
        old, new = _group(opened, atom.group or ""), _group(opened, group)
        if old.id == new.id:
            raise InputError(f"event {event} is in {new.id} already")
        marks = [_group_mark(opened, old), _leaver(atom, old, event, opened), _group_mark(opened, new)]
        _say(opened, Kind.MOVE, marks, by, as_json)


def pin(event: _Event, by: By = "", store: options.Store = None, as_json: options.Json = False) -> None:
    """Say that an event, or else one of its fingerprint, is the exemplar of whatever group holds it."""
    from stormcell.cli.said import mark_of
    from stormcell.types import Kind

    with options.open_store(store) as opened:
        _, (row, uid) = _event(opened, event)
        _say(opened, Kind.PIN, [mark_of(row, (uid,))], by, as_json)


def list_feedback(store: options.Store = None, as_json: options.Json = False) -> None:
    """List what was said of groups, oldest first; with --json a line each, as `evaluate --feedback` reads it."""
    from stormcell.cli.output import counted, print_bytes, say
    from stormcell.cli.said import spelled

    with options.open_store(store) as opened:
        found = opened.feedback()
    if as_json:
        from stormcell.evaluation.replay import dump_feedback

        print_bytes(b"".join(map(dump_feedback, found)))
        return
    for one in found:
        typer.echo(spelled(one))
    say(counted(len(found), "feedback").replace("feedbacks", "feedback"))


def undo(
    feedback: Annotated[str, typer.Argument(metavar="FEEDBACK", help="Its id, or the start of it.")],
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Take back what was said; it stays in the list, marked."""
    from stormcell.cli.output import print_json, say
    from stormcell.cli.said import apply
    from stormcell.errors import StoreError

    with options.open_store(store) as opened:
        ids = [one.id for one in opened.feedback() if one.id.startswith(feedback) and feedback]
        if len(ids) > 1 and feedback not in ids:
            raise StoreError(f"{len(ids)} feedback ids start with {feedback}: {', '.join(ids[:10])}; write more")
        id = feedback if feedback in ids or not ids else ids[0]
        later = opened.undo_feedback(id)
        for one in later or ():
            try:
                apply(opened, one)
            except StoreError as error:
                say(f"{one.id}, said later, does not apply without it: {error}")
    if as_json:
        print_json({"feedback": id, "undone": True, "restored": later is not None})
    elif later is None:
        say(f"{id} is undone. The groups were grouped anew since it was said: group again to be without it.")
    else:
        say(f"{id} is undone: the groups are as without it.")


def _say(opened: SqliteStore, kind: Kind, marks: Sequence[Mark], by: str, as_json: bool) -> None:
    import time

    from stormcell.cli.output import print_json, say
    from stormcell.cli.said import apply, new_id
    from stormcell.render import group_json
    from stormcell.types import Feedback

    id = new_id(kind, marks, len(opened.feedback()))
    said = Feedback(id, kind, tuple(marks), by, time.time_ns())
    change = apply(opened, said)
    for other in change.contradicted:
        say(f"This contradicts {other}, which was said before and no longer holds.")
    if as_json:
        print_json(
            {"feedback": id, "groups": [group_json(group) for group in change.groups], "gone": list(change.gone)}
        )
        return
    _print(said, change)


def _print(said: Feedback, change: Change) -> None:
    from stormcell.cli.output import console, counted, say
    from stormcell.cli.said import spelled
    from stormcell.escape import terminal

    lines = [spelled(said)]
    for group in change.groups:
        lines.append(terminal(f"  {group.id}  {counted(group.count, 'event')}  {group.title}"))
    lines += [f"  {id}  is no more" for id in change.gone]
    console().print("\n".join(lines), soft_wrap=True)
    say(f"Undo it with: {options.program()} groups undo {said.id}")


def _group(opened: SqliteStore, id: str) -> Group:
    from stormcell.errors import StoreError

    found = opened.group(id)
    if found is None:
        raise StoreError(f"no group {id!r} in the store; `stormcell groups list` shows them all")
    return found


def _event(opened: SqliteStore, event: str) -> tuple[Membership, tuple[Row, str]]:
    from stormcell.cli.explain import find
    from stormcell.errors import StoreError

    atom = opened.membership_of(event)
    if atom is None:
        raise StoreError(f"no event {event!r} in the store; was its file among those that were grouped?")
    if atom.group is None:
        raise StoreError(
            f"event {event} is background and in no group; what is said of groups leaves the gate alone"
        )
    return atom, find(atom, event)


def _leaver(atom: Membership, group: Group, event: str, opened: SqliteStore) -> Mark:
    """Return the mark of an event that is not of its group."""
    from stormcell.cli.explain import find
    from stormcell.cli.said import voice_mark
    from stormcell.errors import StoreError

    if any(group.medoid.uid in row.members for row in atom.rows):
        raise StoreError(
            f"event {event} is one atom with the exemplar of {group.id} (`stormcell explain {event}` says why); "
            "split off the others instead, or pin another exemplar first"
        )
    return voice_mark(atom, (find(atom, event)[1],))


def _group_mark(opened: SqliteStore, group: Group, *, every: bool = False) -> Mark:
    """Return the mark of a group: its exemplar, and an event of every other atom where that matters."""
    from stormcell.cli.said import voice_mark

    atoms = opened.memberships(group.id)
    own = next(atom for atom in atoms if any(group.medoid.uid in row.members for row in atom.rows))
    rest = (atom.rows[0].event.uid for atom in atoms if atom is not own) if every else ()
    return voice_mark(own, (group.medoid.uid, *rest))

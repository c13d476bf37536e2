"""stormcell groups merge, split, move, pin, feedback and undo: what people say of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from pathlib import Path

    from stormcell.operate.people import Said

_Event = Annotated[
    str, typer.Argument(metavar="EVENT", help="An event's uid; for an alert its fingerprint will do.")
]


def merge(
    groups: Annotated[list[str], typer.Argument(metavar="GROUP GROUP...", help="Ids, or their starts.")],
    by: options.By = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Say that groups are one incident.

    The one with the most events stays. Where what speaks for them comes up together again, it is one group.
    """
    from stormcell.cli.person import person
    from stormcell.operate import feedback

    with options.open_store(store) as opened:
        _print(feedback.merge(opened, groups, person(by), options.settings(None)), store, as_json)


def split(
    group: options.OneGroup,
    events: Annotated[list[str], typer.Argument(metavar="EVENT...", help="Events of the group, by uid.")],
    by: options.By = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Say that events, with all that say the same, are not of a group but a group of their own.

    The first of them speaks for it until the next grouping. Where they come up again, they are kept apart again.
    """
    from stormcell.cli.person import person
    from stormcell.operate import feedback

    with options.open_store(store) as opened:
        _print(feedback.split(opened, group, events, person(by), options.settings(None)), store, as_json)


def move(
    event: _Event,
    group: options.OneGroup,
    by: options.By = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Say that an event, with all that say the same in its group, is of another group."""
    from stormcell.cli.person import person
    from stormcell.errors import InputError
    from stormcell.operate import feedback

    with options.open_store(store) as opened:
        said = feedback.move(opened, event, group, person(by), options.settings(None))
    if not said.changed:
        raise InputError(f"event {event} is in {said.groups[0].id} already")
    _print(said, store, as_json)


def pin(event: _Event, by: options.By = "", store: options.Store = None, as_json: options.Json = False) -> None:
    """Say that an event, or else one of its fingerprint, is the exemplar of whatever group holds it."""
    from stormcell.cli.person import person
    from stormcell.operate import feedback

    with options.open_store(store) as opened:
        _print(feedback.pin(opened, event, person(by), options.settings(None)), store, as_json)


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
    by: options.By = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Take back what was said; it stays in the list, marked."""
    from stormcell.cli.output import print_json, say
    from stormcell.cli.person import person
    from stormcell.errors import ConflictError
    from stormcell.operate import feedback as operate

    with options.open_store(store) as opened:
        done = operate.undo(opened, feedback, person(by), options.settings(None))
    if not done.changed:
        raise ConflictError(f"feedback {done.feedback} is undone already")
    for id, why in done.lost:
        say(f"{id}, said later, does not apply without it: {why}")
    if as_json:
        print_json({"feedback": done.feedback, "undone": True, "restored": done.restored})
    elif not done.restored:
        say(
            f"{done.feedback} is undone. The groups were grouped anew since it was said: "
            "group again to be without it."
        )
    else:
        say(f"{done.feedback} is undone: the groups are as without it.")


def _print(said: Said, store: Path | None, as_json: bool) -> None:
    from stormcell.cli.output import console, counted, print_json, say
    from stormcell.cli.said import spelled
    from stormcell.escape import terminal
    from stormcell.render import group_json

    feedback = said.feedback
    id = feedback.id if feedback is not None else None
    for other in said.contradicted:
        say(f"This contradicts {other}, which was said before and no longer holds.")
    if not said.changed:
        say(f"Nothing has changed: {id} said so before.")
    if as_json:
        print_json(
            {"feedback": id, "groups": [group_json(group) for group in said.groups], "gone": list(said.gone)}
        )
        return
    lines = [] if feedback is None else [spelled(feedback)]
    for group in said.groups:
        lines.append(terminal(f"  {group.id}  {counted(group.count, 'event')}  {group.title}"))
    lines += [f"  {gone}  is no more" for gone in said.gone]
    console().print("\n".join(lines), soft_wrap=True)
    say(f"Undo it with: {options.program()} groups undo {id}{options.at(store)}")

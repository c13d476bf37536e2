"""stormcell drafts: drafts in the hands of people, and what became of them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stormcell.types import Review

app = typer.Typer(no_args_is_help=True, help="Review drafts, approve and publish them.")

OneDraft = Annotated[
    str,
    typer.Argument(metavar="DRAFT", help="Its id, or the start of it; or GROUP/KIND, such as g-0061af/runbook."),
]


class State(StrEnum):
    """Where a draft is on its way to being published."""

    DRAFT = "draft"
    IN_REVIEW = "in review"
    APPROVED = "approved"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


@app.command(
    "list",
    epilog=options.examples(
        "stormcell drafts list --store out",
        "stormcell drafts list --state 'in review' --json | jq -r '.[].id'",
    ),
)
def list_(
    group: Annotated[str, typer.Option("--group", metavar="GROUP", help="Only those of this group.")] = "",
    state: Annotated[State | None, typer.Option("--state", help="Only those in this state.")] = None,
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """List drafts in review, those that were changed last first.

    One that does not fit its group any more is marked as stale, with the reason. Of a group that is no more name
    the whole id.
    """
    from stormcell.cli.output import counted, print_json, say
    from stormcell.operate import reviews
    from stormcell.operate.reviews_json import brief_json
    from stormcell.types import ReviewState

    settings = options.settings(config)
    with options.open_store(store) as opened, opened.looking():
        found = opened.group(group) if group else None
        id = found.id if found else group or None
        listed = opened.reviews(id, ReviewState(state) if state else None)
        stale = [reviews.stale(opened, one, settings) for one in listed]
    if as_json:
        print_json([brief_json(one, why) for one, why in zip(listed, stale, strict=True)])
        return
    if listed:
        _print(listed, stale)
    begin = f"{options.program()} drafts start GROUP{options.at(store)}"
    say(f"{counted(len(listed), 'draft')}; begin one with: {begin}")


@app.command(
    "show",
    epilog=options.examples(
        "stormcell drafts show d-5a0c --store out", "stormcell drafts show g-0061af/runbook --revision 1"
    ),
)
def show(
    draft: OneDraft,
    revision: Annotated[
        int | None, typer.Option("--revision", metavar="N", help="This text of it (default: the latest).")
    ] = None,
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Print the text of a draft as Markdown, and on standard error how it stands and what was said of it."""
    from stormcell.cli.drafts_told import say_review
    from stormcell.cli.output import print_json, print_text
    from stormcell.operate import reviews
    from stormcell.operate.reviewing import review_of
    from stormcell.operate.reviews_json import review_json
    from stormcell.review.revisions import revision_of

    settings = options.settings(config)
    with options.open_store(store) as opened, opened.looking():
        review = review_of(opened, draft)
        stale = reviews.stale(opened, review, settings)
    if as_json:
        print_json(review_json(review, stale, revision))
        return
    shown = review.latest if revision is None else revision_of(review, revision)
    print_text(shown.markdown)
    say_review(review, shown, stale)


@app.command(
    "diff",
    epilog=options.examples("stormcell drafts diff d-5a0c --store out", "stormcell drafts diff d-5a0c 1 3"),
)
def diff(
    draft: OneDraft,
    old: Annotated[int | None, typer.Argument(metavar="[OLD]", help="A revision (default: that before).")] = None,
    new: Annotated[int | None, typer.Argument(metavar="[NEW]", help="A revision (default: the latest).")] = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Show how two revisions of a draft differ, the last two by default."""
    from stormcell.cli.output import print_json, print_text, say
    from stormcell.operate import reviews
    from stormcell.operate.reviewing import review_of

    with options.open_store(store) as opened:
        review = review_of(opened, draft)
    after = review.latest.number if new is None else new
    before = max(after - 1, 1) if old is None else old
    changes = reviews.changes(review, before, after)
    if as_json:
        print_json({"id": review.id, "old": before, "new": after, "diff": changes})
    elif changes:
        print_text(changes)
    else:
        say(f"Revisions {before} and {after} of {review.id} are the same.")


@app.command("history", epilog=options.examples("stormcell drafts history d-5a0c --store out"))
def history(draft: OneDraft, store: options.Store = None, as_json: options.Json = False) -> None:
    """Show who did what to a draft, oldest first, as far back as the audit log goes."""
    from stormcell.cli.history import line
    from stormcell.cli.output import counted, print_json, say
    from stormcell.operate.history import entry_json
    from stormcell.operate.reviewing import log_of, review_of

    with options.open_store(store) as opened, opened.looking():
        review = review_of(opened, draft)
        entries = log_of(opened, review)
    if as_json:
        print_json({"id": review.id, "entries": [entry_json(entry) for entry in entries]})
        return
    for entry in entries:
        typer.echo(line(entry))
    say(counted(len(entries), "change"))


def _print(listed: Sequence[Review], stale: Sequence[str]) -> None:
    from rich.text import Text

    from stormcell.cli.output import WIDE, console, table
    from stormcell.escape import terminal
    from stormcell.times import readable

    printer = console()
    piped = not printer.is_terminal
    # On a narrow terminal what show tells as well gives way to the rest.
    wide = ("changed", "reviewer") if printer.width >= WIDE else ()
    named = ("draft", "group", "kind", "state", "rev", *wide, "title")
    result = table(piped=piped)
    for column in named:
        result.add_column(
            column,
            justify="right" if column == "rev" else "left",
            overflow="fold",
            min_width=14 if column in ("draft", "group") else None,
        )
    for review, why in zip(listed, stale, strict=True):
        cells = {
            "draft": review.id,
            "group": review.group,
            "kind": review.kind,
            "state": f"{review.state.value}, stale" if why else review.state.value,
            "rev": f"{review.latest.number}",
            "changed": readable(review.changed),
            "reviewer": review.reviewer or "-",
            "title": review.title,
        }
        result.add_row(*(Text(terminal(cells[column])) for column in named))
    printer.print(result)
    for review, why in zip(listed, stale, strict=True):
        if why:
            printer.print(terminal(f"{review.id} is stale: {why}"), soft_wrap=True)

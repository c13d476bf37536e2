"""stormcell drafts start, edit, redraft, submit, comment, send-back, approve and publish."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from stormcell.cli import options
from stormcell.cli.drafts import OneDraft
from stormcell.cli.drafts import app as app  # with these commands besides its own

if TYPE_CHECKING:
    from pathlib import Path

    from stormcell.operate.people import Person
    from stormcell.store import SqliteStore
    from stormcell.types import Review

Seen = Annotated[
    int | None,
    typer.Option(
        "--seen",
        metavar="VERSION",
        help="The version that you saw: where the draft is of another, nothing is done (default: as it is now).",
    ),
]
_Text = Annotated[str, typer.Argument(metavar="TEXT", help="What is said of it.")]
_Template = Annotated[
    str, typer.Option("--template", metavar="NAME", help="This template (default: the first that fits).")
]


@app.command(
    "start",
    epilog=options.examples(
        "stormcell drafts start g-0061af --store out --by ann",
        "stormcell drafts start g-0061af --kind postmortem --template sre",
    ),
)
def start(
    group: options.OneGroup,
    kind: Annotated[
        options.DraftKind, typer.Option("--kind", help="What it is to be.")
    ] = options.DraftKind.RUNBOOK,
    template: _Template = "",
    by: options.By = "",
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Begin the review of a draft of a group, made now; one that has begun already is left as it is."""
    from stormcell.cli.output import say
    from stormcell.cli.person import person
    from stormcell.operate import reviews

    settings = options.settings(config)
    who = person(by)
    with options.open_store(store) as opened:
        review = reviews.begin(opened, group, kind.value, who, settings, template)
    _tell(review, as_json)
    new = review.version == 1 and review.revisions[0].time == who.now
    if not new:
        say(f"The {review.kind} of {review.group} was begun before, and is left as it is.")
    say(f"Edit it with: {options.program()} drafts edit {review.id}{options.at(store)}")


@app.command(
    "edit",
    epilog=options.examples(
        "stormcell drafts edit d-5a0c --store out --by ann",
        "stormcell drafts edit d-5a0c --file runbook.md --note 'Steps of the drill'",
        "stormcell drafts show d-5a0c | sed s/cart/basket/ | stormcell drafts edit d-5a0c --file -",
    ),
)
def edit(
    draft: OneDraft,
    file: Annotated[
        str | None,
        typer.Option("--file", metavar="FILE", help="The new text, - for standard input (default: $EDITOR)."),
    ] = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What you changed, and why.")] = "",
    seen: Seen = None,
    by: options.By = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Give a draft another text, in $EDITOR or from a file.

    What was approved is a draft again; the edit of a published one begins another review.
    """
    from contextlib import nullcontext

    from stormcell.cli.drafts_writing import in_editor, read
    from stormcell.cli.output import say
    from stormcell.cli.person import person
    from stormcell.operate import reviews
    from stormcell.operate.reviewing import review_of

    with options.open_store(store) as opened:
        before = review_of(opened, draft)
    version = before.version if seen is None else seen
    # Nobody is kept waiting while somebody writes.
    with (
        in_editor(before) if file is None else nullcontext(read(file)) as text,
        options.open_store(store) as opened,
    ):
        review = reviews.edit(opened, before.id, text, person(by), seen=version, note=note)
    if (review.id, review.version) == (before.id, before.version):
        say("Nothing has changed: this is its text already.")
    elif review.id != before.id:
        say(f"{before.id} is published; your text is in {review.id}, which is to follow it.")
    _tell(review, as_json)


@app.command(
    "redraft",
    epilog=options.examples(
        "stormcell drafts redraft d-5a0c --store out", "stormcell drafts redraft d-5a0c --template errors"
    ),
)
def redraft(
    draft: OneDraft,
    template: _Template = "",
    seen: Seen = None,
    by: options.By = "",
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Make a draft anew of its group as it is now; its texts so far stay revisions."""
    from stormcell.operate import reviews

    change = partial(reviews.redraft, settings=options.settings(config), template=template)
    _change(draft, store, by, seen, as_json, change)


@app.command(
    "submit",
    epilog=options.examples("stormcell drafts submit d-5a0c --store out --by ann --reviewer bob"),
)
def submit(
    draft: OneDraft,
    reviewer: Annotated[
        str, typer.Option("--reviewer", metavar="NAME", help="Who is to review it (default: whoever comes).")
    ] = "",
    seen: Seen = None,
    by: options.By = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Ask for the review of a draft."""
    from stormcell.operate import reviews

    _change(draft, store, by, seen, as_json, partial(reviews.submit, reviewer=reviewer))


@app.command(
    "comment", epilog=options.examples("stormcell drafts comment d-5a0c 'Which pool?' --store out --by bob")
)
def comment(
    draft: OneDraft,
    text: _Text,
    by: options.By = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Say something of a draft."""
    from stormcell.operate import reviews

    _change(draft, store, by, None, as_json, lambda opened, id, who, seen: reviews.comment(opened, id, who, text))


@app.command(
    "send-back",
    epilog=options.examples("stormcell drafts send-back d-5a0c 'The second step is of the old cluster.' --by bob"),
)
def send_back(
    draft: OneDraft,
    text: _Text,
    seen: Seen = None,
    by: options.By = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Send what is in review or approved back to whoever writes it, and say why."""
    from stormcell.operate import reviews

    _change(draft, store, by, seen, as_json, partial(reviews.send_back, text=text))


@app.command(
    "withdraw",
    epilog=options.examples("stormcell drafts withdraw d-5a0c 'Begun for the wrong group.' --store out --by ann"),
)
def withdraw(
    draft: OneDraft,
    text: _Text,
    seen: Seen = None,
    by: options.By = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Give up what is not published, for good, and say why; its group may then have another."""
    from stormcell.operate import reviews

    _change(draft, store, by, seen, as_json, partial(reviews.withdraw, text=text))


@app.command("approve", epilog=options.examples("stormcell drafts approve d-5a0c --store out --by bob"))
def approve(
    draft: OneDraft,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="What you say of it.")] = "",
    seen: Seen = None,
    by: options.By = "",
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Approve a draft in review: its text holds of its group as that is now.

    With drafts.four_eyes it takes another person than wrote its last revision.
    """
    from stormcell.cli.output import say
    from stormcell.operate import reviews
    from stormcell.operate.reviewing import review_of

    settings = options.settings(config)
    stale: list[str] = []

    def change(opened: SqliteStore, id: str, person: Person, seen: int) -> Review:
        stale.append(reviews.stale(opened, review_of(opened, id), settings))
        return reviews.approve(opened, id, person, settings, seen=seen, text=text)

    _change(draft, store, by, seen, as_json, change)
    for why in filter(None, stale):
        say(f"It was stale: {why}. Your approval says that it holds; send it back if it does not.")


@app.command(
    "publish",
    epilog=options.examples(
        "stormcell drafts publish d-5a0c --store out --by bob", "stormcell drafts publish d-5a0c --to wiki --json"
    ),
)
def publish(
    draft: OneDraft,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="NAME", help="Only this place of drafts.publish; repeat it for several."),
    ] = None,
    unmasked: Annotated[
        bool, typer.Option("--unmasked", help="Leave what looks secret or personal in the text.")
    ] = False,
    stale: Annotated[bool, typer.Option("--stale", help="Even if it does not fit its group any more.")] = False,
    seen: Seen = None,
    by: options.By = "",
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Put an approved draft where drafts.publish says; exit 1 if a place did not take it.

    It is published once all of them took it: publish it again where one did not.
    """
    from stormcell.cli.drafts_told import published
    from stormcell.cli.output import say
    from stormcell.cli.person import person
    from stormcell.operate import reviews
    from stormcell.operate.reviewing import review_of

    settings = options.settings(config)
    with options.open_store(store) as opened:
        before = review_of(opened, draft)
        review = reviews.publish(
            opened,
            before.id,
            person(by),
            settings,
            seen=before.version if seen is None else seen,
            destinations=tuple(to or ()),
            unmasked=unmasked,
            stale=stale,
        )
    told = review.publications[len(before.publications) :]
    for one in told:
        say(published(one))
    _tell(review, as_json)
    if any(one.problem for one in told):
        raise typer.Exit(1)


class _Change(Protocol):
    def __call__(self, store: SqliteStore, id: str, person: Person, /, *, seen: int) -> Review: ...


def _change(draft: str, store: Path | None, by: str, seen: int | None, as_json: bool, change: _Change) -> None:
    """Change a draft that is of the version that was seen, and tell what became of it."""
    from stormcell.cli.person import person
    from stormcell.operate.reviewing import review_of

    with options.open_store(store) as opened:
        before = review_of(opened, draft)
        review = change(opened, before.id, person(by), seen=before.version if seen is None else seen)
    _tell(review, as_json)


def _tell(review: Review, as_json: bool) -> None:
    from stormcell.cli.output import print_json, say
    from stormcell.operate.reviews_json import changed_json
    from stormcell.review.states import spelled

    if as_json:
        print_json(changed_json(review))
        return
    reviewer = f", reviewer {review.reviewer}" if review.reviewer else ""
    numbers = f"revision {review.latest.number}, version {review.version}"
    say(f"{review.id} is {spelled(review.state)}{reviewer}; {numbers}")

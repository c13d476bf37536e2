"""stormcell templates: which drafts are made of what, and whether your own templates work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stormcell.config import Settings
    from stormcell.render.front_matter import Template
    from stormcell.render.templates import Library
    from stormcell.render.trying import Attempt
    from stormcell.types import Group

app = typer.Typer(no_args_is_help=True, help="See, try and begin the templates of drafts.")


OfKind = Annotated[options.DraftKind, typer.Option("--kind", help="The kind of draft.")]


@app.command(
    "list",
    epilog=options.examples("stormcell templates list", "stormcell templates list --kind postmortem --json"),
)
def list_templates(
    kind: Annotated[
        options.DraftKind | None, typer.Option("--kind", help="Only templates of this kind of draft.")
    ] = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """List the templates in the order in which they are tried: yours (drafts.templates), and those shipped."""
    from stormcell.cli.output import print_json
    from stormcell.render.templates import load

    folders = options.settings(config).drafts.templates
    libraries = {one.value: load(folders, one.value) for one in ([kind] if kind else options.DraftKind)}
    if as_json:
        print_json([_json(one, name, library) for name, library in libraries.items() for one in library.templates])
        return
    _print_list(libraries)


@app.command(
    "test",
    epilog=options.examples(
        "stormcell templates test",
        "stormcell templates test g-0061af --store out",
        "stormcell templates test --alert KubePodCrashLooping --service checkout",
        "stormcell templates test --log 'no space left on device' --json",
    ),
)
def try_out(
    group: Annotated[
        str | None, typer.Argument(metavar="[GROUP]", help="A group of the store: its id, or the start of it.")
    ] = None,
    alert: Annotated[str | None, typer.Option("--alert", metavar="NAME", help="An alert of this name.")] = None,
    log: Annotated[str | None, typer.Option("--log", metavar="TEXT", help="An error log of this text.")] = None,
    span: Annotated[
        str | None, typer.Option("--span", metavar="OPERATION", help="A failed span of this operation.")
    ] = None,
    service: Annotated[str, typer.Option("--service", metavar="NAME", help="The service of that event.")] = "",
    kind: OfKind = options.DraftKind.RUNBOOK,
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Check your templates; with a group or an event, tell which one it gets, and why.

    Every file of yours is read and every template drafted with groups made by hand, so that what is wrong is found
    before an incident needs it. Exit 1 if anything is.
    """
    from stormcell.cli.output import print_json, say
    from stormcell.render.trying import problems

    settings = options.settings(config)
    asked = _asked(group, alert, log, span, service, store)
    wrong = (*_slow(settings), *problems(settings.drafts))
    tried = _tried(settings, kind, asked) if asked is not None and not wrong else ()
    if as_json:
        print_json({"problems": list(wrong), "kind": kind, "tried": [_attempt(one) for one in tried]})
    else:
        for problem in wrong:
            say(problem)
        if tried:
            _print_tried(tried)
        if not wrong and asked is None:
            say(_sound(settings))
    if wrong:
        raise typer.Exit(1)


@app.command(
    "new",
    epilog=options.examples(
        "stormcell templates new checkout --kind runbook --out templates",
        "stormcell templates new orders-db --from database --out templates",
        "stormcell templates new ours --kind postmortem --from sre --out templates",
    ),
)
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called: letters, digits, - and _.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="A folder of drafts.templates; made if needed.")
    ],
    kind: OfKind = options.DraftKind.RUNBOOK,
    shape: Annotated[
        str, typer.Option("--from", metavar="TEMPLATE", help="The shipped template to begin with.")
    ] = "default",
    as_json: options.Json = False,
) -> None:
    """Write a template that works, to be filled by you. An existing file is never overwritten."""
    from stormcell.cli.output import print_json, say
    from stormcell.errors import TemplateError
    from stormcell.files import write_atomic
    from stormcell.render.front_matter import SUFFIX
    from stormcell.render.starting import starter

    text = starter(name, kind.value, shape)
    path = (out if kind is options.DraftKind.RUNBOOK else out / kind.value) / f"{name}{SUFFIX}"
    if path.exists():
        raise TemplateError(f"{path} is there already, and is left as it is; name another template or folder")
    write_atomic(path, text.encode())
    if as_json:
        print_json({"file": str(path), "kind": kind, "from": shape})
        return
    say(f"Wrote {path}. Fill its blocks, name {out} in drafts.templates, then run `stormcell templates test`.")


def _asked(
    group: str | None, alert: str | None, log: str | None, span: str | None, service: str, store: Path | None
) -> Group | None:
    """Return the group that is asked about; None where only the files are."""
    from stormcell.errors import InputError

    given = [one for one in (group, alert, log, span) if one is not None]
    if len(given) > 1:
        raise InputError("name one of GROUP, --alert, --log and --span")
    if service and (group is not None or not given):
        raise InputError("--service is the service of the event of --alert, --log or --span; name one of these")
    if group is not None:
        from stormcell.operate.find import group_of

        with options.open_store(store) as opened:
            return group_of(opened, group)
    from stormcell.render.sample import alert_event, log_event, material_of, span_event
    from stormcell.text.masking import mask

    if alert is not None:
        return material_of(alert_event(alert, service), template=mask(alert)).group
    if log is not None:
        return material_of(log_event(log, service), template=mask(log)).group
    if span is not None:
        return material_of(span_event(span, service), template=mask(span)).group
    return None


def _tried(settings: Settings, kind: options.DraftKind, group: Group) -> Sequence[Attempt]:
    from stormcell.render.templates import load
    from stormcell.render.trying import attempts

    return attempts(load(settings.drafts.templates, kind.value), group)


def _slow(settings: Settings) -> Sequence[str]:
    """Return which regular expressions of people may not come back from a long text."""
    from stormcell.cli.masks import try_patterns
    from stormcell.errors import SettingsError, TemplateError
    from stormcell.render.front_matter import MAX_SEARCHED, parse
    from stormcell.render.templates import own_files

    found = []
    for kind in options.DraftKind:
        for name, path, text in own_files(settings.drafts.templates, kind.value):
            try:
                template, _ = parse(name, path, text)
                patterns = [one.pattern for entry in template.match for one in entry.template] if template else []
                try_patterns(path, patterns, MAX_SEARCHED)
            except SettingsError as error:
                found.append(str(error))
            except TemplateError:
                continue  # is told with the rest that is wrong with the file
    return tuple(dict.fromkeys(found))


def _sound(settings: Settings) -> str:
    from stormcell.cli.output import counted
    from stormcell.render.templates import own_files

    folders = settings.drafts.templates
    own = sum(1 for kind in options.DraftKind for _ in own_files(folders, kind.value))
    where = f"{counted(own, 'file')} in {counted(len(folders), 'folder')} of yours" if folders else "none of yours"
    return f"All templates work: those shipped, and {where}."


def _json(template: Template, kind: str, library: Library) -> dict[str, Any]:
    return {
        "name": template.name,
        "kind": kind,
        "title": template.title,
        "priority": template.priority,
        "owner": template.owner,
        "matches": [condition.told() for condition in template.match],
        "file": template.path,
        "shipped": library.shipped(template),
        "hides": list(library.hidden.get(template.file, ())),
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    template = attempt.template
    return {
        "name": template.name,
        "priority": template.priority,
        "file": template.path,
        "fits": bool(attempt.why),
        "why": attempt.why,
    }


def _print_list(libraries: dict[str, Library]) -> None:
    from stormcell.cli.output import WIDE, console, table
    from stormcell.escape import terminal

    printer = console()
    wide = not printer.is_terminal or printer.width >= WIDE
    shown = table(piped=not printer.is_terminal)
    for name in ("Template", "Kind", "Title", "Priority", "Whose", *(("Owner", "Fits") if wide else ())):
        shown.add_column(name, justify="right" if name == "Priority" else "left", no_wrap=name != "Fits")
    hides = []
    for kind, library in libraries.items():
        for one in library.templates:
            chosen_by = "; ".join(condition.told() for condition in one.match) or (
                "whatever is left" if one.name == "default" else "only when named"
            )
            cells = [one.name, kind, one.title, str(one.priority), "shipped" if library.shipped(one) else "yours"]
            shown.add_row(*map(terminal, [*cells, *((one.owner or "-", chosen_by) if wide else ())]))
            hides += [f"{one.path} hides {path}" for path in library.hidden.get(one.file, ())]
    printer.print(shown)
    for line in hides:
        printer.print(terminal(line), soft_wrap=True)


def _print_tried(tried: Sequence[Attempt]) -> None:
    from stormcell.cli.output import console, say, table
    from stormcell.escape import terminal

    printer = console()
    shown = table(piped=not printer.is_terminal)
    for name in ("Tried", "Priority", "Fits"):
        shown.add_column(name, justify="right" if name == "Priority" else "left")
    for one in tried:
        shown.add_row(terminal(one.template.name), str(one.template.priority), terminal(one.why or "-"))
    printer.print(shown)
    chosen = tried[-1]
    say(f"{chosen.template.name}: {chosen.template.title} ({chosen.why}), {chosen.template.path}")

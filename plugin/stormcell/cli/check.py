"""stormcell config check --against: what rules, silences, maintenance and routes do to the events of files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from stormcell.cli.output import console, counted, print_json, say, say_problems, table
from stormcell.config import RulesSettings, Settings
from stormcell.decode import Report
from stormcell.errors import InputError
from stormcell.escape import terminal
from stormcell.evaluation.rules import Findings, Matched, Regrouped, compare, standing
from stormcell.features.knowledge import Knowledge
from stormcell.features.traits import labels_of
from stormcell.types import Grouping, RuleOutcome, State

if TYPE_CHECKING:
    from rich.table import Table

_SHOWN = 10


def check_against(paths: Sequence[str], settings: Settings, *, as_json: bool) -> bool:
    """Print what the settings do to the events of files; return whether all rules can be kept.

    Raises
    ------
    InputError
        If the files cannot be read twice, or hold nothing.
    """
    if "-" in paths:
        raise InputError("the events are read twice, with rules and without: name files, not standard input")
    found, report = _grouped(paths, settings)
    without, _ = _grouped(paths, settings.model_copy(update={"rules": RulesSettings()}))
    rules = settings.rules.same
    same = {event.uid: labels_of(event, rules, settings) for event in standing(without)} if rules else {}
    findings = compare(found, without, same, settings)
    if as_json:
        print_json(_as_json(findings))
    else:
        _print(findings)
    say_problems(report)
    return all(rule.state is not State.IMPOSSIBLE for rule in findings.rules)


def _grouped(paths: Sequence[str], settings: Settings) -> tuple[Grouping, Report]:
    from stormcell.cli.group import read_and_group

    return read_and_group(paths, settings, Knowledge(settings), strict=False)


def _as_json(findings: Findings) -> dict[str, Any]:
    found = asdict(findings)
    for one in found["regrouped"]:
        one["parts"] = [dict(zip(("group", "example", "events"), part, strict=True)) for part in one["parts"]]
    return found


def _print(findings: Findings) -> None:
    printer = console()
    piped = not printer.is_terminal
    if findings.rules:
        printer.print(_rules_table(findings.rules, piped=piped))
    if findings.matched:
        printer.print(_matched_table(findings.matched, piped=piped))
    for one in findings.regrouped:
        printer.print(_told(one), soft_wrap=True)
    for rule in findings.rules:
        if rule.state is State.IMPOSSIBLE:
            printer.print(terminal(f"Rule {rule.rule} cannot be kept: {rule.why}"), soft_wrap=True)
    nothing = [f"rule {one.rule}" for one in findings.rules if one.state is State.ABSENT]
    nothing += [f"{one.kind} {one.name}" for one in findings.matched if not one.groups]
    if nothing:
        printer.print(terminal(f"Matches nothing: {', '.join(nothing)}"), soft_wrap=True)
    say(
        f"{counted(findings.events, 'event')}: {counted(findings.groups, 'group')} with these rules, "
        f"{findings.without} without."
    )


def _rules_table(rules: Sequence[RuleOutcome], *, piped: bool) -> Table:
    result = table(piped=piped)
    for name in ("rule", "kind", "is"):
        result.add_column(name, no_wrap=True)
    for name in ("events", "groups", "moved", "values"):
        result.add_column(name, justify="right", no_wrap=True)
    result.add_column("example", overflow="fold")
    for one in rules:
        result.add_row(
            terminal(one.rule),
            one.kind,
            one.state.value,
            f"{one.events:,}",
            str(one.groups),
            f"{one.moved:,}" if one.kind != "same" else "",
            str(one.values) if one.values else "",
            terminal(one.example),
        )
    return result


def _matched_table(matched: Sequence[Matched], *, piped: bool) -> Table:
    result = table(piped=piped)
    for name in ("name", "kind"):
        result.add_column(name, no_wrap=True)
    for name in ("events", "groups", "in its time"):
        result.add_column(name, justify="right", no_wrap=True)
    result.add_column("example", no_wrap=True)
    for one in matched:
        time = "" if one.kind == "route" else str(one.now)
        result.add_row(terminal(one.name), one.kind, f"{one.events:,}", str(one.groups), time, one.example)
    return result


def _told(one: Regrouped) -> str:
    parts = [f"{id} ({counted(events, 'event')}, such as {example})" for id, example, events in one.parts[:_SHOWN]]
    if len(one.parts) > _SHOWN:
        parts.append(f"{len(one.parts) - _SHOWN} more")
    by = f" by {', '.join(one.rules)}" if one.rules else ""
    whole = f"{one.group} (spoken for by {one.example})"
    done = f"Merged{by} into {whole}: " if one.merged else f"Split{by}: {whole} into "
    return terminal(done + ", ".join(parts))

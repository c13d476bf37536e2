"""How codebooks are told on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from stormcell.cli.output import WIDE, console, counted, table
from stormcell.codebook.comparing import Differences
from stormcell.codebook.drift import KINDS, brief
from stormcell.escape import terminal
from stormcell.operate.codebooks import Finding
from stormcell.text.shorten import shorten
from stormcell.times import readable, spoken
from stormcell.types import Codebook, CodebookField, Codeword, ModelNote, Provenance, StoredCodebook

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN = 20
_TEXT = 160
_SHIFT = 0.05
"""A codeword whose share of the events changed by so much is told of, though it is the same."""


def print_list(found: Sequence[StoredCodebook]) -> None:
    """Print codebooks, one a line."""
    printer = console()
    wide = ("stored", "parent") if printer.width >= WIDE else ()
    named = ("codebook", "state", *wide[:1], "codewords", "events", "loss", "new", *wide[1:])
    result = table(piped=not printer.is_terminal)
    for column in named:
        numeric = column in ("codewords", "events", "loss", "new")
        result.add_column(column, justify="right" if numeric else "left", no_wrap=True)
    for one in found:
        told = one.provenance
        cells = {
            "codebook": Text(one.version, style="cyan"),
            "state": Text(one.state.value, style="bold green" if one.state == "live" else ""),
            "stored": Text(readable(one.made)),
            "codewords": Text(f"{one.codewords:,}"),
            "events": Text(f"{told.events:,}"),
            "loss": Text(_metric(told, "loss", ".3f")),
            "new": Text(_metric(told, "new", ".1%")),
            "parent": Text(terminal(told.parent) or "-"),
        }
        result.add_row(*(cells[column] for column in named))
    printer.print(result)


def print_codebook(codebook: Codebook, stored: StoredCodebook | None, *, every: bool) -> None:
    """Print where a codebook comes from, its fields, and its codewords, those that stand for most first."""
    printer = console()
    told = codebook.provenance
    state = "" if stored is None else f"  {stored.state.value}, stored {readable(stored.made)}"
    lasted = spoken(max(told.last_seen - told.first_seen, 0))
    lines = [
        f"{codebook.version}{state}",
        f"  trained on   {counted(told.events, 'event')} in {counted(told.rows, 'row')}, {told.sampled:,} sampled",
        f"  seen         from {readable(told.first_seen)} for {lasted}",
        f"  made by      Stormcell {told.software}, seed {told.seed}, "
        + (f"parent {told.parent}" if told.parent else "no parent"),
        *([f"  sites        {', '.join(told.sites)}"] if told.sites else []),
        "  fit          "
        + (", ".join(f"{name} {value:.3f}" for name, value in told.metrics.items()) or "not known"),
        f"  texts        {codebook.text.embedder} {codebook.text.model}".rstrip()
        + f", {codebook.text.dimensions} dimensions",
        "  fields       " + ", ".join(map(_field, codebook.fields)),
        "",
    ]
    printer.print("\n".join(map(terminal, lines)), soft_wrap=True)
    whole = codebook.weight
    words = sorted(codebook.codewords, key=lambda word: (-word.weight, word.id))
    shown = words if every else words[:_SHOWN]
    _print(
        printer,
        ("codeword", "events", "radius", "signal", "service", "exemplar"),
        (
            (
                *(word.id, f"{word.weight / whole:.1%}", f"{word.radius:.3f}", word.medoid.signal.value),
                *_spoken_for(word),
            )
            for word in shown
        ),
    )
    if len(words) > len(shown):
        printer.print(f"... and {counted(len(words) - len(shown), 'codeword')} more; --all lists them all")


def print_differences(before: Codebook, after: Codebook, found: Differences, *, every: bool) -> None:
    """Print what differs between two codebooks."""
    printer = console()
    same = len(found.pairs) - len(found.moved)
    lines = [
        f"{before.version} -> {after.version}: {found.stability:.0%} of the exemplars say the same",
        f"  {same:,} kept, {len(found.moved):,} moved, {len(found.new):,} new ({found.new_share:.1%} of events),"
        f" {len(found.gone):,} gone ({found.gone_share:.1%} of events)",
        *(f"  field {_change(old, new)}" for old, new in found.fields),
        *(f"  texts: {name} {old or 'none'} -> {new or 'none'}" for name, old, new in found.text),
    ]
    printer.print("\n".join(map(terminal, lines)), soft_wrap=True)
    rows = list(_changes(before, after, found))
    if not rows:
        return
    shown = rows if every else rows[:_SHOWN]
    printer.print()
    _print(printer, ("what", "codeword", "before", "after", "service", "exemplar"), shown)
    if len(rows) > len(shown):
        printer.print(f"... and {len(rows) - len(shown):,} more; --all lists them all")


def print_findings(found: Sequence[Finding]) -> None:
    """Print files that are not as they should be."""
    printer = console()
    named = ("file", "fault", "codebook is", "what to do")
    cells = ((one.file.name, one.fault.value, one.state or "-", one.told) for one in found)
    _print(printer, named, cells)


def note_line(note: ModelNote) -> str:
    """Return what happened to the model in one line that is harmless on a terminal."""
    if note.kind in KINDS:
        told = brief(note)
    else:
        detail = ((name, value) for name, value in note.detail.items() if not isinstance(value, dict))
        told = ", ".join(f"{name} {_value(value)}" for name, value in detail if value not in ("", None))
    about = f" {note.version}" if note.version else ""
    return terminal(f"{readable(note.time)}  {note.kind.value}{about}{f': {told}' if told else ''}")


def _changes(before: Codebook, after: Codebook, found: Differences) -> Iterable[tuple[str, ...]]:
    whole_before, whole_after = before.weight, after.weight
    for word in found.new:
        yield "new", word.id, "-", f"{word.weight / whole_after:.1%}", *_spoken_for(word)
    for word in found.gone:
        yield "gone", word.id, f"{word.weight / whole_before:.1%}", "-", *_spoken_for(word)
    for pair in found.moved:
        service, text = _spoken_for(pair.after)
        told = f"{text} (was: {_spoken_for(pair.before)[1]})"
        yield "moved", pair.after.id, f"{pair.share_before:.1%}", f"{pair.share_after:.1%}", service, told
    for pair in sorted(found.pairs, key=lambda pair: -abs(pair.share_after - pair.share_before)):
        if not pair.moved and abs(pair.share_after - pair.share_before) >= _SHIFT:
            what = "more" if pair.share_after > pair.share_before else "less"
            shares = (f"{pair.share_before:.1%}", f"{pair.share_after:.1%}")
            yield what, pair.after.id, *shares, *_spoken_for(pair.after)


def _print(printer: Console, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    result = table(piped=not printer.is_terminal)
    for column in columns:
        numeric = column in ("events", "radius", "before", "after")
        # What is copied from here stays whole.
        whole = numeric or column in ("what", "codeword", "signal", "fault", "file", "codebook is")
        result.add_column(column, justify="right" if numeric else "left", no_wrap=whole, overflow="fold")
    for row in rows:
        cells = zip(columns, row, strict=True)
        result.add_row(
            *(Text(terminal(cell), style="cyan" if column == "codeword" else "") for column, cell in cells)
        )
    printer.print(result)


def _spoken_for(word: Codeword) -> tuple[str, str]:
    return word.medoid.service or "-", shorten(word.medoid.text, _TEXT) or "(no text)"


def _field(field: CodebookField) -> str:
    return f"{field.name} {field.weight:g} ({field.kind}{f', range {field.span:.3g}' if field.span else ''})"


def _change(old: CodebookField | None, new: CodebookField | None) -> str:
    if old is None or new is None:
        return f"{_field(old)} is gone" if old else f"{_field(new)} is new" if new else ""
    return f"{_field(old)} -> {_field(new)}"


def _metric(told: Provenance, name: str, form: str) -> str:
    return format(told.metrics[name], form) if name in told.metrics else "-"


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)

"""stormcell explain: why an event is where it is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.operate.explain import Explanation
    from stormcell.types import Membership, Row

_SHOWN_LINKS = 8
_COUNTED = {
    "trace": "trace",
    "id": "request id",
    "resource": "resource",
    "burst": "burst",
    "alert": "alert",
    "alike": "templates and blamed service",
}


def explain(
    event: Annotated[
        str, typer.Argument(metavar="EVENT", help="An event's uid; for an alert its fingerprint will do.")
    ],
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Explain why an event is in its group.

    Prints its links, the exact share of every field in its dissimilarity, the runner-up and the margin.
    """
    from stormcell.cli.output import console, print_json
    from stormcell.operate.explain import explained, explanation_json

    with options.open_store(store) as opened:
        found = explained(opened, event)
    if as_json:
        print_json(explanation_json(found))
        return
    words = _words(found)
    if found.said:
        from stormcell.cli.said import spelled

        words += ["  Put there by feedback of a person:", *(f"    {spelled(one)}" for one in found.said)]
    console().print("\n".join(words), soft_wrap=True)


def _words(found: Explanation) -> list[str]:
    from stormcell.cli.output import counted
    from stormcell.escape import terminal
    from stormcell.operate.explain import template_json
    from stormcell.times import readable

    row, atom, group, uid = found.row, found.atom, found.group, found.uid
    event = row.event
    count = sum(len(other.members) for other in atom.rows)
    lines = [
        terminal(
            f"{event.signal} {event.uid} of {event.service or 'an unknown service'} at {readable(event.time)}"
        ),
        terminal(f"  {event.text[:200]}"),
    ]
    template = template_json(row, group)
    if template is not None:
        lines += _template_words(template)
    if len(row.members) > 1:
        among = f", {uid} among them" if uid != event.uid else ""
        lines.append(terminal(f"  It stands for {len(row.members)} equal events of one moment{among}."))
    lines.append("")
    if count > len(row.members):
        others = count - len(row.members)
        sure = "It is" if any(link.reason == "alike" for link in atom.links) else "It certainly is"
        lines.append(f"{sure} one with {counted(others, 'other event')} (an atom):")
        lines += _link_words(row, atom)
        lines.append("")
    if group is None:
        lines.append(_background(atom))
        return lines
    lines.append(terminal(f"In group {group.id}: {group.title}"))
    lines.append(terminal(f"  spoken for by {group.medoid.signal} {group.medoid.uid} of {group.medoid.service}"))
    lines.append(f"  let through by the gate with a surprise of {atom.surprise:.2f}")
    if any(group.medoid.uid in other.members for other in atom.rows):
        lines.append("  This atom holds the exemplar itself: dissimilarity 0.")
    elif not atom.shares:
        lines.append("  How far it is from the exemplar's atom is not known until the next grouping.")
        return lines
    else:
        lines.append(f"  Dissimilarity to the exemplar's atom {atom.dissimilarity:.4f}, the sum of:")
        lines += _share_words(atom)
    if atom.runner_up is None or atom.margin is None:
        lines.append("  No runner-up: it is the only group of its session.")
    else:
        title = found.runner_up.title if found.runner_up else "(grouped anew since)"
        lines.append(terminal(f"  Runner-up {atom.runner_up}: {title}"))
        lines.append(f"  at {atom.runner_up_dissimilarity:.4f}: margin {atom.margin:.4f}")
        if atom.margin < 0 and not atom.rules:
            lines.append(
                "  nearer, but not there at the time: a group ends where it pauses (grouping.lull_seconds)."
            )
    if atom.rules:
        lines.append(terminal(f"  Put there by rule {' and '.join(atom.rules)} of the house (rules)."))
    return lines


def _background(atom: Membership) -> str:
    if atom.stray:
        return (
            f"Background: a stray. Its surprise of {atom.surprise:.2f} passed the gate, but it is unlike any "
            "group and nothing else happened around it (grouping.stray)."
        )
    return f"Background: its surprise is {atom.surprise:.2f}, too little for the gate (grouping.gate)."


def _template_words(template: dict[str, Any]) -> list[str]:
    from stormcell.cli.output import counted
    from stormcell.escape import terminal

    lines = [terminal(f"  Template, of {counted(template['events'], 'event')} of the group: {template['text']}")]
    for slot in template["slots"]:
        shared = "the same in all" if slot["constant"] else "varies"
        name = slot["name"] or slot["kind"]
        lines.append(terminal(f"    {name} = {slot['value'][:100]} ({shared})"))
    return lines


def _link_words(row: Row, atom: Membership) -> list[str]:
    """Say what links the event itself, then what else holds the atom together, by reason."""
    from stormcell.escape import terminal
    from stormcell.operate.explain import REASONS

    uid = row.event.uid
    direct = [link for link in atom.links if uid in (link.a, link.b)]
    lines = [
        terminal(f"  {REASONS[link.reason]} {link.key}, with {link.a if link.b == uid else link.b}")
        for link in direct[:_SHOWN_LINKS]
    ]
    if len(direct) > _SHOWN_LINKS:
        lines.append(f"  ... and {len(direct) - _SHOWN_LINKS} more links of it (--json lists them all)")
    counts = Counter(link.reason for link in atom.links if uid not in (link.a, link.b))
    if counts:
        others = ", ".join(f"{count} by {_COUNTED[reason]}" for reason, count in counts.most_common())
        lines.append(f"  the others among themselves: {others}")
    return lines


def _share_words(atom: Membership) -> list[str]:
    lines = []
    for share in sorted(atom.shares, key=lambda share: -share.share):
        if share.weight == 0:
            lines.append(f"    {share.name:<8}  -       missing on one side, left out")
        else:
            lines.append(
                f"    {share.name:<8}  {share.share:.4f}  "
                f"differs by {share.dissimilarity:.4f}, weight {share.weight:g}"
            )
    return lines

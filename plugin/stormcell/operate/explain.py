"""Why an event is where it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from stormcell.operate.find import event_of
from stormcell.store import SqliteStore
from stormcell.text.slots import slots
from stormcell.types import Feedback, Group, Membership, Row

REASONS: Final = {
    "trace": "same trace",
    "id": "same request id",
    "resource": "same resource",
    "burst": "one burst of logs of",
    "alert": "same alert",
    "alike": "same templates and blamed service within one clock minute, in",
}
"""What links events, in words that the key of the link follows."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An event and its place.

    Attributes
    ----------
    uid : str
    row : Row
        The one that holds it.
    atom : Membership
    group, runner_up : Group or None
        Its group, and the one whose exemplar is the second nearest, if they are there.
    said : tuple of Feedback
        What put it there.
    """

    uid: str
    row: Row
    atom: Membership
    group: Group | None
    runner_up: Group | None
    said: tuple[Feedback, ...]


def explained(store: SqliteStore, event: str) -> Explanation:
    """Return why an event is where it is; for an alert its fingerprint will do.

    Raises
    ------
    NotFoundError, ConflictError
        If there is no such event, or there are several.
    """
    atom, row, uid = event_of(store, event)
    group = store.group(atom.group) if atom.group is not None else None
    runner_up = store.group(atom.runner_up) if atom.runner_up is not None else None
    said = tuple(one for one in store.feedback() if one.id in atom.feedback) if atom.feedback else ()
    return Explanation(uid, row, atom, group, runner_up, said)


def explanation_json(found: Explanation) -> dict[str, Any]:
    """Return an explanation as JSON types."""
    atom = found.atom
    return {
        "event": found.uid,
        "group": atom.group,
        "surprise": atom.surprise,
        "stray": atom.stray,
        "members": sorted(member for row in atom.rows for member in row.members),
        "links": [asdict(link) for link in atom.links],
        "dissimilarity": atom.dissimilarity,
        "shares": [asdict(share) for share in atom.shares],
        "runner_up": atom.runner_up,
        "runner_up_dissimilarity": atom.runner_up_dissimilarity,
        "margin": atom.margin,
        "feedback": list(atom.feedback),
        "rules": list(atom.rules),
        "template": template_json(found.row, found.group),
    }


def template_json(row: Row, group: Group | None) -> dict[str, Any] | None:
    """Return the template of a row among those of its group, with the row's own values."""
    event = row.event
    for template in group.templates if group else ():
        if (template.signal, template.service) != (event.signal, event.service):
            continue
        found = slots(template.text, event.text)
        if len(found) == len(template.parameters) and (found or template.uid == event.uid):
            values = [
                {"name": slot.name, "kind": slot.kind, "value": slot.value, "constant": parameter.constant}
                for slot, parameter in zip(found, template.parameters, strict=True)
            ]
            return {"text": template.text, "events": template.count, "slots": values}
    return None

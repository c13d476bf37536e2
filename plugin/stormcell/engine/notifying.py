"""Which revisions go out, and when: what each exporter was told of each group, and what it is to be told now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field
from typing import Any, Final

from stormcell.config import NotificationsSettings
from stormcell.notify import Sent, Why, decide
from stormcell.types import Group

NOTIFIED: Final = "notified"
"""The name under which it is stored among what was learned."""

_FORMAT: Final = "stormcell.notified/1"


@dataclass(frozen=True, slots=True)
class Told:
    """What exporters know.

    Attributes
    ----------
    known : mapping of str to int
        When each group became known, wall clock, ns, by its id.
    sent : mapping of (str, str) to Sent
        What was put out last, by exporter and group.
    due : int or None
        When something is to be looked at again if nothing happens, wall clock, ns.
    """

    known: Mapping[str, int] = field(default_factory=dict)
    sent: Mapping[tuple[str, str], Sent] = field(default_factory=dict)
    due: int | None = None


def notify(
    told: Told,
    living: Iterable[Group],
    settings: NotificationsSettings,
    now: int,
    ended: Iterable[Group] = (),
) -> tuple[list[tuple[str, Group]], Told]:
    """Decide what goes out now.

    Parameters
    ----------
    told : Told
        What exporters know.
    living : iterable of Group
    settings : NotificationsSettings
    now : int
        Wall clock, ns.
    ended : iterable of Group
        Those that do not live any more: this is the last that is told of them, and nothing waits.

    Returns
    -------
    outbox : list of (str, Group)
        Exporters, by name, and what each is to have.
    told : Told
        What exporters know once they have it.
    """
    outbox: list[tuple[str, Group]] = []
    known: dict[str, int] = {}
    sent: dict[tuple[str, str], Sent] = {}
    due: list[int] = []
    for group in living:
        known[group.id] = told.known.get(group.id, now)
        for exporter in settings.exporters:
            key = exporter.name, group.id
            before = told.sent.get(key)
            decision = decide(group, exporter, settings, known=known[group.id], sent=before, now=now)
            if decision.send:
                outbox.append((exporter.name, group))
                before = Sent(group.revision, group.status, now)
                due.append(now)
            elif decision.next_due is not None:
                due.append(decision.next_due)
            if before is not None:
                sent[key] = before
    for group in ended:
        for exporter in settings.exporters:
            before = told.sent.get((exporter.name, group.id))
            decision = decide(group, exporter, settings, known=now, sent=before, now=now)
            if before is not None and (decision.send or decision.why is Why.WAITING):
                outbox.append((exporter.name, group))
    return outbox, Told(known, sent, min(due, default=None))


def dump(told: Told) -> dict[str, Any]:
    """Return it as a JSON value."""
    return {
        "format": _FORMAT,
        "known": dict(told.known),
        "sent": [[*key, *astuple(sent)] for key, sent in told.sent.items()],
    }


def load(document: Mapping[str, Any] | None) -> Told:
    """Return what ``dump`` was given; nothing is known where there is none.

    Raises
    ------
    ValueError
        If it is not what was dumped.
    """
    if document is None:
        return Told()
    try:
        if document["format"] != _FORMAT:
            raise ValueError(f"expected the format {_FORMAT}, found {document['format']!r}")
        sent = {
            (str(exporter), str(group)): Sent(int(revision), str(status), int(time))
            for exporter, group, revision, status, time in document["sent"]
        }
        known = {str(id): int(time) for id, time in document["known"].items()}
    except (KeyError, TypeError) as error:
        raise ValueError(f"not what was told to exporters: {error!r}") from error
    # Looked at as soon as there is a clock.
    return Told(known, sent, 0)

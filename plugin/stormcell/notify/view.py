"""What conditions of routes, silences and maintenance see of a group."""

from __future__ import annotations

from stormcell.config import NotificationsSettings
from stormcell.config.conditions import View, event_view
from stormcell.types import Event, Group, Signal, Value


def severity_word(group: Group, settings: NotificationsSettings) -> str:
    """Return the word for the most severe event of a group; "" where ``notifications.severity`` has none."""
    look = event_view(group.most_severe)
    return next((one.word for one in settings.severity if one.when.holds(look)), "")


def group_view(group: Group, settings: NotificationsSettings) -> View:
    """Return what conditions see of a group.

    ``service`` is the exemplar's and the most blamed one; ``text``, resource and attributes are the exemplar's;
    labels and annotations are the exemplar's too if it is an alert, else those of the alert that speaks beside it.
    """
    alert = _alert(group)
    of_exemplar = event_view(group.medoid)
    of_alert = event_view(alert) if alert is not None else None

    def look(holder: str, name: str) -> Value:
        if holder in ("labels", "annotations"):
            return of_alert(holder, name) if of_alert is not None else None
        if holder or name == "text":
            return of_exemplar(holder, name)
        return _plain(group, settings, name)

    return look


def _plain(group: Group, settings: NotificationsSettings, name: str) -> Value:
    match name:
        case "severity":
            return severity_word(group, settings)
        case "status":
            return group.status
        case "service":
            return list(dict.fromkeys((group.medoid.service, *(part.name for part in group.services[:1]))))
        case "signals":
            return list(group.signals)
        case _:
            return group.title


def _alert(group: Group) -> Event | None:
    events = (group.medoid, *group.exemplars)
    return next((event for event in events if event.signal is Signal.ALERT), None)

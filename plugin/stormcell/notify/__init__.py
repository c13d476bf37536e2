"""Whether a group is sent to an exporter now: routes, silences, maintenance and timers; pure."""

from stormcell.notify.decide import Decision, Sent, Why, decide
from stormcell.notify.mutes import Mute, active, muted
from stormcell.notify.view import group_view, severity_word

__all__ = ["Decision", "Mute", "Sent", "Why", "active", "decide", "group_view", "muted", "severity_word"]

"""Which service an alert is about, by its labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from stormcell.config import ServicesSettings
from stormcell.semconv import LABELS
from stormcell.types import Event


class Resolver:
    """Resolves the labels of alerts to services.

    Parameters
    ----------
    settings : ServicesSettings
    heard : collection of str
        The services that speak for themselves, in logs or spans.
    """

    def __init__(self, settings: ServicesSettings, heard: Collection[str]) -> None:
        self._rules = [(rule.label, re.compile(rule.pattern), rule.service) for rule in settings.rules]
        self._heard = frozenset(heard)

    def service(self, alert: Event) -> str:
        """Return the first service that a rule makes of a label and that was heard of.

        Where none was: the alert's own, or else the first that a rule makes; "" if there is none.
        """
        named = list(self._named(alert))
        heard = (name for name in named if name in self._heard)
        return next(heard, "") or alert.service or next(iter(named), "")

    def _named(self, alert: Event) -> Iterator[str]:
        for label, pattern, service in self._rules:
            value = alert.attributes.get(LABELS + label)
            found = pattern.fullmatch(value) if isinstance(value, str) else None
            if found is not None:
                yield found.expand(service)

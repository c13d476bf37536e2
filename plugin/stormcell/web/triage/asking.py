"""Which groups are asked for: from the query of the page to what the store is asked, and back."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from stormcell import semconv
from stormcell.store.listing import By, Order, Position, Wanted
from stormcell.web.call import PageCall

LIVING: Final = "living"
STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    LIVING: ("open", "acknowledged"),
    "open": ("open",),
    "acknowledged": ("acknowledged",),
    "resolved": ("resolved",),
    "all": (),
}
SEVERITIES: Final[Mapping[str, int]] = {
    name: semconv.SEVERITIES[name] for name in ("fatal", "error", "warn", "info")
}
SIGNALS: Final = ("alert", "log", "span")
SPANS: Final[Mapping[str, int]] = {"15m": 900, "1h": 3600, "6h": 21_600, "24h": 86_400, "7d": 604_800}
SORTS: Final[Mapping[str, By]] = {
    "last": By.LAST_SEEN,
    "first": By.FIRST_SEEN,
    "severity": By.SEVERITY,
    "count": By.COUNT,
}
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is asked for; what is left at its default does not restrict.

    Attributes
    ----------
    status : str
        One of ``STATUSES``.
    service, signal, severity, text : str
        See ``Wanted``; the severity by its name.
    since : str
        One of ``SPANS``: only groups that lived so recently.
    sort : str
        One of ``SORTS``, the largest first; with ``-`` before it the smallest.
    after : str
        Where the page before ended.
    """

    status: str = LIVING
    service: str = ""
    signal: str = ""
    severity: str = ""
    text: str = ""
    since: str = ""
    sort: str = "last"
    after: str = ""

    def wanted(self, now: int) -> Wanted:
        """Return which groups the store is asked for."""
        return Wanted(
            statuses=STATUSES[self.status],
            service=self.service,
            signal=self.signal,
            severity=SEVERITIES.get(self.severity, 0),
            since=now - SPANS[self.since] * 1_000_000_000 if self.since else None,
            text=self.text,
        )

    @property
    def order(self) -> Order:
        """In which order."""
        return Order(SORTS[self.sort.removeprefix("-")], descending=not self.sort.startswith("-"))

    @property
    def position(self) -> Position | None:
        """After which place; a text that is none of ours stands for the beginning."""
        try:
            found = json.loads(base64.urlsafe_b64decode(self.after + "=" * (-len(self.after) % 4)))
        except (ValueError, binascii.Error, RecursionError):
            return None
        match found:
            case [int(place), str(id)] if abs(place) < 2**63:
                return place, id
            case _:
                return None

    @property
    def restricts(self) -> bool:
        """Whether more than the status is asked for."""
        return self != Asked(status=self.status, sort=self.sort, after=self.after)

    def bare(self) -> dict[str, str]:
        """Return the query of all groups of the status."""
        return Asked(status=self.status).query()

    def query(self, **changes: str) -> dict[str, str]:
        """Return the query of the page with some of it changed, without defaults; of its first page by default."""
        changed = replace(self, **{"after": "", **changes})
        return {
            name: getattr(changed, name)
            for name in self.__dataclass_fields__
            if getattr(changed, name) != getattr(_DEFAULT, name)
        }


_DEFAULT: Final = Asked()


def asked(call: PageCall) -> Asked:
    """Return what a request asks for; what cannot be meant is left out: an address may be of another version."""
    sort = call.asked("sort")
    return Asked(
        status=_one(call.asked("status"), STATUSES, LIVING),
        service=call.asked("service").strip()[:_LONGEST],
        signal=_one(call.asked("signal"), dict.fromkeys(SIGNALS)),
        severity=_one(call.asked("severity"), SEVERITIES),
        text=call.asked("text").strip()[:_LONGEST],
        since=_one(call.asked("since"), SPANS),
        sort=sort if sort.removeprefix("-") in SORTS else "last",
        after=call.asked("after")[:_LONGEST],
    )


def after(position: Position) -> str:
    """Return a place as a query holds it."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def _one(value: str, known: Mapping[str, object], default: str = "") -> str:
    return value if value in known else default

"""Alert documents as Kibana keeps them, and an Elasticsearch that stands in for the real one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from stormcell.errors import DeliveryError
from stormcell.sidecar.kibana.search import Hit
from stormcell.times import rfc3339
from stormcell.types import Request
from tests.unit.decode.build import NOW

MS = 10**6
NOON = NOW // MS
"""ms since 1970."""

Document = dict[str, Any]


def document(
    uuid: str, at: int, start: int | None = None, end: int | None = None, more: Document | None = None
) -> Document:
    """Return an alert that fires, or ended; all times are seconds after noon."""
    made = {
        "@timestamp": told(at),
        "kibana.alert.uuid": uuid,
        "kibana.alert.start": told(at if start is None else start),
        "kibana.alert.status": "active" if end is None else "recovered",
        "kibana.alert.rule.name": "Latency",
        "service.name": "shop",
        **(more or {}),
    }
    return made if end is None else {**made, "kibana.alert.end": told(end)}


def told(seconds: float) -> str:
    return rfc3339(NOW + int(seconds * 10**9))


def ms(seconds: float) -> int:
    """Return a time after noon as Elasticsearch sorts it."""
    return NOON + int(seconds * 1e3)


@dataclass
class FakeIndex:
    """Holds documents by their ids; fails, or does something, before it answers as often as it is told."""

    held: dict[str, tuple[int, int, int, Document]] = field(default_factory=dict)
    before: list[DeliveryError | None] = field(default_factory=list)
    asked: list[tuple[int, int, bool]] = field(default_factory=list)
    writes: int = 0
    too_large: int = 0
    shards: int = 1
    allowed: bool = True
    closed: bool = False
    indices: str = ".alerts-*"

    def put(
        self, uuid: str, *, at: int, start: int | None = None, end: int | None = None, more: Document | None = None
    ) -> None:
        self.writes += 1
        ended = ms(-1e6 if end is None else end)
        self.held[uuid] = (ms(at), ended, self.writes, document(uuid, at, start, end, more))

    def page(
        self, since: int, after: Sequence[Any] | None, size: int, *, whole: bool = True
    ) -> tuple[int, list[Hit]] | None:
        self.asked.append((since, size, whole))
        if self.before and (failure := self.before.pop(0)):
            raise failure
        found = sorted(
            (time, uuid)
            for uuid, (time, end, *_) in self.held.items()
            if max(time, end) >= since and (after is None or (time, uuid) > tuple(after))
        )[:size]
        if whole and self.too_large and sum(len(str(self.held[uuid][3])) for _, uuid in found) > self.too_large:
            return None
        return self.shards, [
            Hit(
                name=("i", uuid),
                time=time,
                sort=[time, uuid],
                version=(1, self.held[uuid][2]),
                source=self.held[uuid][3] if whole else None,
            )
            for time, uuid in found
        ]

    def may_read(self) -> bool:
        return self.allowed

    def close(self) -> None:
        self.closed = True


class Clock:
    """A clock that is set."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def now(self) -> int:
        return NOW + int(self.seconds * 10**9)


@dataclass
class Inbox:
    """Keeps requests, or refuses them as often as it is told."""

    kept: list[Request] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)

    def accept(self, request: Request) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.kept.append(request)

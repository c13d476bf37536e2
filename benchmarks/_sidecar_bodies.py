"""OTLP log export requests made quickly, no two bodies alike: a few are built, and their digits replaced."""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Iterator
from itertools import cycle
from random import Random
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

NUMBER = re.compile(rb"#(\d{12})")
"""How each body says its number."""

_SLOTS = re.compile(rb"(@{12}|%{16}|~{8})")  # a number, a hexadecimal id, a time
_TIME = struct.Struct("<Q")
_SHAPES = 8
_SPREAD = 0x9E3779B97F4A7C15  # odd: no two numbers give the same id

_SERVICES = ("checkout", "cart", "payment", "catalogue", "shipping", "gateway")
_INFO = (
    "GET /api/v2/orders/{n} 200 in {ms} ms trace={hex}",
    "order {n} accepted for customer {small}, {small} items, total {small}.{two} EUR",
    "cache hit for session {hex} after {ms} ms",
    "wrote /var/lib/{service}/spool/{hex}/part-{small}.parquet ({small} bytes)",
    "connection from 10.{two}.{two}.{two}:{small} closed after {ms} ms",
    "user {small} logged in from session {hex}",
    "scheduled job reconcile-{two} finished: {small} rows, {small} skipped",
    "published message {hex} to topic orders.created partition {two} offset {small}",
    "health check of {service}-{two} passed in {ms} ms",
    "renewed lease {hex} for {small} s",
    "GC pause (young) {ms} ms, heap {small}M->{small}M",
    "reloaded configuration /etc/{service}/conf.d/{two}.yaml, {small} keys",
)
_WARN = (
    "slow query ({ms} ms): SELECT * FROM orders WHERE id = {small}",
    "retrying call to payment, attempt {two}, request {hex}",
    "queue depth {small} above threshold {small}",
)
_ERROR = (
    "failed to reserve stock for order {small}: timeout after {ms} ms (request {hex})",
    "unhandled exception in worker {two}: java.lang.IllegalStateException: lock 0x{hex} is not held",
    "could not connect to db-{two}.internal:5432: connection refused",
)
_LEVELS = ((_INFO, 9, "INFO", 93), (_WARN, 13, "WARN", 5), (_ERROR, 17, "ERROR", 2))


class Bodies:
    """Requests of log records as a Collector reads them from files, each with a number of its own in its body.

    Parameters
    ----------
    batch : int
        Records in each.
    uid : bool
        Whether each has a ``log.record.uid``, too.
    """

    def __init__(self, batch: int, *, uid: bool) -> None:
        self.batch = batch
        self._shapes = cycle([_Shape(batch, Random(seed), uid=uid) for seed in range(_SHAPES)])  # noqa: S311

    def make(self, first: int) -> bytes:
        """Return a request with the numbers from ``first`` on, of now; for one thread at a time."""
        return next(self._shapes).fill(first, time.time_ns())


class _Shape:
    """A request cut into what stays and what is replaced."""

    def __init__(self, batch: int, chance: Random, *, uid: bool) -> None:
        data = _built(batch, chance, uid=uid)
        self._parts: list[bytes] = _SLOTS.split(data)
        kinds: dict[bytes, list[tuple[int, int]]] = {b"@": [], b"%": [], b"~": []}
        record = -1
        for at in range(1, len(self._parts), 2):
            kind = self._parts[at][:1]
            # The time is the first field of a record, and is the first of its slots.
            record += kind == b"~" and self._parts[at - 1][-1:] == b"\x09"
            kinds[kind].append((at, record))
        self._numbers, self._ids, self._times = kinds.values()

    def fill(self, first: int, now: int) -> bytes:
        parts = self._parts
        for at, record in self._numbers:
            parts[at] = b"%012d" % (first + record)
        for at, record in self._ids:
            parts[at] = b"%016x" % ((first + record) * _SPREAD & 0xFFFFFFFFFFFFFFFF)
        for at, record in self._times:
            parts[at] = _TIME.pack(now + 1000 * record)
        return b"".join(parts)


def _built(batch: int, chance: Random, *, uid: bool) -> bytes:
    request = ExportLogsServiceRequest()
    groups = sorted(chance.choice(_SERVICES) for _ in range(batch))
    service, records = "", None
    for name in groups:
        if name != service or records is None:
            service = name
            records = _resource(request, name)
        templates, severity, level, _ = chance.choices(_LEVELS, [share for *_, share in _LEVELS])[0]
        record = records.add(
            time_unix_nano=int.from_bytes(b"~" * 8, "little"),
            observed_time_unix_nano=int.from_bytes(b"~" * 8, "little"),
            severity_number=severity,
            severity_text=level,
        )
        said = _worded(chance.choice(templates), name, chance)
        record.body.string_value = f"{level} [worker-{chance.randrange(16)}] {said} #{'@' * 12}"
        _attribute(record, "log.file.name", f"{name}.log")
        _attribute(record, "log.file.path", f"/var/log/pods/shop_{name}/{name}.log")
        _attribute(record, "log.iostream", "stderr" if severity >= 17 else "stdout")
        if uid:
            _attribute(record, "log.record.uid", f"load-{'@' * 12}")
    return request.SerializeToString()


def _worded(template: str, service: str, chance: Random) -> str:
    fill = {"service": lambda: service, "hex": lambda: "%" * 16, "n": lambda: "@" * 12}
    fill |= {"ms": lambda: str(chance.randrange(1, 3000)), "two": lambda: str(chance.randrange(10, 100))}
    fill |= {"small": lambda: str(chance.randrange(1, 100_000))}
    return re.sub(r"\{(\w+)\}", lambda found: fill[found[1]](), template)


def _resource(request: ExportLogsServiceRequest, name: str) -> Any:
    holder = request.resource_logs.add()
    for key, value in (
        ("service.name", name),
        ("k8s.namespace.name", "shop"),
        ("k8s.pod.name", f"{name}-7d9c5b{len(name):x}f8-x2k4q"),
        ("k8s.container.name", name),
        ("host.name", f"node-{len(name) % 5}"),
    ):
        _attribute(holder.resource, key, value)
    return holder.scope_logs.add().log_records


def _attribute(holder: Any, key: str, value: str) -> None:
    holder.attributes.add(key=key).value.string_value = value


def numbers(requests: Iterator[bytes]) -> Iterator[int]:
    """Yield the numbers of all records in requests."""
    for request in requests:
        for found in NUMBER.finditer(request):
            yield int(found[1])

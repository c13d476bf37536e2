"""The way in: paths to events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, cast

from stormcell.decode.documents import EXPECTED, events_of, is_document, unknown
from stormcell.decode.json_text import Trouble, parse, values
from stormcell.decode.recognise import HEAD, Content, recognise
from stormcell.decode.report import BrokenFileError, Report, Scribe
from stormcell.decode.sources import expand, reason
from stormcell.decode.streams import LIMIT, ZSTD, Messages, lines, pieces, unzstd
from stormcell.errors import InputError
from stormcell.types import Event, Record, record_of

if TYPE_CHECKING:
    from stormcell.decode.otlp_proto import Senders

PATIENCE = 1000
"""Lines of a text file tried before it is taken to hold no JSON."""


Progress = Callable[[int, int], None]

_Found = Iterator[Event] | Iterator[Record]
_Protobuf = Callable[[bytes, Scribe], _Found]
"""Reads the events or the records of a protobuf request."""


class _NoTelemetryError(Exception):
    """The file holds something else; its argument says what."""


def read(
    paths: Iterable[str | Path],
    report: Report | None = None,
    *,
    strict: bool = False,
    progress: Progress | None = None,
) -> Reading:
    """Read events from files, one after another, holding no more than a line or a message at a time.

    Formats are told by content: OTLP logs and traces as JSON (one request a line, or documents spread over
    lines, or arrays of them) or protobuf (one request, or length-prefixed as the Collector writes it); webhooks
    of Alertmanager and Grafana, and alert documents of Kibana, search hits of them and what our templates for its
    connectors send, as JSON; plain, gzip or zstd.

    Parameters
    ----------
    paths : iterable of str or Path
        Files; folders, read whole in the order of their paths without hidden files; "-" for standard input.
    report : Report, optional
        Filled in on the way.
    strict : bool
        Raise at the first problem rather than count it.
    progress : callable, optional
        Called as ``progress(bytes_done, bytes_total)``, in bytes before decompression; the total is of the
        files whose size is known.

    Returns
    -------
    Reading
        An iterator of Event, in the order of the files and their records.

    Raises
    ------
    InputError
        If there is no path, or (while iterating) none could be read.
    DecodeError
        While iterating, if the run is strict and something is broken.
    """
    # One path alone is meant as such, not as its characters.
    given: list[str | Path] = [paths] if isinstance(paths, str | Path) else list(paths)
    if not given:
        raise InputError("expected the path of a file or a folder, or - for standard input; found none")
    return Reading(given, Scribe(Report() if report is None else report, strict=strict), progress)


class Reading(Iterator[Event]):
    """Events of files, or what of them can be had faster; nothing is read before the first is asked for."""

    def __init__(self, paths: list[str | Path], scribe: Scribe, progress: Progress | None) -> None:
        self._paths, self._scribe, self._progress = paths, scribe, progress

    @cached_property
    def _events(self) -> Iterator[Event]:
        found = _read(self._paths, self._scribe, self._progress, partial(_protobuf, {}))
        return cast(Iterator[Event], found)

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def __next__(self) -> Event:
        return next(self._events)

    def records(self) -> Iterator[Record]:
        """Yield the events as records, in their stead: what was taken of the one is not had from the other."""
        found = _read(self._paths, self._scribe, self._progress, partial(_protobuf_records, {}))
        return (record_of(one) if isinstance(one, Event) else one for one in found)


def _read(
    paths: list[str | Path], scribe: Scribe, progress: Progress | None, protobuf: _Protobuf
) -> Iterator[Event | Record]:
    report = scribe.report
    before = len(report.problems)
    sources = expand(paths, scribe)
    total = sum(source.size for source in sources)
    done = 0

    def tick(size: int) -> None:
        nonlocal done
        done += size
        report.bytes += size
        if progress is not None:
            progress(done, max(done, total))

    opened = 0
    for source in sources:
        scribe.file, scribe.line = source.name, 0
        try:
            manager = source.open()
        except (OSError, ValueError) as error:
            scribe.problem(f"cannot be read: {reason(error)}")
            continue
        opened += 1
        with manager as file:
            try:
                for event in _events(pieces(file, tick), scribe, protobuf):
                    report.events += 1
                    yield event
            except BrokenFileError as error:
                scribe.problem(error.message, error.line)
            except _NoTelemetryError as error:
                if source.walked:
                    report.ignored.append(source.name)
                    continue
                scribe.problem(f"expected {EXPECTED}, found {error}; leave it out", 1)
        report.files += 1
    if not opened:
        first = next(iter(report.problems[before:]), "no file in it")
        raise InputError(f"nothing could be read: {first}")


def _events(data: Iterator[bytes], scribe: Scribe, protobuf: _Protobuf) -> Iterator[Event | Record]:
    head, data = _peek(data)
    content = recognise(head)
    if content is Content.JSON or content is Content.TEXT:
        yield from _json(data, scribe, trusted=content is Content.JSON)
    elif content is Content.REQUEST:
        yield from _request(data, scribe, protobuf)
    elif content is Content.MESSAGES:
        yield from _messages(data, scribe, protobuf)
    elif content is Content.BINARY:
        scribe.problem(f"expected {EXPECTED}, found binary data", 1)


def _peek(data: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first HEAD bytes, and all the data again."""
    head = b""
    try:
        for piece in data:
            head += piece
            if len(head) >= HEAD:
                break
    except BrokenFileError as error:
        if not head:
            raise
        # What came before the break is still to be read.
        data = _raise(error)
    return head[:HEAD], chain((head,), data)


def _raise(error: BrokenFileError) -> Iterator[bytes]:
    yield b""
    raise error


def _json(data: Iterator[bytes], scribe: Scribe, *, trusted: bool) -> Iterator[Event]:
    """Read JSON values; in what began as text, speak of no problem before the first object is found."""
    held: list[tuple[int, str]] = []
    for scribe.line, value in values(lines(data)):
        if not trusted:
            if not is_document(value):
                held.append((scribe.line, value.message if isinstance(value, Trouble) else unknown(value)))
                if len(held) >= PATIENCE:
                    break
                continue
            trusted = True
            for line, message in held:
                scribe.problem(message, line)
        if isinstance(value, Trouble):
            scribe.problem(value.message)
        else:
            yield from events_of(value, scribe)
    if not trusted:
        raise _NoTelemetryError("text")


def _request(data: Iterator[bytes], scribe: Scribe, protobuf: _Protobuf) -> Iterator[Event | Record]:
    scribe.line = 1
    request = _whole(data)
    if request is None:
        scribe.problem(_too_long())
    else:
        yield from protobuf(request, scribe)


def _messages(data: Iterator[bytes], scribe: Scribe, protobuf: _Protobuf) -> Iterator[Event | Record]:
    for scribe.line, message in Messages(data):
        whole: bytes | None = message
        if message is not None and message.startswith(ZSTD):
            # The Collector compresses message by message.
            try:
                whole = _whole(unzstd((message,)))
            except BrokenFileError as error:
                scribe.problem(error.message)
                continue
        if whole is None:
            scribe.problem(_too_long())
        elif whole.startswith((b"{", b"[")):
            value = parse(whole)
            if isinstance(value, Trouble):
                scribe.problem(value.message)
            else:
                yield from events_of(value, scribe)
        else:
            yield from protobuf(whole, scribe)


def _protobuf(senders: Senders, request: bytes, scribe: Scribe) -> Iterator[Event]:
    from stormcell.decode import otlp_proto  # protobuf takes a while to load

    return otlp_proto.events(request, scribe, senders)


def _protobuf_records(senders: Senders, request: bytes, scribe: Scribe) -> Iterator[Record]:
    from stormcell.decode import otlp_proto

    return otlp_proto.records(request, scribe, senders)


def _whole(data: Iterable[bytes]) -> bytes | None:
    """Join all pieces; None where they are over the limit."""
    held: list[bytes] = []
    size = 0
    for piece in data:
        size += len(piece)
        if size > LIMIT:
            return None
        held.append(piece)
    return b"".join(held)


def _too_long() -> str:
    return f"expected at most {LIMIT >> 20} MiB in one message, found more; skipped"

"""What tells telemetry of our own from a service's, so that nothing is grouped that grouping makes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN_CONTEXT, NonRecordingSpan, SpanContext, TraceFlags

from stormcell import forks, threads

# Of the system's chance: a seed that a service sets must not give two processes one.
_chance = random.SystemRandom()
OURS: Final = SpanContext(
    trace_id=_chance.getrandbits(128) or 1,
    span_id=_chance.getrandbits(64) or 1,
    is_remote=False,
    trace_flags=TraceFlags(TraceFlags.DEFAULT),
)
"""The parent of all spans, and of all log records, of our threads. It is not sampled, so that most samplers drop
what is below it; what comes all the same, as of an Elasticsearch client, is known by its trace."""

_NAMES: Final = ("stormcell", "stormcell_exporters")
_SUPPRESSED: Final = getattr(context, "_SUPPRESS_INSTRUMENTATION_KEY", None)


def mark() -> None:
    """Let all telemetry of the thread that calls this be ours."""
    context.attach(_below_ours())


@contextmanager
def ours() -> Iterator[None]:
    """Let telemetry be ours that a thread of others makes here: what sends, or encodes, has some to tell."""
    token = context.attach(_below_ours())
    try:
        yield
    finally:
        context.detach(token)


def _below_ours() -> Context:
    found = trace.set_span_in_context(NonRecordingSpan(OURS))
    return found if _SUPPRESSED is None else context.set_value(_SUPPRESSED, True, found)


threads.at_start(mark)
threads.at_start(forks.begin)


def without_own_spans(spans: Sequence[Any]) -> list[Any]:
    """Return the spans that are not ours."""
    return [
        span
        for span in spans
        if (span.context or INVALID_SPAN_CONTEXT).trace_id != OURS.trace_id and not _is_own(span)
    ]


def without_own_logs(records: Sequence[Any]) -> list[Any]:
    """Return the log records that are not ours."""
    return [one for one in records if one.log_record.trace_id != OURS.trace_id and not _is_own(one)]


def _is_own(item: Any) -> bool:
    """Whether what made a span or a log record bears one of our names."""
    scope = item.instrumentation_scope
    if scope is None:
        return False
    name = scope.name  # anything that a service names its loggers
    return isinstance(name, str) and name.startswith("stormcell") and name.partition(".")[0] in _NAMES

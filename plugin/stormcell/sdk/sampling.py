"""A span exporter around another that passes on the telling traces, and a few that stand for the rest."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import INVALID_SPAN_CONTEXT, StatusCode, format_trace_id

from stormcell import forks, threads
from stormcell.config import Settings
from stormcell.decode.events import service_of
from stormcell.sdk.hub import Hub
from stormcell.sdk.parts import Kind, Part, Rules
from stormcell.sdk.spans import SpanReader, with_attributes
from stormcell.sdk.traces import TraceSampler, Weighed
from stormcell.semconv import ADJUSTED_COUNT

log: Final = logging.getLogger("stormcell.sdk")

_SECOND: Final = 10**9
_LOOK_SECONDS: Final = 1.0
_BATCH: Final = 512
_PATIENCE: Final = 30_000


class SamplingSpanExporter(SpanExporter):
    """Passes traces on to another exporter: those with an error, surprising ones, exemplars, a few others.

    A trace goes whole or not at all, as far as this process sees it. Spans of a trace that stands for more than
    itself say for how many in ``stormcell.sampling.adjusted_count``.

    Parameters
    ----------
    exporter : SpanExporter
        The other one.
    hub : Hub, optional
        By default the one of the process. Where it knows of no groups, as where a sidecar groups, only errors and
        the few others are passed on.
    clock : callable, optional
        Returns ns that never go back; by default the wall clock as it was at the start, gone on with.

    Raises
    ------
    SettingsError
        If the settings cannot be used.
    """

    def __init__(self, exporter: SpanExporter, hub: Hub | None = None, *, clock: Callable[[], int] | None = None):
        from stormcell.text.templates import Parser  # few services ask for it

        self._exporter = exporter
        self._hub = hub or Hub.shared()
        settings = self._hub.settings
        self._rules = rules_of(settings)
        self._parser = Parser(settings.text.masks)
        self._clock = clock or _steady()
        self._shut = False
        self._begin()
        forks.in_child(self._begin)

    def _begin(self) -> None:
        """Be as new: in a child the thread is not, and what is held is the parent's to pass on."""
        # An exporter may end spans itself, in the thread that calls it.
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._sampler = TraceSampler(self._rules, SpanReader().read, self._hub.assign)
        self._counts: Counter[str] = Counter()

    def counts(self) -> dict[str, int]:
        """Return how many spans were "passed" on, and how many the other exporter "failed" to take of these.

        Beside them those that were "left_out", and those that came after the "shutdown".
        """
        return {"passed": 0, "failed": 0, **self._counts, "left_out": self._sampler.left_out}

    @property
    def waiting(self) -> int:
        """How many spans are held."""
        return self._sampler.spans

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Take spans, and pass on what is to be by now.

        Returns
        -------
        SpanExportResult
            What the other exporter said to what was passed on. What it raises is raised.
        """
        if self._shut:
            self._counts["shutdown"] += len(spans)
            return SpanExportResult.FAILURE
        with self._lock:
            result = self._pass(self._sampler.add(map(self._part, spans), self._clock()))
            if self._thread is None:
                self._start()
        return result

    def force_flush(self, timeout_millis: int = _PATIENCE) -> bool:
        """Decide on all that is held and pass it on; return whether that succeeded in time."""
        until = time.monotonic() + timeout_millis / 1000
        if not self._lock.acquire(timeout=timeout_millis / 1000):
            return False
        try:
            done = self._pass(self._sampler.flush(), until) is SpanExportResult.SUCCESS
        except Exception:
            log.exception("spans could not be passed on")
            done = False
        finally:
            self._lock.release()
        left = max(int((until - time.monotonic()) * 1000), 0)
        return self._exporter.force_flush(left) and done

    def shutdown(self) -> None:
        """Decide on all that is held, pass it on, and shut the other exporter down."""
        if self._shut:
            return
        self._shut = True
        self._ending.set()
        until = time.monotonic() + _PATIENCE / 1000
        if self._lock.acquire(timeout=_PATIENCE / 1000):
            try:
                self._pass(self._sampler.flush(), until)
            except Exception:  # it is to be shut down all the same
                log.exception("spans could not be passed on")
            finally:
                self._lock.release()
        else:
            self._counts["failed"] += self._sampler.spans
            log.error("%d spans are lost: the exporter still hangs", self._sampler.spans)
        self._exporter.shutdown()

    def _part(self, span: ReadableSpan) -> Part[ReadableSpan]:
        context = span.context or INVALID_SPAN_CONTEXT
        error = span.status.status_code is StatusCode.ERROR or any(
            event.name == "exception" for event in span.events
        )
        kind: Kind | None = None
        if span.parent is None or span.parent.is_remote:
            service = service_of(dict(span.resource.attributes))  # type: ignore[arg-type]  # only texts are looked at
            kind = (service, str(self._parser.name(str(span.name)).template))
        return Part(span, format_trace_id(context.trace_id), error, kind)

    def _pass(self, passed: Sequence[Weighed[ReadableSpan]], until: float = float("inf")) -> SpanExportResult:
        """Pass spans on in batches, all of them; what fails is counted."""
        result, raised = SpanExportResult.SUCCESS, None
        spans = [_weighed(span, weight) for span, weight in passed]
        for at in range(0, len(spans), _BATCH):
            batch = spans[at : at + _BATCH]
            self._counts["passed"] += len(batch)
            said = SpanExportResult.FAILURE
            try:
                if time.monotonic() < until:
                    said = self._exporter.export(batch)
            except Exception as error:
                raised = error
            if said is not SpanExportResult.SUCCESS:
                self._counts["failed"] += len(batch)
                result = said
        if raised is not None:
            raise raised
        return result

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, args=(self._ending,), name="stormcell-sampling", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # there can be no more threads now
            return
        self._thread = thread

    def _run(self, ending: threading.Event) -> None:
        threads.begin()
        while not ending.wait(_LOOK_SECONDS):
            with self._lock:
                if ending.is_set():
                    return
                try:
                    self._pass(self._sampler.due(self._clock()))
                except Exception:  # it is counted, and the next may go on
                    log.exception("spans could not be passed on")


def rules_of(settings: Settings) -> Rules:
    """Return what the choice depends on."""
    sdk = settings.sdk
    return Rules(
        surprise=sdk.sample_surprise,
        one_in=sdk.sample_one_in,
        per_kind=sdk.sample_per_kind,
        interval=round(sdk.sample_interval_seconds * _SECOND),
        hold=round(sdk.sample_hold_seconds * _SECOND),
        settle=round(sdk.sample_interval_seconds * _SECOND),
        patience=round((settings.live.keep_seconds + settings.background.bucket_seconds) * _SECOND),
        most=sdk.sample_max_spans,
    )


def _weighed(span: ReadableSpan, weight: int) -> ReadableSpan:
    return span if weight == 1 else with_attributes(span, {ADJUSTED_COUNT: weight})


def _steady() -> Callable[[], int]:
    """Return a clock that tells the time as at the start, so that intervals are alike in all services."""
    offset = time.time_ns() - time.monotonic_ns()
    return lambda: time.monotonic_ns() + offset

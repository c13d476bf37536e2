"""A service that gives a number to all it says; in a test's own process, or in a program that a test runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from stormcell.config import Settings
from stormcell.protocols import Exporter
from stormcell.sdk import Hub, StormcellLogRecordProcessor, StormcellSpanProcessor
from tests.integration.program import ROOT, stormcell
from tests.integration.sidecar.running import HASTY

PATIENCE = 60.0
"""Seconds after which what should have happened counts as never going to."""
PROGRAMS = Path(__file__).with_name("programs")
_SAYINGS = ("order failed", "payment declined", "disk full on db", "session expired")


def settings(data: Path, **sections: dict[str, Any]) -> Settings:
    """Return settings under which groups show up almost at once."""
    made = {
        "journal": {"min_free_bytes": 0},
        **sections,
        "live": {"data": data, **HASTY, **sections.get("live", {})},
        "sdk": {"delay_seconds": 0.1, **sections.get("sdk", {})},
    }
    return Settings.model_validate(made)


@dataclass
class Service:
    """A service with our processors.

    Parameters
    ----------
    data : Path
    sections : dict
        Further settings.
    exporters : sequence of Exporter
        Of its hub.
    hub : Hub
        By default one of these settings.
    """

    data: Path
    sections: dict[str, Any] = field(default_factory=dict)
    exporters: Sequence[Exporter] = ()
    hub: Hub = None  # type: ignore[assignment]  # before it is made

    def __post_init__(self) -> None:
        self.hub = self.hub or Hub(settings(self.data, **self.sections), exporters=self.exporters)
        resource = Resource({"service.name": "shop"})
        self.spans = StormcellSpanProcessor(self.hub)
        self.logs = StormcellLogRecordProcessor(self.hub)
        self.tracer_provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(self.spans)
        self.logger_provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
        self.logger_provider.add_log_record_processor(self.logs)
        self._logger = self.logger_provider.get_logger("shop")
        self._tracer = self.tracer_provider.get_tracer("shop")

    def say(self, uid: str, body: Any = None, **attributes: Any) -> None:
        """Emit a log record that is found again by its uid."""
        said = f"{_SAYINGS[len(uid) % len(_SAYINGS)]}: attempt {uid[-1]}" if body is None else body
        record = LogRecord(
            timestamp=time.time_ns(),
            body=said,
            severity_number=SeverityNumber.ERROR,
            attributes={"log.record.uid": uid, **attributes},
        )
        self._logger.emit(record)

    def say_some(self, name: str, some: int = 10) -> list[str]:
        """Emit records, and return their uids."""
        uids = [f"{name}-{number:05}" for number in range(some)]
        for uid in uids:
            self.say(uid)
        return uids

    def do(self, name: str = "pay") -> str:
        """End a span, and return its uid."""
        with self._tracer.start_as_current_span(name) as span:
            context = span.get_span_context()
        return f"{context.trace_id:032x}-{context.span_id:016x}"

    def flush(self, millis: int = 30_000) -> bool:
        """Return whether all that was said is kept."""
        return self.spans.force_flush(millis) and self.logs.force_flush(millis)

    def shutdown(self, millis: int = 30_000) -> None:
        """End both processors."""
        self.spans.shutdown(millis)
        self.logs.shutdown(millis)


def started(program: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Start a program of ``programs`` that complains of all it leaves open."""
    command = [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", str(PROGRAMS / f"{program}.py")]
    return subprocess.Popen(
        [*command, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
        **{
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            **options,
        },
    )


def ran(program: str, *arguments: object, seconds: float = PATIENCE) -> tuple[str, str]:
    """Run a program to its end, and return what it printed; a deadlock in it fails the test."""
    process = started(program, *arguments)
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"it never ended: {out} {err}") from None
    assert process.returncode == 0, err
    return out, err


def acknowledge(folder: Path, uids: Sequence[str]) -> None:
    """Write down that a process was told that these are kept."""
    with (folder / f"acknowledged-{os.getpid()}").open("a") as file:
        file.write("".join(f"{uid}\n" for uid in uids))


def acknowledged(folder: Path) -> set[str]:
    """Return what all processes wrote down."""
    return {uid for path in folder.glob("acknowledged-*") for uid in path.read_text().split()}


def placed(data: Path) -> list[str]:
    """Return the uids of all stored events, sorted, as often as they are there."""
    if not (data / "stormcell.db").exists():
        return []
    printed = stormcell("groups", "export", "--store", data)
    assert printed.code == 0, printed.err
    document = printed.json
    members = [uid for group in document["groups"] for uid in group["members"]]
    return sorted([*document["background"], *members])


def next_start(data: Path) -> list[str]:
    """Let another process group what is left in a folder, and return what is stored then but for what it says."""
    service = Service(data)
    service.say("next-start")
    assert service.flush()
    service.shutdown()
    return [uid for uid in placed(data) if uid != "next-start"]

"""What is offered to people's own tests."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from stormcell.errors import DeliveryError
from stormcell.protocols import Clock, Exporter
from stormcell.testing import FakeClock, InMemoryGroupExporter
from tests.unit.render.samples import START, grouping, s

GROUPS = grouping().groups
FIRST, SECOND, THIRD = (replace(group, first_seen=s(at)) for group, at in zip(GROUPS, (30, 10, 20), strict=True))


def test_importing_it_loads_nothing_heavy() -> None:
    program = "import sys, stormcell.testing; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "stormcell.testing" in loaded
    heavy = ("numpy", "pydantic", "opentelemetry.sdk", "opentelemetry.proto", "stormcell.config", "stormcell.sdk")
    assert not loaded & set(heavy)


def test_of_each_group_the_last_revision_in_the_order_in_which_they_began() -> None:
    exporter = InMemoryGroupExporter()
    later = replace(FIRST, revision=2, status="resolved")
    exporter.export([FIRST, SECOND], "-")
    exporter.export([later], "somewhere")
    exporter.export([THIRD, FIRST], "-")  # as where a letter is delivered twice
    assert exporter.groups() == [SECOND, THIRD, later]
    assert exporter.revisions() == [FIRST, SECOND, later, THIRD, FIRST]
    exporter.clear()
    assert exporter.groups() == exporter.revisions() == []


def test_of_one_revision_what_came_last() -> None:
    exporter = InMemoryGroupExporter()
    acknowledged = replace(FIRST, status="acknowledged")
    exporter.export([FIRST, acknowledged], "-")
    assert exporter.groups() == [acknowledged]


def test_it_fails_as_it_is_told_and_no_longer() -> None:
    exporter = InMemoryGroupExporter()
    exporter.fail_with(DeliveryError("down", retryable=True))
    for _ in range(2):
        with pytest.raises(DeliveryError, match="down"):
            exporter.export(GROUPS, "-")
    assert exporter.groups() == []
    exporter.fail_with(None)
    exporter.export([FIRST], "-")
    assert exporter.groups() == [FIRST]


def test_many_threads_lose_nothing() -> None:
    exporter = InMemoryGroupExporter()
    revisions = [replace(FIRST, revision=number) for number in range(1, 1001)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda group: exporter.export([group], "-"), revisions))
    assert sorted(group.revision for group in exporter.revisions()) == list(range(1, 1001))
    assert exporter.groups() == revisions[-1:]


def test_a_clock_stands_until_it_is_told() -> None:
    clock = FakeClock(START)
    assert clock.now() == clock.now() == START
    clock.advance(1.5)
    assert clock.now() == START + 1_500_000_000
    clock.at = START
    assert clock.now() == START


def test_a_clock_of_its_own_begins_at_the_time_of_the_sdk() -> None:
    before = time.time_ns()
    clock = FakeClock()
    assert before <= clock.now() <= time.time_ns()


def test_they_are_what_others_may_implement() -> None:
    exporter: Exporter = InMemoryGroupExporter()
    clock: Clock = FakeClock()
    assert isinstance(exporter, Exporter)
    assert clock.now() > 0

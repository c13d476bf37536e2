from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))  # benchmarks are scripts beside each other, not a package

from _log_kinds import kind_of, literals  # noqa: E402
from _log_lines import Statement, lines, system, systems  # noqa: E402

SYSTEMS = systems()


def test_there_are_enough_systems_and_languages_on_both_sides() -> None:
    assert len(SYSTEMS) >= 24
    assert sorted(systems("tune") + systems("test")) == SYSTEMS
    for split in ("tune", "test"):
        assert len(systems(split)) >= len(SYSTEMS) // 3
        assert {system(name).language for name in systems(split)} == {"go", "java", "python", "scala"}


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_line_holds_the_constants_of_its_statement_in_order(name: str) -> None:
    statements = system(name).statements
    assert 40 <= len(statements) <= 150
    for line, number in lines(name, 400, seed=1):
        assert statements[number].matches(line), (line, statements[number].parts)
        assert "\n" not in line


@pytest.mark.parametrize("name", ["kubelet", "nova", "pulsar"])
def test_lines_are_those_of_the_seed(name: str) -> None:
    assert lines(name, 50, seed=1) == lines(name, 50, seed=1)
    assert lines(name, 50, seed=1) != lines(name, 50, seed=2)
    assert lines(name, 50, seed=1) == lines(name, 90, seed=1)[:50]


def test_lines_do_not_depend_on_the_hashes_of_the_process() -> None:
    program = "from _log_lines import lines; print(lines('kafka', 40, seed=3))"
    command = [sys.executable, "-c", program]
    ran = subprocess.run(
        command, cwd=BENCHMARKS, env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True
    )
    assert ran.stdout == f"{lines('kafka', 40, seed=3)}\n"


def test_few_statements_log_most_lines() -> None:
    counts = Counter(number for _, number in lines("hbase", 2000, seed=0))
    assert sum(count for _, count in counts.most_common(10)) > 1000
    assert len(counts) > 50


def test_most_values_change_and_some_do_not() -> None:
    values: dict[int, set[str]] = {}
    for line, number in lines("neutron", 3000, seed=0):
        values.setdefault(number, set()).add(line)
    with_values = {
        n for n, s in enumerate(system("neutron").statements) if any(not isinstance(p, str) for p in s.parts)
    }
    shown = [len(values[number]) for number in with_values & set(values)]
    assert sum(count > 3 for count in shown) > len(shown) / 2
    assert any(count == 1 for count in shown)


def test_a_statement_matches_only_its_constants() -> None:
    statement = Statement(("took ", ("%d", "n"), " ms."), "info", "")
    assert statement.matches("took 12 ms.")
    assert not statement.matches("took 12 ms!")
    assert not statement.matches("it took 12 ms.")


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("e.getMessage()", "message"),
        ("err", "error"),
        ("klog.KObj(pod)", "kube"),
        ("len(nodes)", "count"),
        ("topicPartition", "partition"),
        ("time.Since(start)", "duration"),
        ("self.job['device']", "path"),
        ("instance_uuid", "uuid"),
        ("conn.getRemoteAddress()", "address"),
    ],
)
def test_the_kind_of_a_value_is_told_by_its_source(expression: str, kind: str) -> None:
    assert kind_of(expression, Random(0)) == kind


def test_a_choice_of_texts_is_its_texts() -> None:
    assert literals('success ? "done" : "failed"') == ["done", "failed"]
    assert literals("'up' if alive else 'down'") == ["up", "down"]
    assert literals("name.get('x')") == []

"""stormcell config."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from stormcell.config import Settings
from tests.integration.program import stormcell
from tests.integration.telemetry import good


def test_show_is_a_settings_file_of_its_own(tmp_path: Path) -> None:
    shown = stormcell("config", "show")
    assert (shown.code, shown.err) == (0, "")
    assert yaml.safe_load(shown.out) == Settings().model_dump(mode="json")
    file = tmp_path / "stormcell.yaml"
    file.write_text(shown.out)
    assert stormcell("config", "show", "--config", file).out == shown.out


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stormcell.yaml").write_text("grouping: {gate: 2, max_groups: 7}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORMCELL_GROUPING__GATE", "3")
    shown = stormcell("config", "show", "--json").json["grouping"]
    assert (shown["gate"], shown["max_groups"]) == (3, 7)


def test_check_of_good_settings(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("grouping: {gate: 2}\n")
    ran = stormcell("config", "check", "--config", file)
    assert (ran.code, ran.out, ran.err) == (0, "", "The settings are valid.\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "grouping: {gate: -1}",
            "grouping.gate (STORMCELL_GROUPING__GATE): Input should be greater than or equal",
        ),
        ("grouping: {gate: .nan}", "grouping.gate"),
        ("grouping: {gats: 1}", "grouping.gats (STORMCELL_GROUPING__GATS): no such setting"),
        ("nonsense: 1", "nonsense (STORMCELL_NONSENSE): no such setting"),
        ("- a list", "expected sections such as `grouping:`, found list"),
        ("a: [", "is not valid YAML"),
        ("grouping: \x1b[31m", "is not valid YAML"),
    ],
)
@pytest.mark.parametrize("command", [["config", "check"], ["config", "show"], ["group"]], ids=" ".join)
def test_wrong_settings_exit_2_and_say_where(command: list[str], text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    paths = [good(tmp_path)] if command == ["group"] else []
    ran = stormcell(*command, *paths, "--config", file)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert str(file) in ran.err
    assert "\x1b" not in ran.err


def test_a_wrong_variable_exits_2_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORMCELL_ROWS__BUCKET_SECONDS", "soon")
    ran = stormcell("config", "check")
    assert ran.code == 2
    assert "STORMCELL_ROWS__BUCKET_SECONDS" in ran.err


def test_a_missing_file_exits_2(tmp_path: Path) -> None:
    ran = stormcell("config", "check", "--config", tmp_path / "gone.yaml")
    assert ran.code == 2
    assert "gone.yaml: No such file or directory" in ran.err


def test_reference_tells_every_setting_with_its_default() -> None:
    rows = [
        line.split("|") for line in stormcell("config", "reference").out.splitlines() if line.startswith("| `")
    ]
    told = {row[3].strip(" `"): row[2].strip(" `") for row in rows}
    settings = Settings().model_dump(mode="json")
    assert told == {
        f"STORMCELL_{section}__{name}".upper(): str(value)
        for section, values in settings.items()
        for name, value in values.items()
    }
    assert all(row[4].strip() for row in rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\ntitle: Mine\n---\n{% broken %}", "default.md.j2:4: Encountered unknown tag 'broken'"),
        ("# Mine", "default.md.j2:1: expected front matter with a title"),
    ],
)
def test_a_broken_template_of_ones_own_exits_2_and_writes_nothing(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORMCELL_DRAFTS__TEMPLATES", json.dumps([str(tmp_path)]))
    (tmp_path / "default.md.j2").write_text(text)
    ran = stormcell("group", good(tmp_path / "in"), "--out", tmp_path / "out")
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert not (tmp_path / "out").exists()

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from stormcell import config
from stormcell.config import MappingSettings, Settings, load
from stormcell.errors import SettingsError

REFERENCE = Path(__file__).parents[2] / "docs" / "configuration.md"


def every_setting() -> list[tuple[str, str]]:
    return [
        (section, name)
        for section, field in Settings.model_fields.items()
        for name in type(field.default).model_fields
    ]


# What is a list of things of a shape of their own, each with this name.
_WRITTEN: dict[tuple[str, str], Callable[[str], list[dict[str, Any]]]] = {
    ("rules", "same"): lambda name: [{"name": name, "fields": []}],
    ("rules", "together"): lambda name: [{"name": name, "when": {"service": "a"}, "by": []}],
    ("rules", "apart"): lambda name: [{"name": name, "when": {"service": "a"}, "from": {"service": ["b", "c"]}}],
    ("notifications", "exporters"): lambda name: [
        {
            "name": name,
            "kind": "ndjson",
            "target": "out",
            "options": {"text": "a", "number": 1.5, "whole": 3, "yes": True},
            "when": {"severity": "critical"},
            "wait": 1.0,
            "interval": 2.0,
            "repeat": 3.0,
            "send_resolved": False,
        }
    ],
    ("drafts", "links"): lambda name: [{"name": name, "url": "https://example.org/{group}"}],
    ("drafts", "publish"): lambda name: [
        {"name": name, "kind": "folder", "target": "wiki", "options": {"text": "a"}}
    ],
    ("notifications", "silences"): lambda name: [
        {
            "name": name,
            "when": {"service": "a"},
            "starts": "2026-01-01T00:00:00Z",
            "ends": "2026-01-02T00:00:00+01:00",
            "comment": "moving house",
            "author": "ann",
        }
    ],
    ("notifications", "maintenance"): lambda name: [
        {
            "name": name,
            "when": {},
            "days": ["sat"],
            "to": "04:00",
            "timezone": "Europe/Berlin",
            "starts": None,
            "ends": None,
            "from": "22:00",
        }
    ],
    ("notifications", "severity"): lambda name: [{"word": name, "when": {"severity": ">=1"}}],
}

every = pytest.mark.parametrize(("section", "name"), every_setting())


def other_value(section: str, name: str, plus: int = 1) -> Any:
    """Return a valid value that is not the default."""
    held = getattr(Settings(), section)
    default, kind = getattr(held, name), type(held).model_fields[name].annotation
    if get_origin(kind) is Literal:
        # As below: of two words only one is another.
        return [*(word for word in get_args(kind) if word != default), default][plus - 1]
    if (section, name) in _WRITTEN:
        return _WRITTEN[section, name]("x" * plus)
    if name == "rules":
        return [{"label": "queue", "pattern": "(.+)", "service": "x" * plus}]
    if name == "tokens":
        return [{"name": "collector", "file": "x" * plus, "variable": "", "scopes": ["ingest"], "role": None}]
    if name == "masks":
        return [{"name": "order", "pattern": "x" * plus, "examples": {"x" * plus: "<order>"}}]
    if name == "generic":
        return [MappingSettings(name="own", title=("x" * plus,)).model_dump(mode="json")]
    if name == "otlp_endpoint":
        return f"http://collector{plus}:4318"
    if name in ("endpoint", "url"):
        return f"http://collector:{4318 + plus}"
    if isinstance(default, bool):
        # Of two values only one is another; what the file says is beside the point where the variable wins.
        return not default if plus == 1 else default
    if isinstance(default, str):
        return f"{default}{plus}"
    if isinstance(default, tuple):
        return [f"folder{plus}"]
    if isinstance(default, Path):
        return f"other{plus}.db"
    return default + plus if default >= 1 else default + plus / 100


def value_of(settings: BaseModel, section: str, name: str) -> Any:
    return settings.model_dump(mode="json")[section][name]


def write(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "stormcell.yaml"
    path.write_text(content)
    return path


@every
def test_a_file_sets_it(section: str, name: str, tmp_path: Path) -> None:
    value = other_value(section, name)
    path = write(tmp_path, yaml.safe_dump({section: {name: value}}))
    assert value_of(load(path), section, name) == value != value_of(Settings(), section, name)


@every
def test_a_variable_sets_it_and_wins(
    section: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_file, in_environment = other_value(section, name, 1), other_value(section, name, 2)
    text = json.dumps(in_environment) if isinstance(in_environment, list) else str(in_environment)
    monkeypatch.setenv(f"STORMCELL_{section}__{name}".upper(), text)
    path = write(tmp_path, yaml.safe_dump({section: {name: in_file}}))
    assert value_of(load(path), section, name) == in_environment != in_file


def test_a_variable_leaves_the_rest_of_its_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "grouping: {gate: 3, opening_cost: 0.5}")
    monkeypatch.setenv("STORMCELL_GROUPING__GATE", "4")
    grouping = load(path).grouping
    assert (grouping.gate, grouping.opening_cost) == (4, 0.5)


def test_the_file_of_the_working_directory_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load() == Settings()
    write(tmp_path, "grouping: {gate: 3}")
    assert load().grouping.gate == 3


def test_an_empty_file_sets_nothing(tmp_path: Path) -> None:
    assert load(write(tmp_path, "# nothing yet\n")) == Settings()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("grouping: {gate: -1}", r"grouping\.gate \(STORMCELL_GROUPING__GATE\): .* greater than or equal to 0"),
        ("grouping: {gate: .inf}", r"grouping\.gate .*finite"),
        ("text: {lexical_log: 1.5}", r"text\.lexical_log .*less than or equal to 1"),
        ("grouping: {max_groups: 0}", r"grouping\.max_groups "),
        ("grouping: {silence_seconds: 0}", r"grouping\.silence_seconds .*greater than or equal"),
        ("weights: {blame: much}", r"weights\.blame .*number"),
        ("grouping: {gaet: 1}", r"grouping\.gaet .*no such setting"),
        ("gruoping: {gate: 1}", r"gruoping .*no such setting"),
        ("grouping: 3", r"grouping "),
    ],
)
def test_names_the_wrong_setting(tmp_path: Path, content: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        load(write(tmp_path, content))


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("STORMCELL_GROUPING__GATE", "high", r"STORMCELL_GROUPING__GATE\): .*number"),
        ("STORMCELL_GROUPING__GAET", "1", r"STORMCELL_GROUPING__GAET\): no such setting"),
        ("STORMCELL_GRUOPING__GATE", "1", "STORMCELL_GRUOPING__GATE: there is no section gruoping"),
        ("STORMCELL_GROUPING", "high", 'JSON.*"grouping"'),
        ("STORMCELL_DRAFTS__TEMPLATES", "folder", 'JSON.*"drafts"'),
    ],
)
def test_names_the_wrong_variable(
    variable: str, value: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=complaint):
        load()


def test_names_every_wrong_setting_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(write(tmp_path, "grouping: {gate: -1, max_groups: 0}\nweights: {nosuch: 1}"))
    assert all(name in str(caught.value) for name in ("grouping.gate", "grouping.max_groups", "weights.nosuch"))


@pytest.mark.parametrize("content", ["grouping: {gate: 1", "a: b: c", "\x00"])
def test_refuses_what_is_no_yaml(tmp_path: Path, content: str) -> None:
    with pytest.raises(SettingsError, match=r"stormcell\.yaml is not valid YAML"):
        load(write(tmp_path, content))


@pytest.mark.parametrize("content", ["- gate", "gate", "3", "{1: 2}"])
def test_refuses_yaml_without_sections(tmp_path: Path, content: str) -> None:
    with pytest.raises(SettingsError, match="expected sections"):
        load(write(tmp_path, content))


def test_refuses_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "stormcell.yaml"
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(SettingsError, match="is not valid YAML"):
        load(path)


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read the settings .*nosuch\.yaml: No such file"):
        load(tmp_path / "nosuch.yaml")


def test_the_reference_is_current() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == config.reference()


@every
def test_the_reference_explains_it(section: str, name: str) -> None:
    variable = f"STORMCELL_{section}__{name}".upper()
    (line,) = (line for line in config.reference().splitlines() if f"`{variable}`" in line)
    assert len(line.split(" | ")[-1].strip(" |")) > 10
    assert "None" not in line


@pytest.mark.parametrize("value", ["1e-10", "1e10", "nan"])
@pytest.mark.parametrize(
    "name", ["ROWS__BUCKET_SECONDS", "BACKGROUND__BUCKET_SECONDS", "GROUPING__SILENCE_SECONDS"]
)
def test_times_that_no_clock_counts_are_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"STORMCELL_{name}", value)
    with pytest.raises(SettingsError, match=f"STORMCELL_{name}"):
        load()


def test_the_defaults_are_those_of_nobodys_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORMCELL_GROUPING__GATE", "7")
    assert (Settings().grouping.gate, load().grouping.gate) == (1.2, 7)

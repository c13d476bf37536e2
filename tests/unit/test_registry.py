from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from stormcell import registry
from stormcell.errors import SettingsError
from stormcell.protocols import Exporter

Register = Callable[[str, str], None]


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    def add(name: str, value: str) -> None:
        point = EntryPoint(name, value, "stormcell.exporters")
        monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == point.group else [])

    return add


def test_finds_ours(tmp_path: Path) -> None:
    found = registry.exporter("ndjson")
    assert isinstance(found, Exporter)
    found.export([], tmp_path / "groups.ndjson")
    assert (tmp_path / "groups.ndjson").read_bytes() == b""


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"no exporter is called 'nosuch'; there are: .*ndjson"):
        registry.exporter("nosuch")


@pytest.mark.parametrize(
    "value", ["no_such_module:Exporter", "stormcell.registry:Nothing", "builtins:zip.nothing"]
)
def test_says_what_cannot_be_loaded(register: Register, value: str) -> None:
    register("broken", value)
    with pytest.raises(SettingsError, match=rf"the exporter 'broken' \({value}\) cannot be loaded"):
        registry.exporter("broken")


def test_refuses_what_is_no_exporter(register: Register) -> None:
    register("odd", "builtins:dict")
    with pytest.raises(SettingsError, match="has no method `export`"):
        registry.exporter("odd")

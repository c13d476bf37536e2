"""Where a sentence-transformers model is looked for, and what is said where it cannot be used."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from stormcell import registry
from stormcell.errors import SettingsError
from stormcell.text.model_folder import find_model

MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What is looked at of a model; like many, it lacks the empty folder of the last module."""
    (tmp_path / "modules.json").write_text(json.dumps(MODULES))
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text("{}")
    return tmp_path


def test_a_folder_by_its_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_model(str(folder)) == folder.resolve()
    monkeypatch.chdir(folder.parent)
    assert find_model(folder.name) == folder.resolve()


@pytest.mark.parametrize("model", ["/no/such", "./no", "../no", "no/such/folder", "~/no", "no\\such", "/"])
def test_a_path_to_nothing(model: str) -> None:
    with pytest.raises(SettingsError, match=r"text\.model: .* modules\.json"):
        find_model(model)


@pytest.mark.parametrize("name", ["modules.json", "config.json", "1_Pooling/config.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(
        SettingsError, match=rf"text\.model: {(folder / name).parent} .*has no file {Path(name).name}"
    ):
        find_model(str(folder))


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "[]", "[1]", '[{"path": ""}]', '[{"path": 1, "type": "x"}]', "\xff"]
)
def test_modules_that_are_none(folder: Path, text: str) -> None:
    (folder / "modules.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(
        SettingsError, match=r"text\.model: .*modules\.json (cannot be read: .|is wrong: expected a list)"
    ):
        find_model(str(folder))


@pytest.mark.parametrize("code", ["os.system", "modeling.Model", "sentence_transformers_x.Model", ""])
def test_a_model_brings_no_code(folder: Path, code: str) -> None:
    (folder / "modules.json").write_text(json.dumps([{"path": "", "type": code}]))
    with pytest.raises(SettingsError, match=rf"asks for the code {code}, which is not run"):
        find_model(str(folder))


def test_the_package_that_is_not_installed_is_named_with_its_extra(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("huggingface_hub", "sentence_transformers"):
        monkeypatch.setitem(sys.modules, package, None)
    for model in ("", "all-MiniLM-L6-v2", str(folder)):
        with pytest.raises(
            SettingsError, match=r"needs the package .*: pip install 'stormcell\[sentence-transformers\]'"
        ):
            registry.embedder("sentence-transformers", model)

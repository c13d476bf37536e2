"""The folder that is written; what sentence-transformers makes of it is in test_sentence_transformers.py."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stormcell.errors import OutputError
from stormcell.text.export import export
from stormcell.text.model_folder import find_model
from stormcell.text.static import StaticEmbedder
from stormcell.text.wordpiece import LONGEST_WORD, UNKNOWN
from tests.integration.program import files_of


@pytest.fixture(scope="module")
def embedder() -> StaticEmbedder:
    return StaticEmbedder()


@pytest.fixture(scope="module")
def written(embedder: StaticEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "new" / "model"
    export(embedder, folder)
    return folder


def read(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))


def test_the_files_of_the_folder(written: Path) -> None:
    assert set(files_of(written)) == {
        "README.md",
        "config_sentence_transformers.json",
        "model.safetensors",
        "modules.json",
        "tokenizer.json",
    }
    modules = read(written / "modules.json")
    assert [module["type"].rpartition(".")[2] for module in modules] == ["StaticEmbedding", "Normalize"]
    assert all((written / module["path"]).is_dir() for module in modules)
    assert find_model(str(written)) == written


def test_the_numbers_can_be_read_by_hand(written: Path, embedder: StaticEmbedder) -> None:
    data = (written / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    assert length % 8 == 0
    shape = [len(embedder.vocabulary), embedder.dimensions]
    size = 4 * shape[0] * shape[1]
    assert json.loads(data[8 : 8 + length]) == {
        "embedding.weight": {"dtype": "F32", "shape": shape, "data_offsets": [0, size]}
    }
    assert len(data) == 8 + length + size
    numbers = np.frombuffer(data[8 + length :], dtype="<f4").reshape(shape)
    assert np.array_equal(numbers, embedder.table())


def test_the_tokenizer_holds_the_vocabulary_in_its_order(written: Path, embedder: StaticEmbedder) -> None:
    model = read(written / "tokenizer.json")["model"]
    assert sorted(model["vocab"], key=model["vocab"].__getitem__) == embedder.vocabulary
    assert list(model["vocab"].values()) == list(range(len(embedder.vocabulary)))
    assert (model["unk_token"], model["max_input_chars_per_word"]) == (UNKNOWN, LONGEST_WORD)


def test_the_readme_says_what_it_is(written: Path, embedder: StaticEmbedder) -> None:
    text = (written / "README.md").read_text("utf-8")
    assert f"{embedder.dimensions} dimensions" in text
    assert embedder.description["teacher"] in text


def test_written_again_it_is_the_same_to_the_byte(embedder: StaticEmbedder, written: Path, tmp_path: Path) -> None:
    export(embedder, tmp_path)
    assert files_of(tmp_path) == files_of(written)


@pytest.mark.parametrize("name", ["mine.txt", ".hidden", "modules.json"])
def test_a_folder_that_holds_something_is_left_as_it_is(
    embedder: StaticEmbedder, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match=rf"\A{tmp_path} is not empty; name a new folder\Z"):
        export(embedder, tmp_path)
    assert files_of(tmp_path) == {name: b"mine"}


def test_a_folder_that_cannot_be_made_is_named(embedder: StaticEmbedder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "model"):
        with pytest.raises(OutputError, match=rf"\Acannot write {folder}: ."):
            export(embedder, folder)
    assert files_of(tmp_path) == {"file": b"mine"}

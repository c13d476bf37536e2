from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.errors import SettingsError
from stormcell.text import static
from stormcell.text.static import FORMAT, SHIPPED, StaticEmbedder
from stormcell.text.wordpiece import UNKNOWN, WordPiece
from stormcell.types import FloatArray

VOCABULARY = ["[PAD]", UNKNOWN, "disk", "full", "##s", "!", "payment", "e", "盘"]
ROWS = [7, 7, 0, 1, 2, 7, 3, 4, 5]
"""Neither [PAD], [UNK] nor ! has a row; 6 is used by none."""
COUNT, DIMENSIONS = 7, 5


def save(folder: Path, *, vocabulary: Sequence[str] = VOCABULARY, rows: object = None, **changes: Any) -> Path:
    chance = np.random.default_rng(0)
    folder.mkdir(exist_ok=True)
    description = {"format": FORMAT, "dimensions": DIMENSIONS, "teacher": "a teacher"}
    (folder / "model.json").write_text(json.dumps(description))
    np.save(folder / "table.npy", chance.integers(-127, 128, (COUNT, DIMENSIONS)).astype(np.int8))
    np.save(folder / "scales.npy", chance.uniform(0.001, 0.01, COUNT).astype(np.float32))
    np.save(folder / "rows.npy", np.array(ROWS if rows is None else rows, dtype=np.uint16))
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in vocabulary))
    for name, value in changes.items():
        np.save(folder / f"{name}.npy", value)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small model, to be broken."""
    return save(tmp_path / "model")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> StaticEmbedder:
    return StaticEmbedder(str(save(tmp_path_factory.mktemp("static") / "model")))


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> StaticEmbedder:
    """One in which the sign ! has a row."""
    rows = list(ROWS)
    rows[VOCABULARY.index("!")] = 6
    return StaticEmbedder(str(save(tmp_path_factory.mktemp("static") / "model", rows=rows)))


@pytest.fixture(scope="module")
def shipped() -> StaticEmbedder:
    return StaticEmbedder()


@pytest.fixture(scope="module")
def table(shipped: StaticEmbedder) -> FloatArray:
    return shipped.table()


def lengths(vectors: FloatArray) -> FloatArray:
    found: FloatArray = np.linalg.norm(vectors.astype(float), axis=1)
    return found


def test_a_vector_is_the_unit_sum_of_the_rows_of_its_pieces(small: StaticEmbedder) -> None:
    table = small.table()
    assert table.shape == (len(VOCABULARY), DIMENSIONS)
    total = table[2] + table[4] + table[3]  # disk, ##s, full
    [vector] = small.embed(["Disks FULL!"])
    np.testing.assert_allclose(vector, total / np.linalg.norm(total), rtol=1e-6)


def test_pieces_without_a_row_have_no_part(small: StaticEmbedder) -> None:
    assert not small.table()[[0, 1, 5]].any()
    assert np.array_equal(*small.embed(["disk full", "disk! full ? xyz"]))
    assert not small.embed(["", "!", "? xyz", "\0"]).any()


def test_accents_and_ideographs_are_read(small: StaticEmbedder) -> None:
    assert np.array_equal(*small.embed(["e", "É"]))
    assert np.array_equal(*small.embed(["disk 盘", "disk盘"]))
    assert small.embed(["盘"]).any()


def test_a_sign_with_a_row_is_read_too(signed: StaticEmbedder) -> None:
    plain, with_sign = signed.embed(["disk full", "disk! full"])
    assert not np.array_equal(plain, with_sign)
    assert np.array_equal(*signed.embed(["!", " !\t"]))
    assert signed.embed(["!"]).any()


def test_tells_what_it_is(small: StaticEmbedder, shipped: StaticEmbedder) -> None:
    assert (small.dimensions, small.vocabulary) == (DIMENSIONS, VOCABULARY)
    assert small.description["teacher"] == "a teacher"
    assert shipped.description["format"] == FORMAT
    assert shipped.dimensions == shipped.description["dimensions"] == shipped.embed(["a"]).shape[1]


def test_other_words_for_one_fault_are_near(shipped: StaticEmbedder) -> None:
    disk, full, payment = shipped.embed(["no space left on device", "the disk is full", "payment was refused"])
    assert disk @ full > payment @ disk + 0.2
    assert disk @ full > payment @ full + 0.2


WORDS = [
    "disk full",
    "connection refused",
    "é",
    "盘",
    "no space left on device",
    "!",
    "",
    "\ud800",
    "NameNode: 5%",
]
TEXTS = st.lists(
    st.one_of(st.text(max_size=40), st.sampled_from(WORDS), st.sampled_from(WORDS).map(lambda w: w * 40))
)


@given(texts=TEXTS)
def test_vectors_are_unit_or_zero(shipped: StaticEmbedder, texts: list[str]) -> None:
    found = lengths(shipped.embed(texts))
    assert ((np.abs(found - 1) < 1e-5) | (found == 0)).all()


@given(texts=TEXTS, data=st.data())
def test_no_bit_of_a_vector_depends_on_the_other_texts(
    shipped: StaticEmbedder, texts: list[str], data: st.DataObject
) -> None:
    whole = shipped.embed(texts)
    at = data.draw(st.lists(st.integers(0, len(texts) - 1))) if texts else []
    assert np.array_equal(shipped.embed([texts[row] for row in at]), whole[np.array(at, dtype=int)])
    for text, vector in zip(texts, whole, strict=True):
        assert np.array_equal(shipped.embed([text])[0], vector)


def test_no_bit_of_a_vector_depends_on_what_was_embedded_before(shipped: StaticEmbedder) -> None:
    shipped.embed(["disk full", "connection refused " * 100])
    assert np.array_equal(shipped.embed(WORDS), StaticEmbedder().embed(WORDS))


@pytest.mark.parametrize("pieces", [63, 64, 65, 1023, 1024, 1025, 3000])
def test_texts_of_any_length_are_added_up_alike(shipped: StaticEmbedder, pieces: int) -> None:
    text = "disk full " * (pieces // 2) + "disk" * (pieces % 2)
    [alone] = shipped.embed([text])
    among = shipped.embed(["a b", text, "c", text, *["disk"] * 2000])
    assert np.array_equal(among[1], alone)
    assert np.array_equal(among[3], alone)
    ids = WordPiece(shipped.vocabulary)(text)
    assert len(ids) == pieces
    total = shipped.table()[ids].sum(axis=0, dtype=float)
    np.testing.assert_allclose(alone, total / np.linalg.norm(total), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "disk full " * 100_000, "盘" * 300_000, "x!" * 500_000, "\0" * 1_000_000]
)
def test_a_text_of_a_megabyte_ends(shipped: StaticEmbedder, text: str) -> None:
    [vector, _] = shipped.embed([text, "disk"])
    assert np.isfinite(vector).all()
    assert np.array_equal(vector, shipped.embed([text])[0])


ASCII = st.one_of(
    st.text(st.characters(max_codepoint=127)),
    st.lists(
        st.sampled_from(["disk", "Disks", "FULL", "e", "!", "#", "[UNK]", "x", "_", "-", " ", "\t", "\n"])
        | st.sampled_from(["\0", "\x0b", "\x0c", "\x1c", "\x1f", "\x7f"])
    ).map("".join),
)


# A soft hyphen is left out, and takes the whole text the way of those that are not ASCII.
@given(text=ASCII)
def test_ascii_is_read_as_any_text_is(
    shipped: StaticEmbedder, small: StaticEmbedder, signed: StaticEmbedder, text: str
) -> None:
    for embedder in (shipped, small, signed):
        assert np.array_equal(*embedder.embed([text, f"{text}\u00ad"]))


@given(texts=TEXTS)
def test_agrees_with_its_table(shipped: StaticEmbedder, table: FloatArray, texts: list[str]) -> None:
    reader = WordPiece(shipped.vocabulary)
    for text, vector in zip(texts, shipped.embed(texts), strict=True):
        total = table[reader(text)].sum(axis=0, dtype=float)
        length = np.linalg.norm(total)
        np.testing.assert_allclose(vector, total / length if length else total, atol=1e-5)


def test_what_is_remembered_is_bounded(small: StaticEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "_CACHED_WORDS", 3)
    texts = ["disk", "disks full e", "payment!", "盘 e disk", "disk"]
    vectors = small.embed(texts)
    assert len(small._known) <= 3
    assert np.array_equal(vectors[0], vectors[4])
    assert np.array_equal(vectors, np.vstack([small.embed([text]) for text in texts]))


@pytest.mark.parametrize("name", ["model.json", "table.npy", "scales.npy", "rows.npy", "vocab.txt"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(SettingsError, match=rf"text\.model: {folder} is not the folder .*it has no file {name}\Z"):
        StaticEmbedder(str(folder))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=rf"text\.model: {tmp_path / 'gone'} is not the folder"):
        StaticEmbedder(str(tmp_path / "gone"))


def _write(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(data)


def _array(name: str, value: object, dtype: type) -> Callable[[Path], object]:
    return lambda folder: np.save(folder / f"{name}.npy", np.array(value, dtype=dtype))


def _description(value: object) -> Callable[[Path], object]:
    return _write("model.json", json.dumps(value).encode())


GOOD = rf"\({COUNT}, {DIMENSIONS}\)"
BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "other format": (
        _description({"format": "stormcell.static/2", "dimensions": DIMENSIONS}),
        r"model\.json: expected the format stormcell\.static/1, found 'stormcell\.static/2'",
    ),
    "no format": (_description({}), r"model\.json: expected the format stormcell\.static/1, found None"),
    "no description": (_description([1]), r"model\.json: expected the format stormcell\.static/1, found None"),
    "other dimensions": (
        _description({"format": FORMAT, "dimensions": 6}),
        rf"table\.npy: expected int8 of shape \({COUNT}, 6\) by scales\.npy and model\.json, "
        rf"found int8 of shape {GOOD}",
    ),
    "no dimensions": (
        _description({"format": FORMAT}),
        rf"table\.npy: expected int8 of shape \({COUNT}, None\) .*, found int8 of shape {GOOD}",
    ),
    "table of other numbers": (
        _array("table", np.zeros((COUNT, DIMENSIONS)), np.float32),
        rf"table\.npy: expected int8 of shape {GOOD} .*, found float32 of shape {GOOD}",
    ),
    "flat table": (
        _array("table", [0] * COUNT, np.int8),
        rf"table\.npy: expected int8 of shape {GOOD} .*, found int8 of shape \({COUNT},\)",
    ),
    "too few scales": (
        _array("scales", [1.0], np.float32),
        rf"table\.npy: expected int8 of shape \(1, {DIMENSIONS}\) .*, found int8 of shape {GOOD}",
    ),
    "NaN scale": (
        _array("scales", [1.0] * (COUNT - 1) + [np.nan], np.float32),
        r"scales\.npy: expected finite numbers",
    ),
    "infinite scale": (_array("scales", [np.inf] * COUNT, np.float32), r"scales\.npy: expected finite numbers"),
    "too few rows": (
        _array("rows", ROWS[:-1], np.uint16),
        rf"rows\.npy: expected a row number \(0 to {COUNT}\) for each of the {len(VOCABULARY)} lines of "
        rf"vocab\.txt, found uint16 of shape \({len(VOCABULARY) - 1},\)",
    ),
    "row out of range": (_array("rows", [COUNT + 1] * len(ROWS), np.uint16), r"rows\.npy: expected a row number"),
    "rows with signs": (_array("rows", ROWS, np.int16), r"rows\.npy: .* found int16 of shape"),
    "one word less": (_write("vocab.txt", f"{UNKNOWN}\ndisk\n".encode()), r"rows\.npy: .* each of the 2 lines"),
    "nothing unknown": (
        _write("vocab.txt", b"".join(b"word\n" for _ in VOCABULARY)),
        r"vocab\.txt: expected a line \[UNK\]",
    ),
}


@pytest.mark.parametrize(("damage", "problem"), BROKEN.values(), ids=BROKEN)
def test_files_that_do_not_fit_are_named_with_what_was_expected_and_found(
    folder: Path, damage: Callable[[Path], object], problem: str
) -> None:
    damage(folder)
    with pytest.raises(SettingsError, match=rf"\Atext\.model: {folder} is not a usable model\. {problem}"):
        StaticEmbedder(str(folder))


UNREADABLE = {
    "no JSON": _write("model.json", b"{"),
    "JSON of other characters": _write("model.json", b"\xff"),
    "no array": _write("table.npy", b"no array"),
    "cut array": lambda folder: _write("table.npy", (folder / "table.npy").read_bytes()[:-5])(folder),
    "objects": lambda folder: np.save(folder / "scales.npy", np.array([{}], dtype=object), allow_pickle=True),
    "other characters": _write("vocab.txt", b"\xff\n"),
}


@pytest.mark.parametrize("damage", UNREADABLE.values(), ids=UNREADABLE)
def test_files_that_cannot_be_read_are_told(folder: Path, damage: Callable[[Path], object]) -> None:
    damage(folder)
    with pytest.raises(SettingsError, match=rf"\Atext\.model: {folder} cannot be read: ."):
        StaticEmbedder(str(folder))


def test_the_shipped_model_is_as_it_says(shipped: StaticEmbedder) -> None:
    table = shipped.table()
    assert table.shape == (len(shipped.vocabulary), shipped.dimensions)
    assert int(table.any(axis=1).sum()) == len(np.load(SHIPPED / "scales.npy")) == shipped.description["pieces"]

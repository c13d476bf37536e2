from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from stormcell import registry
from stormcell.errors import SettingsError
from stormcell.protocols import Clusterer, Embedder, Exporter
from stormcell.types import FloatArray

Register = Callable[[str, str], None]


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch, kind: str) -> Register:
    def add(name: str, value: str) -> None:
        point = EntryPoint(name, value, f"stormcell.{kind}s")
        monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == point.group else [])

    return add


FIND: dict[str, Callable[[str], object]] = {
    "exporter": registry.exporter,
    "clusterer": registry.clusterer,
    "embedder": registry.embedder,
}
every_kind = pytest.mark.parametrize("kind", FIND)


class Spelled:
    def __init__(self, model: str) -> None:
        if model == "nosuch":
            raise SettingsError("text.model: there is no model 'nosuch'")
        self.model = model

    def embed(self, texts: Sequence[str]) -> FloatArray:
        return np.zeros((len(texts), 1), dtype=np.float32)


def test_finds_our_exporter(tmp_path: Path) -> None:
    found = registry.exporter("ndjson")
    assert isinstance(found, Exporter)
    found.export([], tmp_path / "groups.ndjson")
    assert (tmp_path / "groups.ndjson").read_bytes() == b""


def test_finds_our_clusterer_where_none_is_named() -> None:
    assert isinstance(registry.clusterer(), Clusterer)
    assert type(registry.clusterer()) is type(registry.clusterer("fasterpam"))


def test_finds_our_embedder() -> None:
    assert isinstance(registry.embedder("static"), Embedder)


@pytest.mark.parametrize("kind", ["embedder"])
def test_an_embedder_is_made_with_its_model(register: Register, kind: str) -> None:
    register("spelled", f"{__name__}:Spelled")
    assert vars(registry.embedder("spelled", "a/b")) == {"model": "a/b"}
    assert vars(registry.embedder("spelled")) == {"model": ""}


@pytest.mark.parametrize("kind", ["embedder"])
def test_what_an_embedder_says_of_its_model_stands_alone(register: Register, kind: str) -> None:
    register("spelled", f"{__name__}:Spelled")
    with pytest.raises(SettingsError, match=r"\Atext\.model: there is no model 'nosuch'\Z"):
        registry.embedder("spelled", "nosuch")


@pytest.mark.parametrize(
    ("kind", "known"),
    [("exporter", "ndjson"), ("clusterer", "fasterpam, kmeans"), ("embedder", "sentence-transformers, static")],
)
def test_an_unknown_name_lists_the_known_ones(kind: str, known: str) -> None:
    with pytest.raises(SettingsError, match=rf"no {kind} is called 'nosuch'; there are: .*{known}"):
        FIND[kind]("nosuch")


@every_kind
@pytest.mark.parametrize("value", ["no_such_module:Thing", "stormcell.registry:Nothing", "builtins:zip.nothing"])
def test_says_what_cannot_be_loaded(register: Register, kind: str, value: str) -> None:
    register("broken", value)
    with pytest.raises(SettingsError, match=rf"the {kind} 'broken' \({value}\) cannot be loaded"):
        FIND[kind]("broken")


@pytest.mark.parametrize(
    ("kind", "method"), [("exporter", "export"), ("clusterer", "cluster"), ("embedder", "embed")]
)
def test_refuses_what_is_something_else(register: Register, kind: str, method: str) -> None:
    register("odd", "builtins:dict")
    with pytest.raises(SettingsError, match=rf"the {kind} 'odd' \(builtins:dict\) has no method `{method}`"):
        FIND[kind]("odd")


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("kmeans", "sklearn", "scikit-learn"),
        ("minibatch-kmeans", "sklearn", "scikit-learn"),
        ("sklearn-extra-alternate", "sklearn_extra", "scikit-learn-extra"),
        ("sklearn-extra-pam", "sklearn_extra", "scikit-learn-extra"),
        ("sklearn-extra-clara", "sklearn_extra", "scikit-learn-extra"),
    ],
)
def test_a_package_that_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    wanted = rf"the clusterer '{name}' .* it needs {extra}\b.*: pip install 'stormcell\[{extra}\]'"
    with pytest.raises(SettingsError, match=wanted):
        registry.clusterer(name)


def test_scikit_learn_extra_with_a_numpy_that_it_does_not_know(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sklearn_extra").mkdir()
    (tmp_path / "sklearn_extra" / "__init__.py").write_text("raise ValueError('numpy.dtype size changed')")
    monkeypatch.delitem(sys.modules, "sklearn_extra", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SettingsError, match=r"Python 3\.11 and numpy before 2 only.*numpy\.dtype size changed"):
        registry.clusterer("sklearn-extra-pam")

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
from stormcell.types import FloatArray, Group

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


class Kept:
    """An exporter that keeps what it was made with."""

    def __init__(
        self, room: str, *, most: int = 3, share: float = 0.5, loud: bool = False, at: Path = Path()
    ) -> None:
        if room == "none":
            raise SettingsError("room: expected one that there is")
        if room == "odd":
            raise KeyError(room)
        self.made = (room, most, share, loud)

    def export(self, groups: Sequence[Group], target: str | Path) -> None: ...


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


@pytest.mark.parametrize("kind", ["exporter"])
def test_an_exporter_is_made_with_its_options(register: Register, kind: str) -> None:
    register("kept", f"{__name__}:Kept")
    assert vars(registry.exporter("kept", {"room": "a"}))["made"] == ("a", 3, 0.5, False)
    made = registry.exporter("kept", {"room": "a", "most": 4, "share": 1, "loud": True})
    assert vars(made)["made"] == ("a", 4, 1, True)


@pytest.mark.parametrize("kind", ["exporter"])
def test_annotations_need_not_be_texts(register: Register, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    register("kept", f"{__name__}:Kept")
    monkeypatch.setattr(Kept.__init__, "__annotations__", {"room": str, "most": int, "at": Path})
    assert vars(registry.exporter("kept", {"room": "a", "most": 4}))["made"] == ("a", 4, 0.5, False)
    with pytest.raises(SettingsError, match="has no option 'at'; there are: room, most"):
        registry.exporter("kept", {"room": "a", "at": "b"})


@pytest.mark.parametrize("kind", ["exporter"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"room": "a", "colour": "s3cret"}, " has no option 'colour'; there are: room, most, share, loud"),
        ({"room": "a", "at": "s3cret"}, " has no option 'at'; there are: room, most, share, loud"),
        ({"room": "a", "self": "s3cret"}, " has no option 'self'; there are: room, most, share, loud"),
        ({"room": 5}, ": the option 'room': expected text, found a whole number"),
        ({"room": "a", "most": "s3cret"}, ": the option 'most': expected a whole number, found text"),
        ({"room": "a", "most": 1.5}, ": the option 'most': expected a whole number, found a number"),
        ({"room": "a", "most": True}, ": the option 'most': expected a whole number, found true or false"),
        ({"room": "a", "share": False}, ": the option 'share': expected a number, found true or false"),
        ({"room": "a", "loud": "s3cret"}, ": the option 'loud': expected true or false, found text"),
        ({"most": 4}, " needs the option 'room': text"),
        ({"room": "none"}, ": room: expected one that there is"),
        ({"room": "odd"}, " cannot be loaded: 'odd'"),
    ],
    ids=str,
)
def test_options_that_it_cannot_be_made_with(
    register: Register, kind: str, options: dict[str, str | float | bool], said: str
) -> None:
    register("kept", f"{__name__}:Kept")
    with pytest.raises(SettingsError) as caught:
        registry.exporter("kept", options)
    assert str(caught.value) == f"the exporter 'kept' ({__name__}:Kept){said}"


@pytest.mark.parametrize("name", ["console", "ndjson", "ndjson-append", "otlp"])
def test_those_of_ours_that_take_no_options_say_so(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"the exporter '{name}' \(.*\) has no option 'now'; it takes none\Z"):
        registry.exporter(name, {"now": 3})


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

"""A layered graph holds all there is, and its arrows go right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stormcell.render.report.layers import Layers, layered

NAMES = "abcdefgh"
EDGES = st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=20)


def layer_of(found: Layers) -> dict[object, int]:
    return {place: at for at, layer in enumerate(found.layers) for place in layer}


@given(EDGES)
def test_every_node_and_bend_has_one_place(edges: set[tuple[str, str]]) -> None:
    found = layered(NAMES, edges)
    places = [place for layer in found.layers for place in layer]
    assert len(set(places)) == len(places)
    assert {place for place in places if isinstance(place, str)} == set(NAMES)
    assert set(found.bends) == {(a, b) for a, b in edges if a != b}
    assert all(any(isinstance(place, str) for place in layer) for layer in found.layers)
    at = layer_of(found)
    for (a, b), bends in found.bends.items():
        assert at[a] != at[b]
        step = 1 if at[a] < at[b] else -1
        assert [at[bend] for bend in bends] == list(range(at[a] + step, at[b], step))


@given(EDGES)
def test_without_circles_every_arrow_goes_right(edges: set[tuple[str, str]]) -> None:
    down = {(a, b) for a, b in edges if a < b}
    found = layered(NAMES, down)
    at = layer_of(found)
    assert all(at[a] < at[b] for a, b in down)


def test_a_chain_with_a_shortcut_and_a_way_back() -> None:
    found = layered("abc", {("a", "b"), ("b", "c"), ("a", "c"), ("c", "a")})
    at = layer_of(found)
    assert [at[name] for name in "abc"] == [0, 1, 2]
    assert found.bends[("a", "c")] == (("a", "c", 1),)
    assert len(found.bends[("c", "a")]) == 1


def test_crossings_are_undone() -> None:
    found = layered(["a", "b", "x", "y"], {("a", "y"), ("b", "x")})
    assert found.layers in ((("a", "b"), ("y", "x")), (("b", "a"), ("x", "y")))


def test_nothing() -> None:
    assert layered([], set()) == Layers((), {})

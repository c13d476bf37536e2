"""Where the boxes of a graph stand: in layers from left to right, as the arrows go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

_SWEEPS = 8

Bend = tuple[str, str, int]
"""Where an arrow between two nodes passes through a layer."""
Place = str | Bend
Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Layers:
    """A graph in layers.

    Attributes
    ----------
    layers : tuple of tuple of Place
        From left to right, each from top to bottom: nodes, and bends of arrows that pass through.
    bends : dict of Edge to tuple of Bend
        What each arrow passes through, in its own direction; nothing where it only goes to the next layer.
    """

    layers: tuple[tuple[Place, ...], ...]
    bends: dict[Edge, tuple[Bend, ...]]


def layered(nodes: Sequence[str], edges: Collection[Edge]) -> Layers:
    """Return the nodes in layers, so that arrows go right and cross little.

    As in Sugiyama, Tagawa & Toda, "Methods for visual understanding of hierarchical system structures" (1981):
    arrows that close a circle are turned round, each node stands right of all that lead to it, an arrow that
    passes through layers has a place in each, and the layers are sorted, over and over, by the mean place of the
    neighbours in the layer before, and then after.

    Parameters
    ----------
    nodes : sequence of str
        In the order in which they are to stand where nothing else is to be said.
    edges : collection of (str, str)
        Of nodes, from the left to the right; one to itself is passed over.
    """
    given = sorted({(a, b) for a, b in edges if a != b})
    turned = _circles(nodes, given)
    forward = {(b, a) if (a, b) in turned else (a, b) for a, b in given}
    layer = _longest(nodes, sorted(forward))
    layers: list[list[Place]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node in nodes:
        layers[layer[node]].append(node)
    left: dict[Place, list[Place]] = {node: [] for node in nodes}
    right: dict[Place, list[Place]] = {node: [] for node in nodes}
    through: dict[Edge, tuple[Bend, ...]] = {}
    for a, b in sorted(forward):
        through[a, b] = tuple((a, b, at) for at in range(layer[a] + 1, layer[b]))
        for bend in through[a, b]:
            layers[bend[2]].append(bend)
        path: list[Place] = [a, *through[a, b], b]
        for one, other in pairwise(path):
            right.setdefault(one, []).append(other)
            left.setdefault(other, []).append(one)
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        for at in range(1, len(layers)) if forth else range(len(layers) - 2, -1, -1):
            _sort(layers[at], layers[at - 1 if forth else at + 1], left if forth else right)
    bends = {(a, b): through[b, a][::-1] if (a, b) in turned else through[a, b] for a, b in given}
    return Layers(tuple(map(tuple, layers)), bends)


def _circles(nodes: Sequence[str], edges: Sequence[Edge]) -> set[Edge]:
    """Return the edges that lead back to where a walk came from."""
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for a, b in edges:
        after[a].append(b)
    entered = {b for _, b in edges}
    left: set[str] = set()
    inside: dict[str, None] = {}
    back: set[Edge] = set()
    for start in sorted(nodes, key=lambda node: node in entered):
        if start in left:
            continue
        inside[start] = None
        walk = [(start, iter(after[start]))]
        while walk:
            node, following = walk[-1]
            step = next(following, None)
            if step is None:
                left.add(node)
                del inside[node]
                walk.pop()
            elif step in inside:
                back.add((node, step))
            elif step not in left:
                inside[step] = None
                walk.append((step, iter(after[step])))
    return back


def _longest(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Return the layer of each node: one more than the last of those that lead to it."""
    before = dict.fromkeys(nodes, 0)
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for a, b in edges:
        before[b] += 1
        after[a].append(b)
    layer = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if before[node] == 0]
    while ready:
        node = ready.pop()
        for other in after[node]:
            layer[other] = max(layer[other], layer[node] + 1)
            before[other] -= 1
            if before[other] == 0:
                ready.append(other)
    return layer


def _sort(layer: list[Place], other: Sequence[Place], near: dict[Place, list[Place]]) -> None:
    """Sort a layer by the mean place of its neighbours in another; who has none there keeps its place."""
    place = {one: at / max(len(other) - 1, 1) for at, one in enumerate(other)}
    own = {one: at / max(len(layer) - 1, 1) for at, one in enumerate(layer)}

    def key(one: Place) -> float:
        those = [place[neighbour] for neighbour in near.get(one, ()) if neighbour in place]
        return sum(those) / len(those) if those else own[one]

    layer.sort(key=key)

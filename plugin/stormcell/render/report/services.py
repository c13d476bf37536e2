"""Who called whom in a group, and who is blamed: the service graph, drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stormcell.render.calls import called_rows
from stormcell.render.html import counted, percent
from stormcell.render.report.layers import Bend, Edge, Layers, layered
from stormcell.text.shorten import shorten
from stormcell.types import Material

MOST_BOXES, MOST_ARROWS = 16, 32
"""Boxes, and arrows where not more calls were seen in the group itself."""
_HEIGHT, _GAP, _AISLE, _MARGIN = 34, 12, 64, 6
_LANE, _HEAD = 8, 5
_KINDS = ("usual", "called", "failed")
_LETTER, _PADDING = 6.6, 18
_LONGEST = 30
_TINT = 0.4
"""How strongly the box of one that is blamed for everything is coloured: its text stays legible."""


@dataclass(frozen=True, slots=True)
class Box:
    """A service; ``tint`` is how strongly it is coloured, by its blame."""

    x: int
    y: int
    width: int
    name: str
    label: str
    blame: str
    tint: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """Calls from one service to another.

    Attributes
    ----------
    path : str
    kind : str
        "failed" where spans of the group failed, "called" where none did, "usual" where no span of the group but
        what was learned tells of it.
    wide : str
    words : str
    """

    path: str
    kind: str
    wide: str
    words: str


@dataclass(frozen=True, slots=True)
class Graph:
    """The graph of a group.

    Attributes
    ----------
    width, height : int
    boxes : tuple of Box
    arrows : tuple of Arrow
    apart : tuple of str
        Services that neither call nor are called by another of those that are drawn.
    left_out : int
        Services for which there was no room.
    words : str
    """

    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    apart: tuple[str, ...]
    left_out: int
    words: str


Calls = dict[Edge, tuple[int, int]]
"""Spans, and how many of them failed."""


def calls_of(material: Material) -> Calls:
    """Return how many spans of a group are calls from one service to another, and how many of them failed."""
    found = called_rows(row for atom in material.atoms for row in atom.rows)
    return {
        edge: (
            sum(len(row.members) for _, row in pairs),
            sum(len(row.members) for _, row in pairs if row.event.is_error),
        )
        for edge, pairs in found.items()
    }


def graph(material: Material, usual: Mapping[Edge, float]) -> Graph | None:
    """Return the graph of a group's services; None where nobody is known to call another.

    Parameters
    ----------
    material : Material
    usual : mapping of (str, str) to float
        Calls that were seen before.
    """
    calls = calls_of(material)
    blame = {part.name: part.blame for part in material.group.services if part.name}
    named = _named(material, blame, calls)
    shown = set(named[:MOST_BOXES])
    edges = {edge for edge in calls if shown.issuperset(edge)}
    others = [edge for edge in usual if shown.issuperset(edge) and edge[0] != edge[1] and edge not in edges]
    others.sort(key=lambda edge: (-usual[edge], edge))
    edges |= set(others[: max(MOST_ARROWS - len(edges), 0)])
    if not edges:
        return None
    joined = [name for name in named if any(name in edge for edge in edges)]
    layers = layered(joined, edges)
    laid = _lay(layers, blame)
    # Calls of members last: they are drawn over the others.
    arrows = [_arrow(edge, layers.bends[edge], laid, calls.get(edge)) for edge in sorted(edges)]
    arrows.sort(key=lambda arrow: _KINDS.index(arrow.kind))
    words = "; ".join(arrow.words for arrow in arrows if arrow.kind != "usual")
    return Graph(
        width=laid.sides[-1][1] + _MARGIN,
        height=laid.height,
        boxes=tuple(laid.boxes.values()),
        arrows=tuple(arrows),
        apart=tuple(name for name in named[:MOST_BOXES] if name not in laid.boxes),
        left_out=len(named) - len(shown),
        words=words or "no calls between members",
    )


def _named(material: Material, blame: Mapping[str, float], calls: Calls) -> Sequence[str]:
    """Return the services of a group: those with most blame first, then those that are called most."""
    weight = {row.event.service: 0 for atom in material.atoms for row in atom.rows if row.event.service}
    weight |= dict.fromkeys(blame, 0)
    for edge, (count, _) in calls.items():
        for name in edge:
            weight[name] += count
    return sorted(weight, key=lambda name: (-round(blame.get(name, 0.0), 2), -weight[name], name))


@dataclass(frozen=True, slots=True)
class _Laid:
    """Where everything is: boxes by name, the height at which an arrow passes a layer, and each layer's sides."""

    boxes: dict[str, Box]
    bends: dict[Bend, int]
    sides: tuple[tuple[int, int], ...]
    height: int


def _lay(layers: Layers, blame: Mapping[str, float]) -> _Laid:
    heights = [sum(_HEIGHT if isinstance(one, str) else _LANE for one in layer) for layer in layers.layers]
    tall = [height + _GAP * (len(layer) - 1) for height, layer in zip(heights, layers.layers, strict=True)]
    height = max(tall) + 2 * _MARGIN
    boxes: dict[str, Box] = {}
    bends: dict[Bend, int] = {}
    sides = []
    x = _MARGIN
    for layer, own in zip(layers.layers, tall, strict=True):
        labels = {one: shorten(one, _LONGEST) for one in layer if isinstance(one, str)}
        width = round(max(len(label) for label in labels.values()) * _LETTER) + _PADDING
        y = (height - own) // 2
        for place in layer:
            if isinstance(place, str):
                part = blame.get(place, 0.0)
                said = f"{percent(part)} of the blame" if part else "not blamed"
                boxes[place] = Box(x, y, width, place, labels[place], said, f"{_TINT * part:.2f}")
                y += _HEIGHT + _GAP
            else:
                bends[place] = y + _LANE // 2
                y += _LANE + _GAP
        sides.append((x, x + width))
        x += width + _AISLE
    return _Laid(boxes, bends, tuple(sides), height)


def _arrow(edge: Edge, through: Sequence[Bend], laid: _Laid, seen: tuple[int, int] | None) -> Arrow:
    a, b = (laid.boxes[name] for name in edge)
    forth = a.x < b.x
    stops = [(a.x + a.width if forth else a.x, a.y + _HEIGHT // 2)]
    for bend in through:
        sides = laid.sides[bend[2]]
        stops += [(x, laid.bends[bend]) for x in (sides if forth else sides[::-1])]
    stops.append((b.x - _HEAD if forth else b.x + b.width + _HEAD, b.y + _HEIGHT // 2))
    path = f"M{stops[0][0]} {stops[0][1]}"
    for (x, y), (to, other) in pairwise(stops):
        middle = (x + to) // 2
        # Within a layer it goes straight on, between two it swings.
        path += f"H{to}" if y == other else f"C{middle} {y} {middle} {other} {to} {other}"
    if seen is None:
        return Arrow(path, "usual", "1", "")
    count, failed = seen
    words = f"{a.name} calls {b.name}: {counted(count, 'span')}" + (f", {failed:,} failed" if failed else "")
    return Arrow(path, "failed" if failed else "called", f"{min(1 + count.bit_length() / 2, 5):g}", words)

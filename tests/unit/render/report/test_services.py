"""The service graph shows the calls that the spans of a group tell."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.render.report.services import MOST_ARROWS, MOST_BOXES, Graph, calls_of, graph
from stormcell.types import Blame, Event, Material, Signal
from tests.unit.render.samples import event, group, row, s


def span(number: int, service: str, parent: int = 0, *, failed: bool = False, trace: str = "t") -> Event:
    return event(
        f"{number:016x}",
        f"op {number}",
        signal=Signal.SPAN,
        service=service,
        severity=0,
        time=s(number),
        status="error" if failed else "unset",
        trace_id=trace,
        span_id=f"{number:016x}",
        parent_id=f"{parent:016x}" if parent else "",
    )


def material(*spans: Event, blame: dict[str, float] | None = None, times: int = 1) -> Material:
    rows = [row(one, *(f"{one.uid}-{n}" for n in range(1, times))) for one in spans]
    made, atom = group(rows, spans[0], services=tuple(Blame(*pair) for pair in (blame or {}).items()))
    return Material(made, [atom])


def drawn(*spans: Event, usual: dict[tuple[str, str], float] | None = None, **other: object) -> Graph:
    found = graph(material(*spans, **other), usual or {})  # type: ignore[arg-type]  # the caller names real ones
    assert found is not None
    return found


SPANS = (
    span(1, "web"),
    span(2, "cart", 1),
    span(3, "cart", 1, failed=True),
    span(4, "cart", 2),
    span(5, "db", 4, failed=True),
    span(6, "lost", 99),
    span(7, "other trace", 1, trace="u"),
)


def test_calls_are_counted_between_members_of_one_trace() -> None:
    assert calls_of(material(*SPANS)) == {("web", "cart"): (2, 1), ("cart", "db"): (1, 1)}
    assert calls_of(material(*SPANS, times=3)) == {("web", "cart"): (6, 3), ("cart", "db"): (3, 3)}


def test_boxes_arrows_and_words() -> None:
    found = drawn(*SPANS, blame={"db": 0.75, "cart": 0.25}, usual={("web", "cart"): 9.0, ("cart", "cart"): 2.0})
    boxes = {box.name: box for box in found.boxes}
    assert set(boxes) == {"web", "cart", "db"}
    assert boxes["web"].x < boxes["cart"].x < boxes["db"].x
    assert (boxes["db"].blame, boxes["db"].tint, boxes["web"].blame) == ("75% of the blame", "0.30", "not blamed")
    assert [(arrow.kind, arrow.words) for arrow in found.arrows] == [
        ("failed", "cart calls db: 1 span, 1 failed"),
        ("failed", "web calls cart: 2 spans, 1 failed"),
    ]
    assert found.words == "cart calls db: 1 span, 1 failed; web calls cart: 2 spans, 1 failed"
    assert (found.apart, found.left_out) == (("lost", "other trace"), 0)


def test_what_was_learned_is_drawn_where_no_span_tells_it() -> None:
    found = drawn(span(1, "web"), blame={"db": 1.0}, usual={("web", "db"): 3.0, ("db", "elsewhere"): 5.0})
    assert [(arrow.kind, arrow.words) for arrow in found.arrows] == [("usual", "")]
    assert found.words == "no calls between members"


def test_without_calls_there_is_no_graph() -> None:
    assert graph(material(span(1, "web"), span(2, "db")), {("web", "elsewhere"): 1.0}) is None


def test_a_large_one_keeps_the_most_blamed() -> None:
    spans = [span(n + 1, f"s{n:02}", n) for n in range(40)]
    usual = {(f"s{a:02}", f"s{b:02}"): float(a + b) for a in range(40) for b in range(40) if a != b}
    found = drawn(*spans, blame={"s39": 0.6, "s38": 0.4}, usual=usual)
    assert {"s38", "s39"} <= {box.name for box in found.boxes}
    assert (len(found.boxes), found.left_out) == (MOST_BOXES, 40 - MOST_BOXES)
    assert len(found.arrows) == MOST_ARROWS
    assert {arrow.kind for arrow in found.arrows} == {"usual", "called"}


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_all_is_inside_and_no_boxes_overlap(edges: set[tuple[int, int]]) -> None:
    usual = {(f"s{a}", f"s{b}"): 1.0 for a, b in edges if a != b}
    found = graph(material(*(span(n + 1, f"s{n}") for n in range(10))), usual)
    if found is None:
        assert not usual
        return
    assert len(found.arrows) == len(usual)
    for at, box in enumerate(found.boxes):
        assert 0 <= box.x <= box.x + box.width <= found.width
        assert 0 <= box.y <= box.y + 34 <= found.height
        for other in found.boxes[:at]:
            assert box.x != other.x or abs(box.y - other.y) >= 34
    for arrow in found.arrows:
        numbers = [int(number) for number in re.findall(r"-?\d+", arrow.path)]
        assert all(0 <= number <= max(found.width, found.height) for number in numbers)


@pytest.mark.parametrize("name", ["a" * 300, "\x1b[31m", "ü" * 40])
def test_a_long_name_is_cut_in_its_box_only(name: str) -> None:
    found = drawn(span(1, "web"), span(2, name, 1))
    [box] = [box for box in found.boxes if box.name == name]
    assert len(box.label) <= 32


def test_equal_groups_give_equal_graphs() -> None:
    made = material(*SPANS)
    turned = replace(made, atoms=[replace(atom, rows=atom.rows[::-1]) for atom in made.atoms])
    assert graph(made, {}) == graph(turned, {})

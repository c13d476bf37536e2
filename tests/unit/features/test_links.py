from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import LinksSettings
from stormcell.features.links import find_links, join
from stormcell.types import Event, Link
from tests.unit.features.build import SECOND, alert, log, rows_of, span

SETTINGS = LinksSettings(burst_seconds=1, alert_seconds=60, key_life_seconds=1800)
ORDER = "order-482913"
UUID = "2b1477d5-5f6e-4a0b-9c3d-0123456789ab"
TRACES = ("a" * 32, "b" * 32)


def links(*events: Event) -> list[tuple[str, str]]:
    return [(link.reason, link.key) for link in find_links(rows_of(events), SETTINGS)]


def test_a_trace_links_for_half_an_hour() -> None:
    trace = TRACES[0]
    assert links(log(0, trace_id=trace), span(1, at=1800, trace_id=trace)) == [("trace", trace)]
    assert links(log(0, trace_id=trace), span(1, at=1801, trace_id=trace)) == []


def test_a_burst_without_end_is_cut_every_minute() -> None:
    rows = rows_of(log(second, trace_id="") for second in range(600))
    atoms = join(len(rows), find_links(rows, LinksSettings()))
    assert len(set(atoms.tolist())) == 10


@pytest.mark.parametrize(
    ("one", "other", "reason", "limit"),
    [
        ({"text": f"paid {UUID}"}, {"text": f"lost {UUID}"}, ("id", UUID), 1800),
        ({"text": f"paid {ORDER}"}, {"text": f"lost {ORDER}"}, ("resource", ORDER), 1800),
        ({"attributes": {"request_id": "R"}}, {"attributes": {"req.id": "r"}}, ("id", "r"), 1800),
    ],
)
def test_ids_link_while_they_live(
    one: dict[str, object], other: dict[str, object], reason: tuple[str, str], limit: int
) -> None:
    assert links(log(0, **one), log(limit, service="cart", **other)) == [reason]
    assert links(log(0, **one), log(limit + 0.001, service="cart", **other)) == []


def test_logs_without_a_trace_link_in_bursts() -> None:
    assert links(log(0.5), log(1.5, text="b")) == [("burst", "shop||")]
    assert links(log(0.5), log(1.501, text="b")) == []
    assert links(log(0.5), log(0.6, service="cart")) == []
    assert links(log(0.5), log(0.6, resource={"k8s.pod.name": "p"})) == []
    assert links(log(0.5), log(0.6, attributes={"logger": "l"})) == []
    assert links(log(0.5, trace_id=TRACES[0]), log(0.6, trace_id=TRACES[1])) == []


def test_notifications_of_one_alert_link() -> None:
    assert links(alert(0), alert(60)) == [("alert", "shop|Down")]
    assert links(alert(0), alert(60.001)) == []
    assert links(alert(0), alert(1, text="Slow")) == []
    assert links(alert(0), alert(1, service="cart")) == []


def test_a_row_is_never_linked_to_itself() -> None:
    assert links(log(trace_id=TRACES[0], text=UUID, attributes={"request_id": UUID})) == []


events = st.lists(
    st.builds(
        log,
        st.floats(0, 6).map(lambda at: round(at, 1)),
        text=st.sampled_from(["a", "b", ORDER, f"{ORDER} and order-999999"]),
        service=st.sampled_from(["shop", "cart"]),
        trace_id=st.sampled_from(["", "", *TRACES]),
    ),
    max_size=14,
)


def components(count: int, pairs: list[tuple[int, int]]) -> list[int]:
    """Number the connected components by their first member, by flooding."""
    labels = [-1] * count
    for start in range(count):
        if labels[start] >= 0:
            continue
        number, front = max(labels, default=-1) + 1, [start]
        while front:
            row = front.pop()
            if labels[row] < 0:
                labels[row] = number
                front += [b if a == row else a for a, b in pairs if row in (a, b)]
    return labels


def test_an_id_in_every_line_does_not_join_everything() -> None:
    every_ten_minutes = [log(number * 600, text=f"paid {ORDER}") for number in range(12)]
    rows = rows_of(every_ten_minutes)
    labels = join(len(rows), find_links(rows, SETTINGS))
    assert labels.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]


@given(events, st.sampled_from([0.5, 1, 10]))
def test_atoms_are_those_of_all_pairs(made: list[Event], bucket: float) -> None:
    """The chain of links joins the same rows as a link between every two that are near enough."""
    rows = rows_of(made, bucket)
    settings = LinksSettings(burst_seconds=0.7)
    limits = {"trace": float("inf"), "burst": 0.7, "resource": float("inf")}
    near = []
    for a, b in combinations(range(len(rows)), 2):
        gap = (max(rows.first[a], rows.first[b]) - min(rows.last[a], rows.last[b])) / SECOND
        shared = {key.partition(":")[0] for key in set(rows.keys[a]) & set(rows.keys[b])}
        if any(gap <= limits[reason] for reason in shared):
            near.append((a, b))
    assert join(len(rows), find_links(rows, settings)).tolist() == components(len(rows), near)


@given(
    st.integers(1, 20).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2))))
)
def test_join_finds_the_connected_components(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, pairs = graph
    found = join(count, [Link(a, b, "trace", "") for a, b in pairs])
    assert found.tolist() == components(count, pairs)


def test_join_nothing() -> None:
    assert join(0, []).tolist() == []

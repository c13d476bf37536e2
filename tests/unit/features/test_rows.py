from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import Settings
from stormcell.features.rows import build_rows
from stormcell.text.mining import TemplateMiner
from stormcell.text.skeleton import skeleton
from stormcell.text.slots import slots
from stormcell.types import Event, Rows, Signal
from tests.unit.features.build import SECOND, START, alert, log, rows_of, span

UUID = "2b1477d5-5f6e-4a0b-9c3d-0123456789ab"
TRACE = "a" * 32


def assert_equal(one: Rows, other: Rows) -> None:
    for field in dataclasses.fields(Rows):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if field.name == "spans":
            for name in ("row", "span", "parent", "duration"):
                assert np.array_equal(getattr(a, name), getattr(b, name)), name
        elif isinstance(a, np.ndarray):
            assert np.array_equal(a, b), field.name
        else:
            assert a == b, field.name


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """Draw events with few different texts, times and traces, so that many fall together."""
    made: list[Event] = []
    for number in range(draw(st.integers(0, 12))):
        at = draw(st.sampled_from([0, 0.2, 0.9, 1.5, 60]))
        kind = draw(st.sampled_from(["log", "span", "alert"]))
        service = draw(st.sampled_from(["", "shop", "cart"]))
        trace = draw(st.sampled_from(["", TRACE]))
        if kind == "log":
            text = draw(st.sampled_from(["hello 1", "hello 2", f"order {UUID}"]))
            made.append(log(at, service=service, trace_id=trace, text=text))
        elif kind == "span":
            parent = draw(st.integers(0, 12))
            made.append(span(number + 1, parent, at=at, service=service, failed=draw(st.booleans())))
        else:
            made.append(alert(at, service=service))
    return made


@given(events(), st.data())
def test_the_order_of_arrival_does_not_matter(made: list[Event], data: st.DataObject) -> None:
    assert_equal(rows_of(made), rows_of(data.draw(st.permutations(made))))


@given(events())
def test_every_event_is_counted_once(made: list[Event]) -> None:
    rows = rows_of(made)
    assert sorted(uid for members in rows.members for uid in members) == sorted(event.uid for event in made)
    assert rows.weight.tolist() == [len(members) for members in rows.members]
    times = {event.uid: event.time for event in made}
    for row, (event, members) in enumerate(zip(rows.events, rows.members, strict=True)):
        own = sorted((times[uid], uid) for uid in members)
        assert (event.time, event.uid) == own[0]
        assert (rows.first[row], rows.last[row]) == (own[0][0], own[-1][0])
    order = [(event.time, event.uid) for event in rows.events]
    assert order == sorted(order)


@given(events())
def test_templates_are_distinct_and_used(made: list[Event]) -> None:
    rows = rows_of(made)
    assert len(set(rows.templates)) == len(rows.templates)
    assert set(rows.template.tolist()) == set(range(len(rows.templates)))
    assert all(rows.templates[t].service == e.service for t, e in zip(rows.template, rows.events, strict=True))


def test_events_that_differ_in_ids_only_are_one_row() -> None:
    rows = rows_of([log(0.1, text="took 5 ms"), log(0.2, text="took 70 ms")])
    assert len(rows) == 1
    assert rows.weight.tolist() == [2]
    assert rows.events[0].text == "took 5 ms"


def test_what_keeps_events_apart() -> None:
    base = {"text": "took 5 ms", "trace_id": TRACE}
    others = [
        log(0.5, **{**base, "text": "failed"}),
        log(0.5, **base, service="cart"),
        log(0.5, **base, severity=17),
        log(1.5, **base),
        log(0.5, text=base["text"], trace_id="b" * 32),
        log(0.5, **base, attributes={"request_id": "r1"}),
        alert(0.5, **base),
    ]
    for other in others:
        assert len(rows_of([log(0.4, **base), other])) == 2


def test_the_width_of_the_bucket_can_be_set() -> None:
    made = [log(at) for at in (0, 1, 2, 3)]
    assert len(rows_of(made)) == 4
    assert len(rows_of(made, bucket_seconds=2)) == 2


def test_duplicates_are_dropped_and_counted() -> None:
    rows = rows_of([log(0, uid="a"), log(5, uid="a"), log(0, uid="b")])
    assert rows.duplicates == 1
    assert rows.members == (("a", "b"),)


def test_fingerprints_are_stable_and_tell_severities_apart() -> None:
    one, other = (rows_of([log(0, severity=severity)]).fingerprints[0] for severity in (9, 17))
    assert one != other
    assert one == rows_of([log(99, severity=9)]).fingerprints[0]


def test_keys_of_each_kind() -> None:
    def keys(event: Event) -> tuple[str, ...]:
        return rows_of([event]).keys[0]

    assert keys(log(trace_id=TRACE)) == (f"trace:{TRACE}",)
    assert keys(alert()) == ("alert:shop|Down",)
    pod = log(resource={"k8s.pod.name": "shop-0"}, attributes={"logger": "a.B"})
    assert keys(pod) == ("burst:shop|shop-0|a.B",)
    assert keys(span(1, attributes={"X-Request-ID": "R1"})) == ("id:r1", f"trace:{'0' * 31}1")
    assert keys(log(trace_id=TRACE, text=f"{UUID} order-482913")) == (
        f"id:{UUID}",
        "resource:order-482913",
        f"trace:{TRACE}",
    )


def test_a_key_found_twice_is_one() -> None:
    rows = rows_of([log(trace_id=TRACE, text=UUID, attributes={"request_id": UUID.upper()})])
    assert rows.keys == ((f"id:{UUID}", f"trace:{TRACE}"),)


def test_the_order_of_attributes_does_not_matter() -> None:
    ids = {"request_id": "r", "correlation_id": "c"}
    assert len(rows_of([log(attributes=ids), log(attributes=dict(reversed(ids.items())))])) == 1


def test_spans_keep_their_ids_and_durations() -> None:
    rows = rows_of([span(2, 1, ms=3), span(1, ms=5), log(trace_id=TRACE)])
    spans = rows.spans
    assert spans.span.tolist() == [1, 2]
    assert spans.parent.tolist() == [0, 1]
    assert spans.duration.tolist() == [5_000_000, 3_000_000]
    assert {rows.events[row].text for row in spans.row} == {"work"}


def test_rows_grow_with_what_is_distinct_and_not_with_events() -> None:
    once = [log(at, text=f"t{at}", trace_id=TRACE) for at in range(20)]
    again = [dataclasses.replace(event, uid=f"{event.uid}-{copy}") for event in once for copy in range(10)]
    few, many = rows_of(once), rows_of(again)
    assert len(many) == len(few)
    assert many.weight.tolist() == (10 * few.weight).tolist()


def test_the_first_and_the_last_possible_time() -> None:
    rows = rows_of([log(uid="a"), dataclasses.replace(log(), time=0), dataclasses.replace(log(), time=2**63 - 1)])
    assert rows.first.tolist() == [0, START, 2**63 - 1]
    assert START // SECOND == 1_700_000_000


def test_nothing() -> None:
    rows = rows_of([])
    assert (len(rows), rows.templates, rows.weight.tolist()) == (0, (), [])


NODES = ["NameNode", "DataNode", "JobTracker"]
COLOURS = ["amber", "beige", "coral", "denim", "ebony"]


def test_rows_whose_texts_turn_out_to_be_of_one_template_are_one_row() -> None:
    few = rows_of([log(0.1, text=f"volume {word} is full", uid=word) for word in COLOURS[:4]])
    assert (len(few), len(few.templates)) == (4, 4)
    rows = rows_of([log(at / 10, text=f"volume {word} is full", uid=word) for at, word in enumerate(COLOURS)])
    assert [template.text for template in rows.templates] == ["volume <*> is full"]
    assert (rows.members, rows.weight.tolist(), rows.varied) == ((tuple(COLOURS),), [5], (1,))
    assert (rows.first[0], rows.last[0]) == (START, START + 4 * SECOND // 10)
    assert rows.events[0].uid == "amber"


def test_a_later_text_can_settle_the_template_of_an_earlier_one() -> None:
    made = [log(0, text="volume amber is full"), log(60, text="volume 5 is full")]
    rows = rows_of(made)
    assert [template.text for template in rows.templates] == ["volume <*> is full"]
    assert rows.template.tolist() == [0, 0]
    assert rows.fingerprints[0] == rows.fingerprints[1]


def test_rows_of_one_template_that_differ_otherwise_stay_apart() -> None:
    made = [log(0, text=f"lost {name} now", severity=9 + at) for at, name in enumerate(NODES)]
    rows = rows_of(made)
    assert [template.text for template in rows.templates] == ["lost <*> now"]
    assert (len(rows), rows.varied) == (3, (0, 0, 0))


def test_a_template_is_of_one_service_and_known_to_all() -> None:
    rows = rows_of([log(0, text=f"lost {name} now", service=f"s-{name}") for name in NODES])
    assert {template.text for template in rows.templates} == {"lost <*> now"}
    assert len(rows.templates) == 3


def test_a_miner_knows_templates_from_before_and_learns_new_ones() -> None:
    miner = TemplateMiner()
    build_rows([log(text=f"volume {word} is full") for word in COLOURS], Settings(), miner)
    [template] = build_rows([log(text="volume flint is full")], Settings(), miner).templates
    assert template.text == "volume <*> is full"
    assert miner.template(skeleton("volume slate is full")) == "volume <*> is full"


def varied(*texts: str) -> tuple[int, ...]:
    return rows_of([log(at / 100, text=text) for at, text in enumerate(texts)]).varied


def test_which_slots_differ_inside_a_row() -> None:
    assert varied("took 5 of 7 parts") == (0,)
    assert varied("took 5 of 7 parts", "took 5 of 7 parts") == (0,)
    assert varied("took 5 of 7 parts", "took 6 of 7 parts") == (0b01,)
    assert varied("took 5 of 7 parts", "took 5 of 8 parts") == (0b10,)
    assert varied("took 5 of 7 parts", "took 5 of 8 parts", "took 6 of 7 parts") == (0b11,)
    assert varied("took 5 of 7 parts", "took 6 of 7 parts", "took 5 of 7 parts") == (0b01,)


def test_slots_are_counted_in_the_template_that_is_found_in_the_end() -> None:
    # NameNode is a hole of the texts and none of their template; the word is none of theirs and one of it.
    assert varied("NameNode lost 5 of 7", "NameNode lost 5 of 8") == (0b10,)
    assert varied(*(f"volume {word} has 5 of 7" for word in COLOURS)) == (0b001,)
    assert varied(*(f"volume {word} has 5 of 7" for word in COLOURS), "volume ebony has 6 of 7") == (0b011,)
    endings = ["no such thing", "was denied", "is a folder", "tried 5 times", "tried 6 times"]
    assert varied(*(f"cannot open file 5: {ending}" for ending in endings)) == (0b10,)


@pytest.mark.parametrize("make", [alert, lambda at, **fields: span(round(at * 100) + 1, at=at, **fields)])
def test_slots_of_other_signals_differ_too(make: Callable[..., Event]) -> None:
    made = [make(at / 100, text=text) for at, text in enumerate(["GET /a/b took 5", "GET /a/b took 6"])]
    keys = rows_of(made)
    assert len(keys.templates) == 1
    # Notifications of alerts of different names are not one row: the name is their key.
    assert keys.varied == ((0, 0) if made[0].signal is Signal.ALERT else (0b10,))


TEXTS = st.sampled_from(
    [
        *(f"volume {word} is full" for word in (*COLOURS, "5", "6")),
        *(f"lost {name} of 5" for name in NODES),
        *(f"cannot open file: {ending}" for ending in ("no such thing", "was denied", "is a folder", "5")),
        "lost NameNode of 6",
        "took 5 of 7",
        "took 6 of 7",
    ]
)


@given(st.lists(st.tuples(TEXTS, st.sampled_from([0, 0.5, 60])), max_size=20), st.data())
def test_templates_do_not_depend_on_the_order_of_arrival(
    said: list[tuple[str, float]], data: st.DataObject
) -> None:
    made = [log(at, text=text) for text, at in said]
    rows = rows_of(made)
    assert_equal(rows, rows_of(data.draw(st.permutations(made))))
    assert sorted(uid for members in rows.members for uid in members) == sorted(event.uid for event in made)
    texts = {event.uid: event.text for event in made}
    for event, members, number, bits in zip(rows.events, rows.members, rows.template, rows.varied, strict=True):
        held = [slots(rows.templates[number].text, texts[uid]) for uid in members]
        shown = slots(rows.templates[number].text, event.text)
        assert [bool(bits >> at & 1) for at in range(len(shown))] == [
            any(other[at].value != slot.value for other in held) for at, slot in enumerate(shown)
        ]


@pytest.mark.parametrize("swap", [False, True])
def test_a_resolved_alert_replaces_the_firing_one_whichever_came_first(swap: bool) -> None:
    firing = alert(uid="a")
    resolved = alert(uid="a", status="resolved", duration=60 * SECOND)
    rows = rows_of([resolved, firing] if swap else [firing, resolved])
    assert (rows.events, rows.members, rows.duplicates) == ((resolved,), (("a",),), 1)

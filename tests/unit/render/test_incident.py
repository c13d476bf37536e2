"""What is told of a group beyond its exemplar."""

from __future__ import annotations

from dataclasses import replace

from stormcell.config import LinkSettings
from stormcell.render.acts import MAX_ACTS, acts
from stormcell.render.context import Context, context
from stormcell.render.facts import Blank
from stormcell.render.known import facts
from stormcell.render.timeline import MAX_MOMENTS
from stormcell.types import AuditEntry, Blame, Event, Fact, Material, Signal, Source
from tests.unit.render.incidents import TRACE, history, incident
from tests.unit.render.samples import error_log, event, group, row, s


def told(material: Material | None = None) -> Context:
    return context(material or incident())


def test_reach_counts_different_things() -> None:
    reach = told().reach
    values = (reach.services, reach.pods, reach.hosts, reach.traces, reach.errors)
    assert [None if one is None else one.value for one in values] == ["3", "3", None, "1", "7"]


def test_who_calls_whom_by_parents() -> None:
    calls = [
        (one.caller.value, one.callee.value, one.count.value, one.failed.value if one.failed else None)
        for one in told().calls
    ]
    assert calls == [("front", "cart", "2", "1"), ("cart", "db", "1", "1")]
    assert [one.value for one in told().call_path] == ["front", "cart", "db"]


def test_what_is_logged_in_a_span_hides_no_call_and_another_trace_makes_none() -> None:
    def span(uid: str, service: str, parent: str = "", trace: str = "t", **other: object) -> Event:
        values = {
            "signal": Signal.SPAN,
            "severity": 0,
            "span_id": uid,
            "parent_id": parent,
            "trace_id": trace,
        } | other
        return event(uid, service, service=service, **values)

    rows = [
        row(span("1", "front")),
        row(span("2", "cart", "1", status="error"), "2b", "2c"),
        row(span("3", "cart", "1", trace="u")),
        row(event("4", "failed", service="front", trace_id="t", span_id="1")),
        row(event("5", "failed", service="cart", trace_id="t", span_id="2")),
    ]
    made, atom = group(rows, rows[0].event)
    [found] = context(Material(made, [atom])).calls
    assert (found.caller.value, found.callee.value) == ("front", "cart")
    # What stands for three counts three times.
    assert (found.count.value, found.failed and found.failed.value) == ("3", "3")


def test_a_circle_of_calls_ends() -> None:
    spans = [
        event("1", "x", signal=Signal.SPAN, service="a", span_id="1", parent_id="2"),
        event("2", "y", signal=Signal.SPAN, service="b", span_id="2", parent_id="1"),
    ]
    made, atom = group(map(row, spans), spans[0])
    facts = context(Material(replace(made, services=incident().group.services), [atom]))
    assert facts.call_path == ()
    blamed = replace(made, services=(replace(incident().group.services[0], name="a"),))
    assert [one.value for one in context(Material(blamed, [atom])).call_path] == ["b", "a"]


def test_fields_are_constant_or_vary() -> None:
    spans = incident().atoms[0].rows
    made, atom = group(spans, spans[0].event)
    facts = context(Material(made, [atom]))
    assert [(one.name.value, one.value.value) for one in facts.constant] == [
        ("http.route", "/orders"),
        ("zone", "a"),
    ]
    # What is another in each row names the row.
    assert facts.varying == ()
    made, atom = group([*spans, row(replace(spans[0].event, uid="x", time=s(99)))], spans[0].event)
    three = context(Material(made, [atom]))
    assert [(one.name.value, one.count.value) for one in three.varying] == [("tenant", "2"), ("k8s.pod.name", "2")]


def test_the_peak_is_the_first_minute_with_most_members() -> None:
    rate = told().rate
    assert rate is not None
    assert (rate.peak.value, rate.count.value) == ("2023-11-14T22:13:00.000Z", "6")
    assert rate.mean is not None
    assert rate.mean.value == "5.3"  # 8 in 90 s
    short = context(Material(error_log()[0], [error_log()[1]])).rate
    assert short is not None
    assert short.mean is None
    assert context(Material(error_log()[0], [])).rate is None


def test_the_timeline_tells_each_thing_when_it_came_first() -> None:
    shown = [(one.words, one.event.uid.value if one.event else None) for one in told().timeline]
    assert shown == [
        ("First event, exemplar", "aaaa0001"),
        ("Start of the minute with most events", None),
        ("First from this service", "aaaa0002"),
        ("First from this service", "aaaa0004"),
        ("First of its kind", "bbbb0001"),
        ("First alert, more severe than all before, last event", "cccc0001@1"),
        ("Another exemplar", None),
        ("Acknowledged", None),
        ("Resolved", None),
        ("Reopened", None),
        ("Resolved", None),
    ]


def test_calls_that_went_well_do_not_bury_the_rest() -> None:
    rows = [
        row(event("u1", "GET /", service="shop", signal=Signal.SPAN, time=s(1), severity=17)),
        row(event("u2", "GET /cart", service="cart", signal=Signal.SPAN, time=s(2), severity=9)),
        row(event("u3", "GET /pay", service="pay", signal=Signal.SPAN, time=s(3), severity=17)),
        row(event("u4", "batch of 5000", service="batch", signal=Signal.LOG, time=s(4), severity=9)),
        row(event("u5", "GET /", service="shop", signal=Signal.SPAN, time=s(5), severity=17)),
    ]
    made, atom = group(rows, rows[0].event)
    shown = [one.event.uid.value for one in context(Material(made, [atom])).timeline if one.event is not None]
    assert shown == ["u1", "u3", "u4", "u5"]


def test_a_long_timeline_keeps_what_matters() -> None:
    rows = [row(event(f"u{n:03}", "x", service=f"s{n}", time=s(n), severity=9)) for n in range(100)]
    rows.append(row(event("v", "x", service="s", time=s(200), severity=21)))
    made, atom = group(rows, rows[50].event)
    moments = context(Material(made, [atom])).timeline
    assert sum(one.event is not None for one in moments) == MAX_MOMENTS
    words = " ".join(one.words for one in moments).lower()
    assert all(part in words for part in ("first event", "exemplar", "more severe", "last event"))
    assert [one.time.value for one in moments] == sorted(one.time.value for one in moments)


def test_detection_counts_from_the_first_symptom() -> None:
    found = told().detection
    assert found.to_detect == Fact("1 min 30 s", "cccc0001@1", "time", "from event aaaa0001 to it")
    assert found.to_acknowledge == Fact("50 s", "4", "time", "from event cccc0001@1 to it", Source.AUDIT)
    assert found.to_resolve == Fact("4 min 50 s", "8", "time", "from event aaaa0001 to it", Source.AUDIT)
    assert found.acknowledged is not None
    assert found.acknowledged.by == Fact("ann", "4", 'detail["by"]', "", Source.AUDIT)


def test_what_nobody_did_yet_is_to_be_filled_in() -> None:
    made, atom = error_log()
    found = context(Material(made, [atom])).detection
    blanks = (found.to_detect, found.to_acknowledge, found.to_resolve)
    assert blanks == (Blank("time to detect"), Blank("time to acknowledge"), Blank("time to resolve"))
    reopened = history()[:4]
    assert context(replace(incident(), history=reopened)).detection.resolved is None


def test_a_clock_that_goes_back_measures_nothing() -> None:
    early = AuditEntry(s(50), "ops", "ack", "g", ("g",), {}, 1)
    found = context(replace(incident(), history=[early])).detection
    assert found.to_acknowledge == Blank("time to acknowledge")
    assert found.acknowledged is not None


def test_what_is_done_to_drafts_is_no_part_of_what_happened() -> None:
    assert [one.action.value for one in told().acts] == ["exemplar", "ack", "resolve", "reopen", "resolve"]


def test_of_too_much_what_people_did_is_kept() -> None:
    many = [AuditEntry(s(n), "sidecar", "exemplar", "g", ("g",), {}, n) for n in range(1, 100)]
    many.append(AuditEntry(s(200), "ops", "ack", "g", ("g",), {}, 100))
    found = acts(many)
    assert len(found) == MAX_ACTS
    assert found[-1].who.value == "ops"


def test_factors_are_ranked_evidence() -> None:
    shown = [(one.event.uid.value, [reason.words for reason in one.reasons]) for one in told().factors]
    assert shown == [
        ("aaaa0004", ["first of the service blamed most", "among the most surprising", "least like the exemplar"]),
        ("aaaa0001", ["earliest", "among the most surprising"]),
        ("cccc0001@1", ["most severe"]),
    ]


def test_links_are_filled_in_or_left_out() -> None:
    settings = (
        LinkSettings(name="a", url="https://x.example/{service}?g={group}&from={from}&to={to}"),
        LinkSettings(name="b", url="https://x.example/trace/{trace}"),
        LinkSettings(name="c d", url="https://x.example/(a b)<{other}>"),
    )
    urls = [one.url.value for one in context(incident(), settings).links]
    assert urls == [
        "https://x.example/db?g=g-aaaa&from=2023-11-14T22%3A13%3A30.000Z&to=2023-11-14T22%3A15%3A00.000Z",
        f"https://x.example/trace/{TRACE}",
        "https://x.example/(a%20b)%3C%7Bother%7D%3E",
    ]
    made, atom = error_log()
    assert [one.name for one in context(Material(made, [atom]), settings).links] == ["c d"]


def test_a_link_takes_whatever_a_service_is_called() -> None:
    settings = (LinkSettings(name="a", url="https://x.example/{service}"),)
    material = incident()
    group = replace(material.group, services=(Blame("a\ud800/>)", 1.0),))
    [link] = context(replace(material, group=group), settings).links
    assert link.url.value == "https://x.example/a%3F%2F%3E%29"


def test_pages_are_those_that_alerts_bring() -> None:
    assert [(one.name, one.value.uid) for one in told().pages] == [
        ("dashboard_url", "cccc0001@1"),
        ("generatorURL", "cccc0001@1"),
    ]


def test_groups_of_before_cite_their_own_events() -> None:
    known = incident().related[0]
    material = replace(incident(), related=[known, replace(known, dissimilarity=0.75, family=False)])
    [one] = told(material).related
    assert (one.likeness.value, one.family) == ("75 %", True)
    assert one.id.uid == one.likeness.uid == "a974a38eb249d165@1700000024639"


def test_every_fact_is_found_for_checking() -> None:
    every = list(facts(told()))
    assert len(set(every)) > 80
    assert {one.source for one in every} == {Source.EVENT, Source.AUDIT}

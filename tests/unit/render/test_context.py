from __future__ import annotations

from dataclasses import replace

import pytest

from stormcell.render.context import context
from stormcell.render.facts import MAX_BRIEF, MAX_SHOWN, Blank, shortened, show
from stormcell.types import Blame, Event, Fact, GroupTemplate, Material, Signal
from tests.unit.render.samples import error_log, event, group, latency, row, s, span


def pod_of(uid: str, service: str, at: float, **names: str) -> Event:
    resource = {f"k8s.{key}.name": value for key, value in names.items()}
    return event(uid, service=service, time=s(at), resource=resource)


def test_counts_and_times_cite_the_event_they_hang_on() -> None:
    made, atom = latency()
    facts = context(Material(made, [atom]))
    assert facts.count == Fact("5", "7f0936607286c3ec", "time", "counted over 5 members")
    assert facts.first_seen == Fact("2023-11-14T22:13:24.898Z", "7f0936607286c3ec", "time", "in UTC")
    assert facts.duration.value == "21.3 s"
    assert facts.duration.uid == made.latest.uid
    assert [(part.name.value, part.count.value) for part in facts.signals] == [("log", "3"), ("alert", "2")]
    assert [part.count.value for part in facts.affected] == ["3", "1", "1"]


def test_blame_names_the_service_by_a_member_that_bears_it() -> None:
    made, atom = latency()
    facts = context(Material(made, [atom]))
    assert facts.blamed[0].name == Fact("ts-order-service", "7f0936607286c3ec", "service")
    assert [part.share.value for part in facts.blamed] == ["62 %", "38 %", "under 1 %"]
    assert all(part.share.uid == made.medoid.uid and part.share.how for part in facts.blamed)


def test_a_blamed_service_without_a_member_says_so() -> None:
    medoid = event("u1", service="front")
    made, atom = group([row(medoid)], medoid, services=(Blame("database", 1.0),))
    facts = context(Material(made, [atom]))
    assert facts.blamed[0].name == Fact("database", "u1", "service", "blamed through the calls over 1 member")
    assert [place.service.value for place in facts.places if isinstance(place.service, Fact)] == [
        "database",
        "front",
    ]


def test_field_shares_are_parts_of_the_whole() -> None:
    made, atom = latency()
    facts = context(Material(made, [atom]))
    assert [(part.name.value, part.share.value) for part in facts.fields] == [
        ("blame", "80 %"),
        ("text", "20 %"),
    ]


def test_evidence_shows_each_event_once() -> None:
    made, atom = latency()
    assert [one.roles for one in context(Material(made, [atom])).evidence] == [
        "Exemplar, most severe",
        "Earliest",
        "Latest",
    ]
    made, atom = error_log()
    facts = context(Material(made, [atom]))
    assert [one.roles for one in facts.evidence] == ["Exemplar, earliest, most severe, latest"]
    assert facts.single
    assert not facts.lasting


def test_memberships_of_other_groups_are_passed_over() -> None:
    made, atom = latency()
    _, other = span()
    assert context(Material(made, [other, atom])) == context(Material(made, [atom]))


def test_without_memberships_the_four_events_still_speak() -> None:
    made, _ = latency()
    facts = context(Material(made, []))
    assert [part.name.value for part in facts.signals] == ["log", "alert"]
    assert facts.affected == ()


def test_an_exemplar_without_service_leaves_a_blank() -> None:
    made, atom = error_log()
    facts = context(Material(made, [atom]))
    assert facts.exemplar.service == Blank("service")
    assert [place.service for place in facts.places] == [Blank("service")]
    assert facts.places[0].pod == Blank("pod")


def test_the_place_of_a_service_comes_from_its_own_events() -> None:
    medoid = pod_of("u1", "front", 1)
    rows = [
        row(medoid),
        row(pod_of("u2", "back", 2, pod="back-1", namespace="shop")),
        row(pod_of("u3", "front", 3, pod="front-1", node="n3")),
        row(pod_of("u4", "other", 4, pod="front-1", namespace="front-space")),
    ]
    made, atom = group(rows, medoid)
    (place,) = context(Material(made, [atom])).places
    assert place.pod == Fact("front-1", "u3", 'resource["k8s.pod.name"]')
    assert place.namespace == Fact("front-space", "u4", 'resource["k8s.namespace.name"]')
    assert place.node == Fact("n3", "u3", 'resource["k8s.node.name"]')


def test_a_namespace_of_others_is_taken_only_where_they_agree() -> None:
    medoid = pod_of("u1", "front", 1, pod="front-1")
    others = [pod_of("u2", "a", 2, namespace="shop"), pod_of("u3", "b", 3, namespace="shop")]
    made, atom = group([row(medoid), *map(row, others)], medoid)
    (place,) = context(Material(made, [atom])).places
    how = "the only namespace that members name"
    assert place.namespace == Fact("shop", "u2", 'resource["k8s.namespace.name"]', how)
    others.append(pod_of("u4", "c", 4, namespace="bank"))
    made, atom = group([row(medoid), *map(row, others)], medoid)
    (place,) = context(Material(made, [atom])).places
    assert place.namespace == Blank("namespace")


def test_what_kubernetes_could_not_have_named_is_left_blank() -> None:
    for name in ("x; rm -rf /", "--all", "Pod", "", "a" * 254, "a\nb"):
        medoid = pod_of("u1", "front", 1, pod=name)
        made, atom = group([row(medoid)], medoid)
        assert context(Material(made, [atom])).places[0].pod == Blank("pod"), name


def test_an_alert_shows_its_labels_and_annotations() -> None:
    shown = show(latency()[0].medoid)
    assert shown.summary is not None
    assert shown.summary.field == 'attributes["annotations.summary"]'
    assert [(one.name, one.value.value) for one in shown.details] == [("labels.severity", "critical")]


def test_a_span_shows_its_exception_status_and_duration() -> None:
    shown = show(span()[0].medoid)
    assert shown.summary is not None
    assert shown.summary.value == "payment: connection reset by peer"
    assert shown.status is not None
    assert shown.status.value == "error"
    assert shown.duration is not None
    assert shown.duration.value == "1.53 s"
    assert ("http.response.status_code", "500") in [(one.name, one.value.value) for one in shown.details]


def test_severity_has_a_name_only_in_its_range() -> None:
    names = [show(event("u1", severity=number)).severity for number in (0, 1, 13, 17, 24, 25)]
    assert [None if one is None else one.value for one in names] == [
        None,
        "TRACE",
        "WARN",
        "ERROR",
        "FATAL",
        None,
    ]


def test_long_text_is_shortened_and_says_so() -> None:
    shown = show(event("u" * 1000, "x" * 100_000, signal=Signal.LOG))
    assert len(shown.text.value) == MAX_SHOWN
    assert shown.text.value.endswith("x…")
    assert shown.text.how == "shortened"
    assert shown.uid.value == "u" * 1000
    exact = Fact("x" * MAX_SHOWN, "u", "text")
    assert shortened(exact) is exact
    assert shortened(Fact("x" * 301, "u", "text", "a title")).how == "a title, shortened"


def test_where_many_are_listed_the_end_of_a_text_is_kept() -> None:
    brief = show(
        event("u1", f"Servlet threw {'x ' * 100}No instances of ts-train-service", signal=Signal.LOG)
    ).brief
    assert len(brief.value) <= MAX_BRIEF
    assert brief.value.startswith("Servlet threw")
    assert brief.value.endswith("No instances of ts-train-service")
    assert brief.how == "on one line of 120 characters at most"
    assert show(event("u1", "  at line\n 7 ", signal=Signal.LOG)).brief.value == "at line 7"
    for same in ("short", " "):
        assert show(event("u1", same, signal=Signal.LOG)).brief == Fact(same, "u1", "text")


def test_templates_of_one_wording_are_told_apart_by_their_services() -> None:
    made, atom = latency()
    made = replace(
        made,
        templates=tuple(
            GroupTemplate("failed: <*>", "log", service, 2, made.medoid.uid, ())
            for service in ("cart", "shop", "")
        ),
    )
    found = context(Material(made, [atom])).patterns
    assert [one.service.value if one.service else None for one in found] == ["cart", "shop", None]


@pytest.mark.parametrize(
    ("pod", "deployment"),
    [
        ("checkout-7d9f8b6c4-x2x4z", "checkout"),
        ("ts-order-service-5b67c48447-mv5hb", "ts-order-service"),
        ("orders-0", None),  # of a StatefulSet
        ("kube-proxy-x2x4z", None),  # of a DaemonSet
        ("checkout-production-x2x4z", None),
        ("-7d9f8b6c4-x2x4z", None),
    ],
)
def test_a_deployment_is_told_by_the_name_of_its_pod(pod: str, deployment: str | None) -> None:
    medoid = event("u1", service="shop", resource={"k8s.pod.name": pod})
    made, atom = group([row(medoid)], medoid)
    [place] = context(Material(made, [atom])).places
    if deployment is None:
        assert isinstance(place.deployment, Blank)
    else:
        assert isinstance(place.deployment, Fact)
        assert (place.deployment.value, place.deployment.field) == (deployment, 'resource["k8s.pod.name"]')
        assert place.deployment.how

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.runbooks.library import Library, load
from stormcell.runbooks.matching import FITS
from stormcell.types import Event, Matched, Material, Runbook, Signal
from tests.unit.render.samples import alert, event, group, row, s

REAL = load([Path(__file__).parents[3] / "benchmarks" / "data" / "runbooks"])
LINK = "annotations.runbook_url"


def of(medoid: Event, *others: Event, **more: object) -> Material:
    made, atom = group([row(one) for one in (medoid, *others)], medoid, **more)
    return Material(made, [atom])


def told(name: str, summary: str = "", uid: str = "a@1", link: str = "") -> Event:
    notes = {"annotations.summary": summary, LINK: link}
    return replace(alert(uid, name, "cart", s(1)), attributes={key: text for key, text in notes.items() if text})


def names(found: tuple[Matched, ...]) -> list[str]:
    return [one.runbook.name for one in found]


def book(name: str, markdown: str = "", url: str = "") -> Runbook:
    return Runbook(name, name, f"{name}.md", url, markdown)


def test_the_runbook_of_the_alerts_name_comes_first() -> None:
    for one in REAL.runbooks:
        assert REAL.match(of(told(one.name)), 1)[0].runbook == one


@pytest.mark.parametrize("name", ["kube-pod-crash-looping", "Kube Pod Crash Looping", "KUBEPODCRASHLOOPING"])
def test_names_may_be_written_otherwise(name: str) -> None:
    assert ("the name of the alert", 2.0) in REAL.match(of(told(name)), 1)[0].why


@pytest.mark.parametrize(
    "link",
    [
        "https://runbooks.example/kubernetes/nodeclockskewdetected",
        "https://runbooks.example/kubernetes/NodeClockSkewDetected.md/",
        "https://wiki.example/all#node-clock-skew-detected",
        "https://wiki.example/NodeClockSkewDetected?version=3",
        "NodeClockSkewDetected.html",
    ],
)
def test_what_runbook_url_names_comes_before_the_name(link: str) -> None:
    first, second = REAL.match(of(told("KubePodCrashLooping", link=link)), 2)
    assert (first.runbook.name, second.runbook.name) == ("NodeClockSkewDetected", "KubePodCrashLooping")
    assert ("the runbook_url of the alert", 4.0) in first.why


def test_runbook_url_may_be_the_address_of_a_runbook() -> None:
    library = Library([book("one"), book("two", url="https://wiki.example/pages/17")])
    assert names(library.match(of(told("x", link="https://wiki.example/pages/17/")))) == ["two"]


def test_without_a_name_the_words_and_their_sense_tell() -> None:
    said = "Pod cart-7d9c6b5f4-x2x8q keeps crashing, the kubelet restarts it again and again"
    assert names(REAL.match(of(event("l1", said), template=said), 1)) == ["KubePodCrashLooping"]


def test_what_is_about_none_of_them_fits_none() -> None:
    material = of(event("l1", "duplicate key value violates unique constraint orders_pkey"))
    assert REAL.match(material) == ()
    assert len(REAL.rank(material, 3)) == 3


def test_other_members_count_less_and_members_of_other_groups_nothing() -> None:
    exemplar, other = event("l1", "it broke"), told("KubeletDown", uid="a2@1")
    spoken_for = of(exemplar, other, exemplars=(exemplar, other))
    assert ("the name of an alert that speaks for the group", 1.0) in REAL.match(spoken_for, 1)[0].why
    late = replace(other, time=s(2), severity=1)
    member = of(exemplar, late, event("l2", time=s(9)), most_severe=exemplar)
    assert ("the name of another member", 0.5) in REAL.rank(member, 1)[0].why
    foreign = replace(member, atoms=[replace(atom, group="g-other") for atom in member.atoms])
    assert REAL.match(foreign) == ()


def test_a_runbook_far_below_the_best_is_not_offered() -> None:
    found = REAL.match(of(told("KubePodCrashLooping")), 20)
    assert names(found) == ["KubePodCrashLooping"]
    assert REAL.rank(of(told("KubePodCrashLooping")), 20)[1].score > FITS


def test_the_words_that_count_are_told() -> None:
    library = Library([book("disk", "The volume of the database is full"), book("other", "certificate")])
    why = dict(library.rank(of(event("l1", "volume full")), 1)[0].why)
    assert any(name in why for name in ("words of its text: full, volume", "words of its text: volume, full"))


def test_keywords_of_front_matter_count(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntags: [replication, standby]\n---\n# A\nSee there.\n")
    (tmp_path / "b.md").write_text("# B\nSee there.\n")
    assert names(load([tmp_path]).rank(of(event("l1", "standby lags, replication slow")), 1)) == ["a"]


def test_front_matter_may_name_alerts(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nalerts: [DiskFull, VolumeFull]\n---\n# A\n")
    (tmp_path / "DiskFuller.md").write_text("# B\nDisk full, disk full\n")
    first = load([tmp_path]).match(of(told("VolumeFull")), 1)[0]
    assert (first.runbook.name, first.why[0]) == ("a", ("the name of the alert", 2.0))


def test_equal_ones_come_by_path() -> None:
    library = Library([book("b", "full"), book("a", "full"), book("c", "full")])
    assert names(library.rank(of(event("l1", "")), 3)) == ["a", "b", "c"]


def test_of_no_runbooks_none_is_found() -> None:
    assert Library([]).match(of(told("KubeletDown"))) == ()


SOME = st.sampled_from(["pod", "node", "disk", "10%", "failed", "<num>", "KubeletDown"])
WORDS = st.lists(st.one_of(st.text(max_size=9), SOME))


@settings(deadline=None)
@given(WORDS.map(" ".join), WORDS.map(" ".join), st.text(max_size=30), st.sampled_from(list(Signal)))
def test_scores_are_the_sums_of_their_parts(text: str, summary: str, link: str, signal: Signal) -> None:
    one = event("e1", text, signal=signal, attributes={"annotations.summary": summary, LINK: link})
    ranked = REAL.rank(of(one), 5)
    assert ranked == REAL.rank(of(one), 5)
    assert [each.score for each in ranked] == sorted((each.score for each in ranked), reverse=True)
    for each in ranked:
        assert each.score == pytest.approx(math.fsum(value for _, value in each.why))
        assert all(value > 0 for _, value in each.why)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(max_size=60), max_size=4), st.text(max_size=30))
def test_any_runbooks_can_be_searched(texts: list[str], said: str) -> None:
    library = Library([book(text[:8], text) for text in texts])
    assert len(library.rank(of(event("e1", said)), 9)) == len(texts)

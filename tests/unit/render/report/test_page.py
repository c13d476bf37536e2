"""The page is whole, stands alone, and does nothing that is not ours."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.escape import visible
from stormcell.render.report import report_html
from stormcell.types import Blame, Event, Group, GroupTemplate, Material, Membership, Parameter, Share, Signal
from tests.integration.test_hostile_text import ACTIVE, HOSTILE
from tests.unit.render.report.pages import Page, checked
from tests.unit.render.report.storms import far, small, storm
from tests.unit.render.samples import SAMPLES, error_log, event, group, row, s


def hostile(text: str) -> tuple[Group, Membership]:
    """Return a group in which every text is one."""
    holder = {text: text, "list": [text, {text: text}]}
    first = event(text, text, service=text, status=text, trace_id=text, resource=holder, attributes=holder)
    second = event(
        f"{text}2",
        text,
        service=f"{text}2",
        time=s(1),
        signal=Signal.SPAN,
        span_id="2",
        trace_id="t",
        parent_id="3",
    )
    third = replace(second, uid=f"{text}3", service=f"{text}3", span_id="3", parent_id="")
    return group(
        [row(first), row(second), row(third)],
        first,
        id=text,
        title=text,
        status=text,
        trace=text,
        services=(Blame(text, 0.5), Blame(f"{text}2", 0.5)),
        fields=(Share(text, 0.5, 1.0, 0.5),),
        template=text,
        templates=(GroupTemplate(text, text, text, 1, text, (Parameter(text, text, text, True),)),),
    )


def test_all_that_is_known_of_a_group_is_shown() -> None:
    page = checked(report_html(small()))
    text = " ".join(page.text.split())
    for shown in (
        "The storm of Tuesday",
        "Made 2023-11-14 23:13:20 UTC",
        "PodClientLatencyP90High on ts-admin-basic-info-service",
        "3 open",
        "container <*> not found",
        "container exporter the same in all",
        "ack of g-a974a38e by ann (ann of the night)",
        "exemplar of u1: before u0 by sidecar",
        "same family",
        "g-elsewhere",
        "family f-0123456789ab",
        "ts-order-service62%",
        "36% set apart as background",
        "25% of the blame",
        "annotations.summary",
        "The farthest is 0.438 away",
    ):
        assert shown in text, shown
    assert len(page.all("article")) == 3
    assert [a["id"] for a in page.all("article")] == [each.group.id for each in small().materials]


def test_without_groups_it_says_so() -> None:
    page = checked(report_html(storm()))
    assert "There are no groups" in page.text
    assert page.all("article") == []
    assert page.all("section") == [{"id": "summary", "aria-labelledby": "summary-title"}]


def test_of_one_group_there_is_no_map() -> None:
    page = checked(report_html(storm(error_log())))
    assert len(page.all("article")) == 1
    assert not any("alike" in a.get("href", "") for a in page.all("a"))


def test_equal_storms_give_equal_pages() -> None:
    assert report_html(small()) == report_html(small())


def test_what_is_left_out_is_said() -> None:
    page = checked(report_html(replace(small(), left_out=(12, 3456))))
    assert "Left out: 12 groups with 3,456 events; stormcell report --top 15 shows all." in " ".join(
        page.text.split()
    )
    events = [event(f"u{at:04}", f"kind {at % 3}", time=s(at)) for at in range(300)]
    long = replace(events[0], text="x" * 30_000, attributes={f"name-{at}": "y" * 999 for at in range(40)})
    made, atom = group([row(long), *map(row, events[1:])], long)
    page = checked(report_html(storm((made, atom))))
    text = " ".join(page.text.split())
    assert "Members: 200 rows of 300, 300 events" in text
    assert "Left out: 100 rows." in text
    assert re.search(r"20,000 more characters\.", text)
    assert re.search(r"\d+ more attributes left out", text)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_only_read(name: str) -> None:
    text = HOSTILE[name]
    made, atom = hostile(text)
    others = [sample() for sample in SAMPLES.values()]
    document = report_html(
        replace(
            storm((made, atom), *others), title=text, families={made.id: text}, calls={(text, f"{text}2"): 2.0}
        )
    )
    harmless = document.replace("\n", "").replace("\t", "")
    assert not ACTIVE.search(harmless)
    page = _parsed(document)
    assert visible(text).strip() in page


@cache
def _plain() -> Page:
    return Page(report_html(storm(hostile("plain"), *[sample() for sample in SAMPLES.values()])))


def _parsed(document: str) -> str:
    """Return the text of a page; ids may be any text here, so that references are checked elsewhere."""
    page = Page(document)
    plain = _plain()
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in plain.elements} | {"br"}
    assert page.inline == plain.inline
    for _, attributes in page.elements:
        assert not any(key.startswith("on") or key in ("src", "style") for key in attributes)
        href = attributes.get("href", "#")
        assert href.startswith("#") or href == "data:,"
    return page.text


@settings(max_examples=25)
@given(st.text(max_size=40))
def test_any_text_is_harmless(text: str) -> None:
    made, atom = hostile(text or "-")
    document = report_html(replace(storm((made, atom), error_log()), title=text))
    assert not ACTIVE.search(document.replace("\n", "").replace("\t", ""))
    _parsed(document)


def test_the_style_cannot_end_early() -> None:
    page = checked(report_html(small()))
    assert "</" not in page.inline["style"]
    assert "</" not in page.inline["script"]
    assert "--ground" in page.inline["style"]


def test_a_margin_that_is_no_number_is_left_out() -> None:
    made, atom = SAMPLES["span"]()
    assert "inf" not in checked(report_html(storm((made, atom)))).text.split()


def test_every_table_has_a_caption_and_every_region_a_name() -> None:
    page = checked(report_html(small()))
    tags = [tag for tag, _ in page.elements]
    assert tags.count("table") == tags.count("caption")
    for region in page.all("div", role="region"):
        assert region["aria-label"]
        assert region["tabindex"] == "0"


def test_the_numbers_of_the_page_are_those_of_the_storm() -> None:
    found = small()
    page = checked(report_html(found))
    lanes = [a["aria-label"] for a in page.all("svg", role="img") if a["aria-label"].startswith("Group ")]
    assert len(lanes) == len(found.materials)
    for number, (words, each) in enumerate(zip(lanes, found.materials, strict=True), 1):
        assert words.startswith(f"Group {number}: {each.group.count} event")


def test_many_groups_take_little_of_each() -> None:
    made, atom = error_log()
    events = [event(f"u{at}", json.dumps({"at": at}), time=s(at)) for at in range(60)]

    def one(number: int) -> Material:
        own: list[Event] = [replace(each, uid=f"{number}-{each.uid}") for each in events]
        found, held = group(map(row, own), own[0], id=f"g-{number:012x}")
        return Material(found, [held])

    materials = tuple(one(number) for number in range(60))
    page = checked(report_html(replace(storm((made, atom)), materials=materials, far=far(60))))
    shown = [int(count) for count in re.findall(r"Members: (\d+) rows of 60", page.text)]
    assert len(shown) == 60
    assert max(shown) < 40
    assert "only the most severe groups have a graph" in page.text

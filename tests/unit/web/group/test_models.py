"""What the page of a group tells, made of a real store."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import Settings
from stormcell.errors import NotFoundError
from stormcell.operate.explain import explained
from stormcell.render.context import context
from stormcell.render.report.services import calls_of
from stormcell.semconv import severity_name
from stormcell.store import SqliteStore
from stormcell.store.browsing import Narrowed, Sort
from stormcell.types import AuditEntry, Material
from stormcell.web.group.around import around, calls, gone
from stormcell.web.group.history import happened
from stormcell.web.group.members import LOW, PAGE, Asked, asked, members, path
from stormcell.web.group.page import group_page
from stormcell.web.group.why import why


def test_every_event_is_explained_as_on_the_command_line(grouped_store: Path) -> None:
    with SqliteStore(grouped_store, create=False) as store:
        for id in store.statuses():
            group = store.group(id)
            assert group is not None
            for uid in group.members[::7]:
                found, expected = why(store, uid), explained(store, uid)
                atom = expected.atom
                assert found.card.event == expected.row.event
                assert found.group is not None
                assert found.group.id == id
                assert sum(part.share for part in found.parts) == pytest.approx(atom.dissimilarity)
                assert {part.name for part in found.parts} == {share.name for share in atom.shares}
                shares = [part.share for part in found.parts if part.compared]
                assert shares == sorted(shares, reverse=True)
                assert (found.rival, found.margin) == (atom.runner_up or "", atom.margin or 0.0)
                whole = sum(len(row.members) for row in atom.rows)
                assert (found.equal, found.others) == (
                    len(expected.row.members),
                    whole - len(expected.row.members),
                )
                assert found.with_exemplar == any(group.medoid.uid in row.members for row in atom.rows)
                assert len(found.links) + found.more_links + sum(n for _, n in found.among) == len(atom.links)


def test_an_event_that_is_not_there_is_said_so(grouped_store: Path) -> None:
    with SqliteStore(grouped_store, create=False) as store, pytest.raises(NotFoundError, match="no event 'x'"):
        why(store, "x")


def test_background_is_explained_too(grouped_store: Path) -> None:
    with SqliteStore(grouped_store, create=False) as store:
        found = why(store, store.background()[0].rows[0].event.uid)
    assert found.group is None
    assert found.surprise > 0


def test_pages_of_members_tell_of_each_line_once(grouped_store: Path) -> None:
    with SqliteStore(grouped_store, create=False) as store:
        for id in store.statuses():
            group = store.group(id)
            head = store.head_of(id)
            assert group is not None
            assert head is not None
            seen: list[str] = []
            number, counted = 1, 0
            while True:
                page = members(store, head, Asked(page=number))
                seen += [one.event.uid for one in page.page]
                counted += sum(one.count for one in page.page)
                assert (page.first, page.last) == (PAGE * (number - 1) + 1, len(seen))
                assert bool(page.previous) == (number > 1)
                if not page.next:
                    break
                number += 1
            assert len(set(seen)) == len(seen) == page.rows
            assert counted == page.events == group.count
            assert set(seen) <= set(group.members)
            # A page beyond the last is the last.
            assert members(store, head, Asked(page=999)).page == page.page


def test_a_low_margin_names_the_other_group(grouped_store: Path) -> None:
    with SqliteStore(grouped_store, create=False) as store:
        rivals = 0
        for id in store.statuses():
            head = store.head_of(id)
            assert head is not None
            for one in members(store, head, Asked(sort=Sort.DOUBTFUL)).page:
                assert bool(one.rival) == (one.margin is not None and one.margin < LOW)
                rivals += bool(one.rival)
        assert rivals


texts = st.text(max_size=12)


@given(texts, texts, st.sampled_from(["", "log", "span", "alert"]), st.sampled_from(Sort), st.integers(1, 10**8))
def test_a_path_asks_for_what_it_was_made_of(text: str, service: str, signal: str, sort: Sort, page: int) -> None:
    wanted = Asked(Narrowed(text.strip(), service, signal), sort, page, ("uid/1", text) if text else ())
    url = urlsplit(path("g 1/2", wanted))
    query = parse_qs(url.query, errors="surrogatepass")
    assert url.path == "/groups/g%201%2F2"
    assert asked(lambda name: query.get(name, [""])[0], query.get("why", ())) == wanted


@given(st.dictionaries(st.sampled_from(["text", "service", "signal", "sort", "page"]), texts), st.lists(texts))
def test_any_query_asks_for_something(query: dict[str, str], explained: list[str]) -> None:
    found = asked(lambda name: query.get(name, ""), explained)
    assert found.page >= 1
    assert len(found.open) <= 8
    assert found.wanted.signal in ("", "alert", "log", "span")


def test_a_page_tells_of_the_group(grouped_store: Path) -> None:
    with SqliteStore(grouped_store, create=False) as store:
        groups = store.groups()
        for group in groups:
            head = store.head_of(group.id)
            assert head is not None
            page = group_page(store, head, Settings())
            assert page.exemplar.event == group.medoid
            assert {role for one in page.landmarks for role in one.roles} == {"earliest", "most severe", "latest"}
            assert [one.event.time for one in page.landmarks] == sorted(one.event.time for one in page.landmarks)
            assert page.landmarks[0].after == 0
            assert sum(one.part for one in page.fields) == pytest.approx(1) or not page.fields
            silence = Settings().grouping.silence_seconds * 1e9
            near = {
                other.id
                for other in groups
                if other.id != group.id
                and other.first_seen <= group.last_seen + silence
                and other.last_seen >= group.first_seen - silence
            }
            assert {one.id for one in page.movable} == near
            assert page.others == page.movable
            if near:
                title = page.movable[0].title
                found = group_page(store, head, Settings(), f" {title[:30].upper()} ")
                assert page.movable[0].id in {one.id for one in found.others}
                assert group_page(store, head, Settings(), "no such text").others == ()


def test_what_is_around_is_nearest_first(grouped_store: Path) -> None:
    with SqliteStore(grouped_store, create=False) as store:
        called = 0
        for id in store.statuses():
            head = store.head_of(id)
            assert head is not None
            found = around(store, head, Settings())
            assert found.known
            assert id not in {one.group.id for one in found.similar}
            far = [round(one.dissimilarity, 3) for one in found.similar]
            assert far == sorted(far)
            assert all(one.runbook for one in found.similar)
            assert calls(store, id) == found.calls
            assert all(call.caller != call.callee and call.failed <= call.count for call in found.calls)
            called += len(found.calls)
        assert called


def test_the_page_the_report_and_drafts_count_the_same_calls(grouped_store: Path) -> None:
    with SqliteStore(grouped_store, create=False) as store:
        for group in store.groups():
            material = Material(group, store.memberships(group.id))
            shown = {(one.caller, one.callee): (one.count, one.failed) for one in calls(store, group.id)}
            assert shown.items() <= calls_of(material).items()
            for one in context(material).calls:
                failed = int(one.failed.value) if one.failed else 0
                assert shown[one.caller.value, one.callee.value] == (int(one.count.value), failed)


def test_what_became_of_a_group_is_followed(store: Path) -> None:
    with SqliteStore(store, create=False) as opened:
        [last, *_] = opened.statuses()
        entries = [
            AuditEntry(1, "ann", "merge", "g-b", ("g-a", "g-b"), {"gone": ["g-a"], "by": "Ann"}),
            AuditEntry(2, "sidecar", "resolve", "g-b", ("g-b", last), {"into": last, "why": "merged"}),
        ]
        opened.audit(*entries)
        first, second = gone(opened, "g-a"), gone(opened, "g-b")
        assert first is not None
        assert second is not None
        assert ([group.id for group in first.into], first.how, first.who) == ([last], "merged", "Ann")
        assert ([group.id for group in second.into], second.how) == ([last], "regrouped")
        assert gone(opened, "g-never") is None
        opened.audit(AuditEntry(3, "ann", "ack", "g-c", ("g-c",)))
        forgotten = gone(opened, "g-c")
        assert forgotten is not None
        assert (forgotten.into, forgotten.how) == ((), "forgotten")
        # A circle ends, too.
        opened.audit(
            AuditEntry(4, "ann", "merge", "g-y", ("g-x", "g-y"), {"gone": ["g-x"]}),
            AuditEntry(5, "ann", "merge", "g-x", ("g-x", "g-y"), {"gone": ["g-y"]}),
        )
        circle = gone(opened, "g-x")
        assert circle is not None
        assert circle.into == ()


def test_what_happened_is_told_in_words() -> None:
    entry = AuditEntry(
        5, "oncall", "split", "g-1", ("g-1", "g-2"), {"by": "Ann", "feedback": "f-1", "gone": []}, 7
    )
    [told] = happened([entry], {"g-1"}, {"f-1"}, "g-1")
    assert (told.words, told.by, told.groups, told.undoable) == (
        "split events off",
        "Ann",
        (("g-2", False),),
        "f-1",
    )
    [told] = happened([entry], {"g-1"}, set())
    assert (told.groups, told.undoable) == ((("g-1", True), ("g-2", False)), "")
    [told] = happened([AuditEntry(5, "sidecar", "resolve", "g-1", ("g-1",), {"why": "quiet"})], {"g-1"}, set())
    assert (told.machine, told.plain, told.details) == (True, True, (("because:", "quiet"),))
    superseded = AuditEntry(6, "cli", "supersede", "d-1", ("g-1",), {"successor": "d-2"})
    [told] = happened([superseded], {"g-1"}, set())
    assert (told.words, told.draft) == ("superseded a draft", "d-1")
    published = AuditEntry(6, "bob", "publish", "d-1", ("g-1",), {"taken": ["wiki", "archive"], "refused": []})
    [told] = happened([published], {"g-1"}, set())
    assert told.details == (("taken by", "wiki, archive"),)
    rotated = AuditEntry(8, "cli", "rotate-token", "collector", (), {"may": ["ingest"], "by": "ann"})
    [told] = happened([rotated], set(), set())
    assert (told.words, told.token, told.details) == (
        "rotated the token of",
        "collector",
        (("may", "ingest"),),
    )


def test_levels_are_those_of_opentelemetry() -> None:
    assert [severity_name(number) for number in (24, 21, 20, 17, 13, 9, 8, 1, 0)] == (
        ["fatal", "fatal", "error", "error", "warn", "info", "debug", "trace", ""]
    )

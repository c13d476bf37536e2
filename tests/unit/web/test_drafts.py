"""The pages of drafts, as a browser without script asks for them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from stormcell.access import Scope
from stormcell.config import Settings
from stormcell.operate import reviews
from stormcell.operate.people import Person
from stormcell.store import SqliteStore
from stormcell.types import Review
from stormcell.web.drafts import listing
from stormcell.web.drafts.diffs import MOST, between, lines
from tests.unit.render.samples import grouping
from tests.unit.web.client import Browser

GROUPING = grouping()
GROUP = GROUPING.groups[0]
NOW = 1_790_000_000_000_000_000
GRACE = Person("grace", "", NOW)


@dataclass
class Pages:
    """The pages over a store, and a browser."""

    browser: Browser
    store: Path
    settings: Settings

    def get(self, path: str) -> httpx.Response:
        return self.browser.get(path)

    def text(self, path: str) -> str:
        return plain(self.browser.get(path))

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form with what every page gives."""
        if not self.browser.csrf:
            self.browser.get(f"/groups/{GROUP.id}/draft/postmortem")
        return self.browser.post(path, fields)

    def review(self, id: str) -> Review:
        with SqliteStore(self.store, create=False) as store:
            found = store.review(id)
        assert found is not None
        return found

    def begun(self) -> Review:
        with SqliteStore(self.store, create=False) as store:
            return reviews.begin(store, GROUP.id, "runbook", GRACE, self.settings)


def plain(answer: httpx.Response) -> str:
    """Return what a reader sees of a page, roughly."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    folder = tmp_path / "handbook"
    folder.mkdir()
    publish = [{"name": "handbook", "kind": "folder", "target": str(folder)}]
    settings = Settings.model_validate({"drafts": {"publish": publish}})
    path = tmp_path / "stormcell.db"
    with SqliteStore(path, create=True) as store:
        store.save(GROUPING, [])
    return Pages(Browser(path, settings=settings), path, settings)


def test_a_draft_is_shown_before_anybody_takes_it_up(pages: Pages) -> None:
    assert "No drafts yet" in pages.text("/drafts")
    shown = pages.text(f"/groups/{GROUP.id}/draft/runbook")
    assert "nothing of it is kept yet" in shown
    assert "Take it up for review" in shown
    assert pages.get(f"/groups/{GROUP.id}/draft/poem").status_code == 404
    assert pages.get("/groups/nobody/draft/runbook").status_code == 404
    with SqliteStore(pages.store, create=False) as store:
        assert store.reviews() == []


def test_one_that_is_taken_up_is_shown_itself(pages: Pages) -> None:
    answer = pages.post(f"/groups/{GROUP.id}/draft/runbook")
    assert answer.status_code == 303
    review = pages.review(answer.headers["location"].removeprefix("/drafts/"))
    assert review.group == GROUP.id
    again = pages.get(f"/groups/{GROUP.id}/draft/runbook")
    assert again.headers["location"] == f"/drafts/{review.id}"
    assert GROUP.title in pages.text("/drafts")


def test_a_template_that_is_not_there_is_told(pages: Pages) -> None:
    answer = pages.post(f"/groups/{GROUP.id}/draft/runbook", template="nothing")
    for told in (answer, pages.get(f"/groups/{GROUP.id}/draft/runbook?template=nothing")):
        assert told.status_code == 409
        assert "no template 'nothing'" in plain(told)
        assert "Take it up for review" in plain(told)  # what fits is shown


def test_from_draft_to_published(pages: Pages, tmp_path: Path) -> None:
    review = pages.begun()
    path = f"/drafts/{review.id}"
    answer = pages.post(f"{path}/edit", do="save", seen=1, text="# New\r\n\r\nText.\r\n", note="shorter")
    assert answer.headers["location"] == path
    assert pages.review(review.id).latest.markdown == "# New\n\nText.\n"
    assert "Saved as revision 2" in pages.text(path)
    for do, seen, more in (("submit", 2, {"reviewer": "ada"}), ("approve", 3, {"text": "fine"})):
        assert pages.post(path, do=do, seen=seen, **more).status_code == 303
    assert "ada on revision 2" not in pages.text(path)  # nobody said who they are
    assert pages.post(path, do="publish", seen=4, to="handbook").status_code == 303
    assert "Published: handbook" in pages.text(path)
    [file] = (tmp_path / "handbook").iterdir()
    assert str(file) in pages.text(path)
    assert pages.get(f"{path}?as=markdown").text == "# New\n\nText.\n"


def test_it_is_given_up(pages: Pages) -> None:
    review = pages.begun()
    path = f"/drafts/{review.id}"
    assert 'value="withdraw"' in pages.get(path).text
    pages.post(path, do="withdraw", seen=1, text="Of the wrong group.")
    told = pages.text(path)
    assert "withdrawn" in told
    assert "Of the wrong group." in told
    assert 'value="withdraw"' not in pages.get(path).text


def test_what_is_wrong_is_told_where_it_was_done_and_nothing_is_lost(pages: Pages) -> None:
    review = pages.begun()
    path = f"/drafts/{review.id}"
    pages.post(path, do="submit", seen=1)
    answer = pages.post(path, do="approve", seen=1, text="I read it")
    assert answer.status_code == 409
    assert "was changed since you saw it" in plain(answer)
    assert "I read it</textarea>" in answer.text
    assert "the reason is empty" in plain(pages.post(path, do="send-back", seen=2, text=" "))
    assert "load the page again" in plain(pages.post(path, do="dance", seen=2))
    assert "load the page again" in plain(pages.post(path, do="approve", seen="-1"))
    pages.post(path, do="approve", seen=2)
    assert "no place is chosen" in plain(pages.post(path, do="publish", seen=3))
    assert "no place is called 'moon'; there are: handbook" in plain(
        pages.post(path, do="publish", seen=3, to="moon")
    )
    assert pages.post("/drafts/d-000000000000", do="approve", seen=1).status_code == 404


def test_a_stale_draft_says_why_and_is_published_only_if_asked(pages: Pages) -> None:
    review = pages.begun()
    path = f"/drafts/{review.id}"
    pages.post(path, do="submit", seen=1)
    pages.post(path, do="approve", seen=2)
    other = replace(GROUP, medoid=GROUP.latest)
    with SqliteStore(pages.store, create=False) as store:
        store.save(replace(GROUPING, groups=(other, *GROUPING.groups[1:])), [])
    stale = pages.text(path)
    assert "Stale: another event speaks for its group" in stale
    # No more is offered than can be done to what is approved.
    assert "draft it anew or edit it." in stale
    assert "approve it" not in stale
    assert 'title="another event speaks' in pages.get("/drafts").text
    assert "is stale" in plain(pages.post(path, do="publish", seen=3, to="handbook"))
    pages.post(path, do="publish", seen=3, to="handbook", stale="yes")
    assert pages.review(review.id).state.value == "published"


def test_texts_of_two_people_are_laid_side_by_side(pages: Pages) -> None:
    review = pages.begun()
    path = f"/drafts/{review.id}/edit"
    pages.post(path, do="save", seen=1, text="same\ntheirs\n")
    answer = pages.post(path, do="save", seen=1, text="same\nmine\n", note="my note")
    assert answer.status_code == 409
    assert "mine\n</textarea>" in answer.text
    assert 'value="my note"' in answer.text
    assert 'name="seen" value="2"' in answer.text
    assert "\N{MINUS SIGN} taken out: theirs + added: mine" in plain(answer)
    assert pages.review(review.id).latest.markdown == "same\ntheirs\n"
    assert "the text is empty" in plain(pages.post(path, do="save", seen=2, text=" "))
    preview = pages.post(path, do="preview", seen=1, text="# Mine *to fill in: x*")
    assert preview.status_code == 200
    assert "1 place to fill in" in plain(preview)
    assert 'name="seen" value="1"' in preview.text


def test_a_published_text_is_followed_by_another_draft(pages: Pages) -> None:
    review = pages.begun()
    path = f"/drafts/{review.id}"
    for number, do in enumerate(("submit", "approve", "publish"), 1):
        pages.post(path, do=do, seen=number, to="handbook")
    assert "What you save is a new draft" in pages.text(f"{path}/edit")
    answer = pages.post(f"{path}/edit", do="save", seen=4, text="next\n")
    assert answer.headers["location"] != path
    following = answer.headers["location"]
    assert "saved as a new draft" in pages.text(following).lower()
    for number, do in enumerate(("submit", "approve", "publish"), 1):
        pages.post(following, do=do, seen=number, to="handbook")
    assert "superseded" in pages.text(path)
    assert pages.get(f"{path}/edit").status_code == 409


def test_revisions_are_shown_and_compared(pages: Pages) -> None:
    review = pages.begun()
    path = f"/drafts/{review.id}"
    pages.post(f"{path}/edit", do="save", seen=1, text="two\n")
    pages.post(f"{path}/edit", do="save", seen=2, text="three\n")
    assert "This is an earlier revision" in pages.text(f"{path}?revision=2")
    assert "From revision 2 to 3" in pages.text(f"{path}?old=2&new=3")
    assert "Revisions 2 and 2 are the same" in pages.text(f"{path}?old=2&new=2")
    assert pages.get(f"{path}?revision=9").status_code == 404
    assert pages.get(f"{path}?old=-1&new=x&revision=٣").status_code == 200


def test_sources_are_checked_where_that_is_asked_for(pages: Pages) -> None:
    review = pages.begun()
    path = f"/drafts/{review.id}"
    assert "Sources of revision" not in pages.text(path)
    assert "are what the footnotes name; nothing else is cited" in pages.text(f"{path}?check=yes")
    altered = review.latest.markdown.replace(f"`{GROUP.id}`", "`g-other`", 1)
    assert altered != review.latest.markdown
    pages.post(f"{path}/edit", do="save", seen=1, text=altered + "\nAnd this[^999].\n")
    told = pages.text(f"{path}?check=yes")
    assert "2 are not:" in told
    assert "altered" in told
    assert "there is no footnote 999" in told


def test_a_part_of_a_page_shows_how_a_text_looks(pages: Pages) -> None:
    answer = pages.post("/drafts/preview", text="# <b>x</b>")
    assert answer.text.count("<html") == 0
    assert "<h2>&lt;b&gt;x&lt;/b&gt;</h2>" in answer.text
    assert pages.post("/drafts/preview", text="x" * 1_100_000).status_code == 422


def test_hostile_names_and_titles_stay_texts(pages: Pages) -> None:
    hostile = "</title><script>alert(1)</script>\x1b[31m"
    review = pages.begun()
    evil = replace(review, title=hostile, reviewer=hostile, version=2)
    with SqliteStore(pages.store, create=False) as store:
        store.save_review(evil)
    path = f"/drafts/{review.id}"
    pages.post(path, do="comment", seen=2, text=hostile)
    for shown in (path, "/drafts", f"{path}/edit"):
        text = pages.get(shown).text
        assert "<script>alert" not in text
        assert "\x1b" not in text


def test_the_list_has_pages_and_states(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 1)
    first = pages.begun()
    with SqliteStore(pages.store, create=False) as store:
        second = reviews.begin(store, GROUP.id, "postmortem", replace(GRACE, now=NOW + 1), pages.settings)
    text = pages.get("/drafts").text
    assert f'data-draft="{second.id}"' in text
    assert f'data-draft="{first.id}"' not in text
    more = re.search(r'href="([^"]+)" rel="next"', text)
    assert more is not None
    assert f'data-draft="{first.id}"' in pages.get(unescape(more[1])).text
    assert "No draft is approved" in pages.text("/drafts?state=approved")
    assert "No more drafts" in pages.text(f"/drafts?after=1.{first.id}")
    for garbage in ("x", "1", "99999999999999999999999.d", ".", f"{10**19 - 1}.{first.id}"):
        assert f'data-draft="{second.id}"' in pages.get(f"/drafts?after={garbage}&state=nothing").text


@pytest.mark.parametrize("after", ["9999999999999999999.a", "1.", ".a", "1", "-1.a", "1.\0"])
def test_a_place_in_the_list_that_is_none_is_passed_over(pages: Pages, after: str) -> None:
    pages.begun()
    assert pages.browser.get(f"/drafts?after={quote(after)}").status_code == 200


def test_a_long_difference_says_what_is_left_off() -> None:
    found = between("", "\n".join(map(str, range(MOST + 10))))
    assert len(found) == MOST + 1
    assert found[-1].text.endswith("lines more")
    assert lines("") == []


def test_who_may_only_look_sees_no_buttons_and_is_refused(pages: Pages) -> None:
    review = pages.begun()
    path = f"/drafts/{review.id}"
    reader = Browser(pages.store, [("guest", {Scope.READ})], pages.settings)
    reader.get("/login")
    assert reader.post("/login", {"token": "guest"}).status_code == 303
    shown = plain(reader.get(path))
    assert "History" in shown
    for button in ("Ask for a review", "Edit", "Comment", "Draft it anew"):
        assert button not in shown
    assert "Take it up" not in plain(reader.get(f"/groups/{GROUP.id}/draft/postmortem"))
    for asked in (
        reader.post(path, {"do": "submit", "seen": "1"}),
        reader.post(f"/groups/{GROUP.id}/draft/postmortem"),
        reader.post(f"{path}/edit", {"do": "save", "seen": "1", "text": "x"}),
        reader.get(f"{path}/edit"),
    ):
        assert asked.status_code == 403
    assert pages.review(review.id) == review

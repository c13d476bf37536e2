"""The pages of codebooks, as a browser without script gets them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stormcell.access import Scope
from stormcell.codebook.document import dump
from stormcell.config import Settings
from stormcell.operate import codebooks
from stormcell.store import SqliteStore
from stormcell.types import Codebook, CodebookState
from tests.unit.web.client import Browser
from tests.unit.web.model.build import ADA, modelled

VIEWER, OPERATOR = {Scope.READ}, {Scope.READ, Scope.OPERATE}
ADMIN = {*OPERATOR, Scope.ADMINISTER}
TOKENS = (("viewer", VIEWER), ("operator", OPERATOR), ("admin", ADMIN))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Codebook, Codebook]:
    path = tmp_path_factory.mktemp("modelled") / "stormcell.db"
    return path, *modelled(path)


@pytest.fixture
def store(made: tuple[Path, Codebook, Codebook], tmp_path: Path) -> Path:
    """A store of its own."""
    path, *both = made
    copy = tmp_path / "stormcell.db"
    copy.write_bytes(path.read_bytes())
    (tmp_path / "codebooks").mkdir()
    for one in both:
        (tmp_path / "codebooks" / f"{one.version}.json").write_bytes(dump(one))
    return copy


@pytest.fixture
def live(made: tuple[Path, Codebook, Codebook]) -> str:
    return made[1].version


@pytest.fixture
def canary(made: tuple[Path, Codebook, Codebook]) -> str:
    return made[2].version


def entered(store: Path, name: str) -> Browser:
    """Log in with a token."""
    browser = Browser(store, TOKENS)
    browser.get("/login")
    assert browser.post("/login", {"token": name}).status_code == 303
    return browser


def states(store: Path) -> dict[str, CodebookState]:
    with SqliteStore(store, create=False) as opened:
        return {one.version: one.state for one in opened.codebooks()}


def test_the_list_tells_which_is_live_and_what_drifts(store: Path, live: str, canary: str) -> None:
    page = Browser(store).get("/codebooks").text
    assert set(re.findall(r'data-codebook="([^"]+)"', page)) == {live, canary}
    drifted = re.findall(r'<tr data-field="(\w+)"><th scope="row">\w+ <span class="flag error">drifted', page)
    assert {"codeword", "service", "template"} <= set(drifted)
    assert {"signal", "severity"}.isdisjoint(drifted)
    assert "2 of 6 windows, 200 events" in page
    assert "90.0% of the events are of the same kind in both; 10.5% of those that the live one knows" in page
    assert '<span class="flag">not decided yet</span> 2 of 6 windows are over' in page
    assert "the job train ended after 12.5 s: failed" in page
    # What telemetry and people wrote is text.
    assert "the &lt;first&gt;" in page
    assert "<b>warehouse" not in page


def test_the_page_of_a_codebook_tells_its_codewords(store: Path, live: str, canary: str) -> None:
    browser = Browser(store)
    page = browser.get(f"/codebooks/{live}").text
    for text in ("added an item to the basket", "cannot reach the database", "payment accepted"):
        assert text in page
    assert "4 codewords of 600 events" in page
    assert f'href="/codebooks/{live}"' in browser.get(f"/codebooks/{canary}").text
    found = browser.get(f"/codebooks/{live[:7]}")
    assert (found.status_code, found.headers["location"]) == (303, f"/codebooks/{live}")
    document = browser.get(f"/codebooks/{live}?as=document")
    assert json.loads(document.content)["version"] == live
    assert document.headers["content-disposition"] == f'attachment; filename="{live}.json"'
    assert browser.get("/codebooks/cb-none").status_code == 404
    assert browser.get(f"/codebooks/{live}?from=10000").status_code == 200


def test_a_codebook_is_promoted_and_rolled_back(store: Path, live: str, canary: str) -> None:
    browser = entered(store, "admin")
    assert "/codebooks/rollback" not in browser.get("/codebooks").text  # there is none to go back to
    done = browser.post(f"/codebooks/{canary}/promote", {"expected": live, "why": "fits better"})
    assert (done.status_code, done.headers["location"]) == (303, "/codebooks")
    assert states(store) == {live: "retired", canary: "live"}
    page = browser.get("/codebooks").text
    assert f"{canary} is live instead of {live}" in page
    assert "why fits better" in page
    assert "/codebooks/rollback" in page
    assert "by admin" in page
    browser.post("/codebooks/rollback", {"expected": canary, "why": ""})
    assert states(store) == {live: "live", canary: "rejected"}
    assert f"{live} is live again, and {canary} is rejected" in browser.get("/codebooks").text
    assert browser.nudges == 2
    trail = browser.get("/audit").text
    assert f'promoted <a class="mono" href="/codebooks/{canary}">' in trail
    assert f'rolled back to <a class="mono" href="/codebooks/{live}">' in trail


def test_what_another_did_meanwhile_is_told_and_not_undone(store: Path, live: str, canary: str) -> None:
    browser = entered(store, "admin")
    browser.get("/codebooks")
    with SqliteStore(store, create=False) as other:
        codebooks.promote(other, canary, ADA)
    for path in ("/codebooks/rollback", f"/codebooks/{live}/promote"):
        found = browser.post(path, {"expected": live})
        assert found.status_code == 409
        assert f"<strong>Not done:</strong> {canary} is live, not {live}" in found.text
    assert states(store)[canary] == "live"


def test_one_is_rejected_but_not_the_live_one(store: Path, live: str, canary: str) -> None:
    browser = entered(store, "admin")
    browser.get("/codebooks")
    assert browser.post(f"/codebooks/{live}/reject").status_code == 409
    assert browser.post(f"/codebooks/{canary}/reject", {"why": "worse"}).status_code == 303
    assert states(store) == {live: "live", canary: "rejected"}
    assert "None." in browser.get("/codebooks").text


def test_another_may_be_the_canary(store: Path, live: str, canary: str) -> None:
    browser = entered(store, "admin")
    browser.get("/codebooks")
    assert browser.post("/codebooks/canary/stop", {"expected": live}).status_code == 409
    browser.post("/codebooks/canary/stop", {"expected": canary})
    assert states(store) == {live: "live", canary: "candidate"}
    assert f"{canary} is a candidate again" in browser.get("/codebooks").text
    browser.post(f"/codebooks/{canary}/canary")
    assert states(store) == {live: "live", canary: "canary"}
    assert f"{canary} was the canary already" in (
        browser.post(f"/codebooks/{canary}/canary", x_stormcell="/codebooks").text
    )
    browser.post("/codebooks/retrain", {"why": "a new release"})
    with SqliteStore(store, create=False) as opened:
        asked = opened.model_state("asked")
    assert asked is not None
    assert (asked["number"], asked["by"], asked["why"]) == (1, "admin", "a new release")


@pytest.mark.parametrize("who", ["viewer", "operator"])
def test_only_admins_are_offered_changes_and_may_make_them(store: Path, live: str, canary: str, who: str) -> None:
    browser = entered(store, who)
    page = browser.get("/codebooks").text
    assert live in page
    assert "<form" not in page.partition("<main")[2].partition("</main>")[0]
    for path in (
        f"{canary}/promote",
        f"{canary}/reject",
        "rollback",
        f"{canary}/canary",
        "canary/stop",
        "retrain",
    ):
        assert browser.post(f"/codebooks/{path}", {"expected": live}).status_code == 403
    assert states(store) == {live: "live", canary: "canary"}
    assert "<form" in entered(store, "admin").get("/codebooks").text.partition("<main")[2]


def test_where_no_sample_is_kept_nobody_can_ask_for_a_training(store: Path) -> None:
    settings = Settings.model_validate({"rollout": {"sample_days": 0}})
    browser = Browser(store, settings=settings)
    assert "/codebooks/retrain" not in browser.get("/codebooks").text
    assert "/codebooks/retrain" in Browser(store).get("/codebooks").text
    told = browser.post("/codebooks/retrain")
    assert told.status_code == 409
    assert "rollout.sample_days is 0 here" in told.text
    with SqliteStore(store, create=False) as opened:
        assert opened.model_state("asked") is None


def test_a_form_of_no_page_of_this_session_changes_nothing(store: Path, live: str, canary: str) -> None:
    browser = entered(store, "admin")
    browser.get("/codebooks")
    assert browser.post(f"/codebooks/{canary}/promote", {"csrf": "0" * 64}).status_code == 403
    assert browser.post(f"/codebooks/{canary}/promote", origin="http://evil.example").status_code == 403
    assert states(store)[live] == "live"


def test_a_live_codebook_whose_file_is_damaged_is_told(store: Path, live: str, canary: str) -> None:
    (store.parent / "codebooks" / f"{live}.json").write_bytes(b"{")
    browser = Browser(store)
    page = browser.get("/codebooks").text
    assert "The live codebook cannot be used:" in page
    assert str(store.parent) not in page
    assert live in page
    assert canary in page


def test_without_codebooks_it_says_how_to_get_one(tmp_path: Path) -> None:
    page = Browser(tmp_path / "none.db", settings=Settings()).get("/codebooks")
    assert page.status_code == 200
    assert "No codebooks yet" in page.text

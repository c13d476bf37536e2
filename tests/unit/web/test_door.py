"""Who gets in, and from where."""

from __future__ import annotations

from pathlib import Path

import pytest

from stormcell.access import Principal, Scope, UnauthenticatedError
from stormcell.config import Settings
from stormcell.store import SqliteStore
from stormcell.web import login
from stormcell.web.context import over_tls
from stormcell.web.pages import POLICY
from stormcell.web.paths import is_local
from stormcell.web.problems import Problem
from stormcell.web.sessions import Sessions
from tests.unit.web.client import HTML, Browser

READ, OPERATE = {Scope.READ}, {Scope.READ, Scope.OPERATE}


def groups(store: Path) -> list[str]:
    with SqliteStore(store, create=False) as opened:
        return [group.id for group in opened.groups()]


def statuses(store: Path) -> set[str]:
    with SqliteStore(store, create=False) as opened:
        return set(opened.statuses().values())


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/login", "/groups/none/ack", "/static/app.css", "/static/none"]
)
def test_every_answer_is_sealed(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "unsafe" not in POLICY


def test_pages_are_not_kept_and_files_that_name_their_content_are(browser: Browser) -> None:
    page = browser.get("/")
    assert page.headers["cache-control"] == "no-store"
    path = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    kept = browser.get(path)
    assert "immutable" in kept.headers["cache-control"]
    assert kept.headers["content-type"] == "text/css; charset=utf-8"
    old = browser.get("/static/0000000000000000/app.css")
    assert old.status_code == 200
    assert old.headers["cache-control"] == "no-cache"
    assert browser.get("/static/app.css", if_none_match=old.headers["etag"]).status_code == 304
    assert browser.get("/static/../layout.html").status_code == 404
    assert browser.get("/static/%2e%2e%2flayout.html").status_code == 404


def test_what_is_nowhere_is_told_as_a_page(browser: Browser) -> None:
    found = browser.get("/nowhere")
    assert (found.status_code, found.headers["content-type"]) == (404, HTML)
    assert "there is no such page" in found.text
    assert browser.post("/", {}).status_code == 405


def test_a_form_of_no_page_of_this_session_changes_nothing(browser: Browser, store: Path) -> None:
    [name, *_] = groups(store)
    browser.get("/")
    for csrf in ("", "0" * 64, "é"):
        assert browser.post(f"/groups/{name}/ack", {"csrf": csrf}).status_code == 403
    other = browser.other()
    other.get("/")
    other.csrf = browser.csrf
    assert other.post(f"/groups/{name}/ack").status_code == 403
    assert statuses(store) == {"open"}
    assert browser.nudges == 0
    assert browser.post(f"/groups/{name}/ack").status_code == 303
    assert statuses(store) == {"open", "acknowledged"}
    assert browser.nudges == 1


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost:1"),
        ("origin", "http://[broken"),
        ("sec_fetch_site", "cross-site"),
        ("sec_fetch_site", "same-site"),
    ],
)
def test_forms_of_other_sites_are_refused(browser: Browser, store: Path, header: str, value: str) -> None:
    [name, *_] = groups(store)
    browser.get("/")
    found = browser.post(f"/groups/{name}/ack", None, **{header: value})
    assert found.status_code == 403
    assert "pages of other sites" in found.text
    assert statuses(store) == {"open"}


def test_what_is_no_form_or_too_much_of_one_is_refused(browser: Browser, store: Path) -> None:
    [name, *_] = groups(store)
    browser.get("/")
    assert browser.post(f"/groups/{name}/ack", content_type="text/plain").status_code == 415
    assert browser.post(f"/groups/{name}/ack", {"by": "a" * (3 << 20)}).status_code == 413
    assert browser.post(f"/groups/{name}/ack", {str(at): "" for at in range(3000)}).status_code == 400
    assert statuses(store) == {"open"}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:14319", 200),
        ("shop.localhost", 200),
        ("127.0.0.1", 200),
        ("[::1]:14319", 200),
        ("10.1.2.3:80", 200),
        ("triage.example", 200),
        ("TRIAGE.example:443", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
    ],
)
def test_without_tokens_a_name_that_anyone_may_point_here_shows_nothing(
    store: Path, host: str, status: int
) -> None:
    settings = Settings.model_validate({"web": {"hosts": ["triage.example"]}})
    found = Browser(store, settings=settings).get("/", host=host)
    assert found.status_code == status
    assert ("data-group" in found.text) == (status == 200)


def test_with_tokens_any_name_will_do(store: Path) -> None:
    assert Browser(store, [("ann", READ)]).get("/login", host="triage.example").status_code == 200


def test_who_is_not_logged_in_is_asked_to_and_comes_back(store: Path) -> None:
    browser = Browser(store, [("ann", OPERATE)])
    found = browser.get("/?sort=count&text=a%20b")
    assert (found.status_code, found.headers["location"]) == (
        303,
        "/login?back=%2F%3Fsort%3Dcount%26text%3Da%2520b",
    )
    page = browser.get(found.headers["location"])
    assert 'value="/?sort=count&amp;text=a%20b"' in page.text
    entered = browser.post("/login", {"token": " ann ", "back": "/?sort=count&text=a%20b"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/?sort=count&text=a%20b")
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert "ann" not in cookie
    assert browser.get("/").status_code == 200
    browser.get("/")
    assert browser.post("/logout").headers["location"] == "/login"
    assert browser.get("/").status_code == 303


def test_over_tls_the_cookie_is_kept_to_it(store: Path) -> None:
    browser = Browser(store, [("ann", OPERATE)], secure=True)
    cookie = browser.post("/login", {"token": "ann"}).headers["set-cookie"]
    assert cookie.startswith("__Host-stormcell")
    assert "Secure" in cookie
    assert browser.get("/").status_code == 200


def test_behind_a_proxy_that_speaks_tls_the_cookie_can_be_kept_to_it() -> None:
    assert not over_tls(Settings())
    for section in ({"web": {"secure_cookies": True}}, {"receivers": {"tls_certificate": "a.pem"}}):
        assert over_tls(Settings.model_validate(section))


def test_who_may_less_than_before_is_offered_less_and_who_is_revoked_is_out(store: Path) -> None:
    [name, *_] = groups(store)
    browser = Browser(store, [("ann", OPERATE), ("bob", READ)])
    browser.post("/login", {"token": "ann"})
    page = browser.get("/")
    assert f'action="/groups/{name}/ack"' in page.text
    browser.known["ann"] = frozenset(READ)
    again = browser.get("/", if_none_match=page.headers["etag"])
    assert again.status_code == 200
    assert f'action="/groups/{name}/ack"' not in again.text
    refused = browser.post(f"/groups/{name}/ack")
    assert refused.status_code == 403
    assert "ann may only look: this takes a token with the scope operate" in refused.text
    del browser.known["ann"]
    assert browser.get("/").headers["location"] == "/login"
    assert browser.post(f"/groups/{name}/ack").status_code == 401
    assert statuses(store) == {"open"}
    # Out for good, whoever has a token of that name later.
    browser.known["ann"] = frozenset(OPERATE)
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/\t/evil"])
def test_logging_in_never_leads_to_another_site(store: Path, back: str) -> None:
    assert not is_local(back)
    browser = Browser(store, [("ann", OPERATE)])
    assert browser.post("/login", {"token": "ann", "back": back}).headers["location"] == "/"


def test_who_guesses_is_slowed_down(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stormcell.web.entrance._SLOW", 0)
    browser = Browser(store, [("ann", OPERATE)])
    for _ in range(login.FAILURES):
        found = browser.post("/login", {"token": "guess"})
        assert found.status_code == 401
        assert "guess" not in found.text
    blocked = browser.post("/login", {"token": "ann"})
    assert blocked.status_code == 429
    assert int(blocked.headers["retry-after"]) > 0
    assert browser.get("/").status_code == 303


class _Nobody:
    """Knows no token."""

    asks = True

    def check(self, authorization: str | None, scope: Scope) -> Principal:
        raise UnauthenticatedError(f"{authorization} is no token for {scope}")

    def still(self, principal: Principal) -> Principal | None:
        return None


def test_who_guessed_may_try_again_after_a_pause() -> None:
    now = [0.0]
    door = login.Door(_Nobody(), Sessions(True, 60), clock=lambda: now[0])
    for _ in range(login.FAILURES):
        with pytest.raises(UnauthenticatedError):
            door.enter("192.0.2.1", "guess")
    with pytest.raises(Problem, match="try again in 61 s"):
        door.enter("192.0.2.1", "guess")
    with pytest.raises(UnauthenticatedError):
        door.enter("192.0.2.2", "guess")
    now[0] = login.PAUSE
    with pytest.raises(UnauthenticatedError):
        door.enter("192.0.2.1", "guess")


def test_a_token_that_is_good_for_other_things_does_not_log_in(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stormcell.web.entrance._SLOW", 0)
    found = Browser(store, [("collector", {Scope.INGEST})]).post("/login", {"token": "collector"})
    assert found.status_code == 403


def test_who_may_only_look_cannot_change(store: Path) -> None:
    [name, *_] = groups(store)
    browser = Browser(store, [("guest", READ)])
    browser.post("/login", {"token": "guest"})
    page = browser.get("/")
    assert "/ack" not in page.text
    assert browser.post(f"/groups/{name}/ack").status_code == 403
    assert statuses(store) == {"open"}


def test_our_script_is_told_in_a_message_and_not_sent_away(store: Path) -> None:
    browser = Browser(store, [("ann", OPERATE)])
    found = browser.get("/", x_stormcell="/")
    assert found.status_code == 401
    assert 'class="toast bad"' in found.text
    assert "<html" not in found.text


def test_who_somebody_says_they_are_is_kept_with_what_they_do(browser: Browser, store: Path) -> None:
    [name, *_] = groups(store)
    tag = browser.get("/").headers["etag"]
    assert browser.post("/me", {"name": "Ann", "csrf": "guess"}).status_code == 403
    assert browser.post("/me", {"name": " <Ann> ", "back": "/?sort=count"}).headers["location"] == "/?sort=count"
    page = browser.get("/", if_none_match=tag)
    assert "<summary>&lt;Ann&gt;" in page.text
    assert browser.post(f"/groups/{name}/ack").status_code == 303
    with SqliteStore(store, create=False) as opened:
        entry = opened.audit_log(name)[-1]
    assert (entry.who, entry.detail["by"]) == ("anonymous", "<Ann>")
    assert browser.post("/login", {"token": "x" * (32 << 10)}).status_code == 413

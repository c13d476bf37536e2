"""Who is logged in."""

from __future__ import annotations

from stormcell.access import ANONYMOUS, Principal, Scope
from stormcell.web import sessions
from stormcell.web.answers import Toast
from stormcell.web.sessions import Sessions

ANN = Principal("ann", frozenset({Scope.READ}))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_session_is_found_by_its_cookie_alone() -> None:
    known = Sessions(True, 100)
    cookie, session = known.begin(ANN)
    found = known.find(cookie)
    assert found == session
    assert found is not None
    assert found.principal is ANN
    assert known.find(cookie + "x") is None
    assert known.find("") is None
    assert known.find(session.key.hex()) is None


def test_a_session_ends_when_it_is_idle_and_not_before() -> None:
    clock = Clock()
    known = Sessions(True, 100, clock)
    cookie, _ = known.begin(ANN)
    for _ in range(5):
        clock.now += 90
        assert known.find(cookie) is not None
    clock.now += 101
    assert known.find(cookie) is None
    assert len(known) == 0


def test_a_session_that_was_ended_stays_so_whatever_is_still_under_way() -> None:
    known = Sessions(True, 100)
    cookie, session = known.begin(ANN)
    known.end(session)
    known.end(session)
    known.tell(session, Toast("done"))
    known.call(session, "Ann")
    assert known.find(cookie) is None


def test_there_are_never_too_many() -> None:
    known = Sessions(True, 100)
    first, _ = known.begin(ANN)
    second, _ = known.begin(ANN)
    known.find(first)
    for _ in range(sessions.MOST - 1):
        known.begin(ANN)
    assert len(known) == sessions.MOST
    assert known.find(first) is not None
    assert known.find(second) is None


def test_forms_are_of_one_session() -> None:
    known = Sessions(True, 100)
    (one, a), (_, b) = known.begin(ANN), known.begin(ANN)
    assert a.csrf != b.csrf
    again = known.find(one)
    assert again is not None
    assert again.csrf == a.csrf
    assert Sessions(True, 100).begin(ANN)[1].csrf not in (a.csrf, b.csrf)


def test_where_nobody_logs_in_a_session_takes_no_memory_until_there_is_something_to_remember() -> None:
    known = Sessions(False, 100)
    cookie, session = known.begin(ANONYMOUS)
    assert len(known) == 0
    assert known.find(cookie) == session
    known.call(session, " Ann ")
    assert len(known) == 1
    found = known.find(cookie)
    assert found is not None
    assert (found.by, found.csrf) == ("Ann", session.csrf)


def test_a_message_is_told_once() -> None:
    known = Sessions(False, 100)
    _, session = known.begin(ANONYMOUS)
    for at in range(7):
        known.tell(session, Toast(str(at)))
    assert [toast.text for toast in known.told(session)] == ["2", "3", "4", "5", "6"]
    assert known.told(session) == []


def test_a_session_lasts_as_long_as_who_began_it_may_and_is_theirs_as_they_are_now() -> None:
    may: dict[str, Principal] = {"ann": ANN}
    known = Sessions(True, 100, still=lambda principal: may.get(principal.name))
    cookie, _ = known.begin(ANN)
    may["ann"] = Principal("ann", frozenset({Scope.READ, Scope.ADMINISTER}))
    found = known.find(cookie)
    assert found is not None
    assert found.principal.scopes == {Scope.READ, Scope.ADMINISTER}
    gone = may.pop("ann")
    assert known.find(cookie) is None
    may["ann"] = gone
    assert known.find(cookie) is None
    assert len(known) == 0

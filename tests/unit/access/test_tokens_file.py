"""The file of tokens is changed by one at a time, and read again as it changes."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

import pytest

from stormcell.access import Authenticator, ForbiddenError, Scope, UnauthenticatedError, tokens
from stormcell.access.authenticator import LOOKS
from stormcell.access.file import changing, read
from stormcell.config.receivers import Granted, ReceiversSettings
from stormcell.errors import OutputError, SettingsError

SECOND = 10**9
NOW = 1_700_000_000 * SECOND
VIEWER, OPERATOR = Granted(role="viewer"), Granted(role="operator")


class Clock:
    """Both clocks, set by hand."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> int:
        return self.time

    def monotonic(self) -> float:
        return self.time / SECOND

    def wait(self, seconds: float) -> None:
        self.time += int(seconds * SECOND)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def give(path: Path, name: str, granted: Granted = VIEWER, lifetime: int | None = None) -> str:
    with changing(path, create=True) as kept:
        token, kept[name] = tokens.made(granted, NOW, lifetime)
    return token


def rotate(path: Path, name: str, clock: Clock, grace: int) -> str:
    with changing(path) as kept:
        token, kept[name] = tokens.rotated(kept[name], clock.now(), grace * SECOND, None)
    return token


def revoke(path: Path, name: str) -> None:
    with changing(path) as kept:
        del kept[name]


def authenticator(path: Path, clock: Clock, **more: object) -> Authenticator:
    settings = ReceiversSettings.model_validate({"tokens_file": str(path), **more})
    return Authenticator(settings, clock, clock.monotonic)


def may(known: Authenticator, token: str, scope: Scope = Scope.READ) -> bool:
    try:
        known.check(f"Bearer {token}", scope)
    except (UnauthenticatedError, ForbiddenError):
        return False
    return True


def test_the_file_is_for_its_owner_and_holds_no_token(path: Path) -> None:
    token = give(path, "ann")
    assert path.stat().st_mode & 0o777 == 0o600
    assert token not in path.read_text()
    assert list(path.parent.iterdir()) == [path]


def test_who_may_read_it_may_read_it_once_it_was_changed(path: Path) -> None:
    give(path, "ann")
    path.chmod(0o640)
    give(path, "bob")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_one(tmp_path: Path, path: Path) -> None:
    give(path, "ann")
    link = tmp_path / "link.json"
    link.symlink_to(path.name)
    give(link, "bob")
    assert link.is_symlink()
    assert sorted(read(path)) == ["ann", "bob"]


def test_what_anybody_may_write_is_not_believed(path: Path, clock: Clock) -> None:
    give(path, "ann")
    path.chmod(0o606)
    with pytest.raises(SettingsError, match=r"anybody may write .*; chmod 600 it"):
        authenticator(path, clock)


def test_a_file_that_is_not_there_is_not_read_as_empty(path: Path, clock: Clock) -> None:
    with pytest.raises(SettingsError, match=r"cannot read the file of tokens .*No such file.*stormcell token new"):
        authenticator(path, clock)
    with pytest.raises(SettingsError, match="cannot read"):
        revoke(path, "ann")
    assert not path.exists()
    with pytest.raises(OutputError, match="make its folder"):
        give(path.parent / "none" / "tokens.json", "ann")


def test_a_change_that_fails_leaves_the_file(path: Path) -> None:
    give(path, "ann")
    before = path.read_bytes()

    def broken() -> None:
        with changing(path) as kept:
            kept.clear()
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        broken()
    assert path.read_bytes() == before
    path.write_bytes(b"{}")
    with pytest.raises(SettingsError):
        give(path, "bob")
    assert path.read_bytes() == b"{}"


def test_nobody_takes_back_what_others_change_meanwhile(path: Path) -> None:
    names = [f"n{at}" for at in range(24)]
    writers = [threading.Thread(target=give, args=(path, name)) for name in names]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(read(path)) == sorted(names)


def test_a_new_token_is_known_and_a_revoked_one_is_not(path: Path, clock: Clock) -> None:
    ann = give(path, "ann")
    known = authenticator(path, clock)
    assert may(known, ann)
    bob = give(path, "bob", OPERATOR)
    assert not may(known, bob)  # it is looked once a second
    clock.wait(LOOKS)
    assert may(known, bob, Scope.OPERATE)
    revoke(path, "ann")
    clock.wait(LOOKS)
    assert not may(known, ann)
    assert may(known, bob)


def test_without_any_token_left_nobody_gets_in(path: Path, clock: Clock) -> None:
    ann = give(path, "ann")
    known = authenticator(path, clock)
    revoke(path, "ann")
    clock.wait(LOOKS)
    assert known.asks
    for authorization in (None, f"Bearer {ann}", "Bearer x"):
        with pytest.raises(UnauthenticatedError):
            known.check(authorization, Scope.READ)
    assert authenticator(path, clock).asks


def test_a_rotated_token_is_good_until_its_grace_ends(path: Path, clock: Clock) -> None:
    old = give(path, "ann")
    known = authenticator(path, clock)
    new = rotate(path, "ann", clock, 60)
    clock.wait(LOOKS)
    assert may(known, old)
    assert may(known, new)
    clock.wait(60)
    with pytest.raises(UnauthenticatedError, match="has expired or was rotated"):
        known.check(f"Bearer {old}", Scope.READ)
    assert may(known, new)


def test_a_token_expires_by_the_clock_whether_or_not_the_file_changes(path: Path, clock: Clock) -> None:
    ann = give(path, "ann", lifetime=10 * SECOND)
    known = authenticator(path, clock)
    principal = known.check(f"Bearer {ann}", Scope.READ)
    clock.wait(9.5)
    assert may(known, ann)
    assert known.still(principal) == principal
    clock.wait(0.5)
    assert not may(known, ann)
    assert known.still(principal) is None


def test_who_was_let_in_is_who_they_are_now(path: Path, clock: Clock) -> None:
    ann = give(path, "ann", OPERATOR)
    known = authenticator(path, clock)
    principal = known.check(f"Bearer {ann}", Scope.READ)
    assert known.still(principal) == principal
    with changing(path) as kept:
        kept["ann"] = kept["ann"].model_copy(update={"role": "viewer"})
    clock.wait(LOOKS)
    now = known.still(principal)
    assert now is not None
    assert now.scopes == {Scope.READ}
    # Another token of the same name is not the one that they came with.
    revoke(path, "ann")
    give(path, "ann", OPERATOR)
    clock.wait(LOOKS)
    assert known.still(principal) is None


def test_where_nothing_is_asked_everyone_stays_who_they_are(clock: Clock) -> None:
    known = Authenticator(ReceiversSettings(), clock)
    anonymous = known.check(None, Scope.READ)
    assert known.still(anonymous) is anonymous


@pytest.mark.parametrize("broken", ["not json", "", "gone"])
def test_while_the_file_is_broken_all_stays_as_it_was(
    path: Path, clock: Clock, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    ann = give(path, "ann")
    good = path.read_bytes()
    known = authenticator(path, clock)
    if broken == "gone":
        path.unlink()
    else:
        path.write_text(broken)
    for _ in range(3):
        clock.wait(LOOKS)
        assert may(known, ann)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]  # said once
    assert "tokens stay as they were" in caplog.text
    assert str(path) in caplog.text
    with caplog.at_level(logging.INFO, logger="stormcell.access"):
        path.write_bytes(good)
        os.utime(path, ns=(1, 1))
        clock.wait(LOOKS)
        assert may(known, ann)
    assert "known are now: ann" in caplog.text
    assert ann not in caplog.text


def test_what_could_not_be_read_for_a_moment_is_read_soon(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = give(path, "ann")
    known = authenticator(path, clock)
    revoke(path, "ann")

    def fail(path: Path) -> dict[str, tokens.StoredToken]:
        raise SettingsError(f"cannot read {path}: Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr("stormcell.access.authenticator.file.read", fail)
        clock.wait(LOOKS)
        assert may(known, ann)
    clock.wait(LOOKS)
    assert not may(known, ann)


def test_names_and_tokens_of_both_kinds_are_ones_own(path: Path, clock: Clock, tmp_path: Path) -> None:
    ann = give(path, "ann")
    (tmp_path / "same").write_text(ann)
    (tmp_path / "other").write_text("other")
    with pytest.raises(SettingsError, match="bob and ann are the same token"):
        authenticator(path, clock, tokens=[{"name": "bob", "file": str(tmp_path / "same")}])
    with pytest.raises(SettingsError, match="two of the name ann"):
        authenticator(path, clock, tokens=[{"name": "ann", "file": str(tmp_path / "other")}])
    both = authenticator(path, clock, tokens=[{"name": "bob", "file": str(tmp_path / "other"), "role": "admin"}])
    assert may(both, "other", Scope.ADMINISTER)
    assert may(both, ann)


def test_many_threads_ask_while_it_changes(path: Path, clock: Clock) -> None:
    ann = give(path, "ann")
    known = authenticator(path, clock)
    wrong: list[str] = []

    def ask() -> None:
        for _ in range(200):
            clock.wait(LOOKS)
            if not may(known, ann):
                wrong.append("not let in")

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for at in range(20):
        give(path, f"n{at}")
    for asker in askers:
        asker.join()
    assert wrong == []

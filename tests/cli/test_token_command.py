"""stormcell token."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from stormcell.access import Authenticator, Scope, UnauthenticatedError
from stormcell.config.receivers import ReceiversSettings
from stormcell.store import SqliteStore
from tests.integration.program import Ran, stormcell


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


@pytest.fixture
def run(path: Path) -> Callable[..., Ran]:
    return lambda *words: stormcell("token", *words, "--file", path)


def scopes(path: Path, token: str) -> set[Scope]:
    """Return what a token opens now; nothing where it is not known."""
    known = Authenticator(ReceiversSettings(tokens_file=str(path)))
    try:
        return set(known.check(f"Bearer {token}", Scope.READ).scopes)
    except UnauthenticatedError:
        return set()


def test_a_new_token_is_printed_once_and_opens_what_it_should(run: Callable[..., Ran], path: Path) -> None:
    ran = run("new", "ann", "--role", "operator")
    assert ran.code == 0
    token = ran.out.removesuffix("\n")
    assert token.startswith("sct_")
    assert "\n" not in token
    assert token not in ran.err
    assert "ann was made, and may read, operate." in ran.err
    assert scopes(path, token) == {Scope.READ, Scope.OPERATE}
    listed = run("list")
    assert (listed.code, listed.err) == (0, "1 token\n")
    assert "ann" in listed.out
    held = json.loads(path.read_text())["tokens"]["ann"]
    for secret in (token, held["sha256"]):
        assert secret not in listed.out + run("list", "--json").out


def test_scopes_instead_of_a_role(run: Callable[..., Ran], path: Path) -> None:
    made = run("new", "both", "--scope", "ingest", "--scope", "read", "--expires", "90d", "--json").json
    assert scopes(path, made["token"]) == {Scope.INGEST, Scope.READ}
    assert (made["name"], made["role"], made["granted"], made["state"]) == (
        "both",
        None,
        ["ingest", "read"],
        "good",
    )
    [listed] = run("list", "--json").json
    assert {**listed, "token": made["token"], "file": str(path)} == made
    assert listed["expires"] > listed["created"]


def test_rotating_leaves_the_old_one_for_a_while(run: Callable[..., Ran], path: Path) -> None:
    old = run("new", "ann", "--role", "viewer").out.strip()
    ran = run("rotate", "ann")
    assert scopes(path, old) == scopes(path, ran.out.strip()) == {Scope.READ}
    assert "The one before is good until" in ran.err
    assert "the one before until 20" in run("list").out
    assert run("list", "--json").json[0]["previous_until"]
    leaked = ran.out.strip()
    ran = run("rotate", "ann", "--grace", "0")
    assert "The one before" not in ran.err
    assert scopes(path, old) == scopes(path, leaked) == set()
    assert scopes(path, ran.out.strip()) == {Scope.READ}


def test_a_revoked_one_opens_nothing(run: Callable[..., Ran], path: Path) -> None:
    token = run("new", "ann", "--role", "admin").out.strip()
    run("rotate", "ann")
    ran = run("revoke", "ann")
    assert (ran.code, ran.out) == (0, "")
    assert "ann is revoked" in ran.err
    assert scopes(path, token) == set()
    assert run("list", "--json").json == []
    run("new", "ann", "--role", "viewer")
    assert run("revoke", "ann", "--json").json == {"revoked": "ann", "file": str(path)}


def test_an_expired_one_is_told(run: Callable[..., Ran], path: Path) -> None:
    run("new", "ann", "--role", "viewer", "--expires", "1d")
    path.write_text(path.read_text().replace('"expires": "20', '"expires": "19'))
    assert "expired" in run("list").out
    assert run("list", "--json").json[0]["state"] == "expired"
    token = run("rotate", "ann", "--expires", "never").out.strip()
    assert scopes(path, token) == {Scope.READ}
    assert run("list", "--json").json[0]["expires"] is None


def test_the_file_of_the_settings(tmp_path: Path, path: Path) -> None:
    config = tmp_path / "stormcell.yaml"
    config.write_text(json.dumps({"receivers": {"tokens_file": str(path)}}))
    assert stormcell("token", "new", "ann", "--role", "viewer", "--config", config).code == 0
    assert [one["name"] for one in stormcell("token", "list", "--config", config, "--json").json] == ["ann"]
    config.write_text("{}")
    ran = stormcell("token", "list", "--config", config)
    assert (ran.code, ran.out) == (2, "")
    assert "name one with --file, or set receivers.tokens_file" in ran.err


def entries(store: Path) -> list[tuple[str, str, dict[str, object]]]:
    """Return what the audit log has, oldest first."""
    found = stormcell("audit", "list", "--store", store, "--json").json
    return [(one["action"], one["target"], one["detail"]) for one in found[::-1]]


def test_what_is_done_to_tokens_is_in_the_audit_log_that_is_named(run: Callable[..., Ran], tmp_path: Path) -> None:
    store = tmp_path / "data" / "stormcell.db"
    store.parent.mkdir()
    SqliteStore(store, create=True).learn({})
    kept = ("--store", store.parent, "--by", "root")
    secrets = [run("new", "ann", "--role", "viewer", "--expires", "1d", *kept).out.strip()]
    secrets.append(run("rotate", "ann", *kept).out.strip())
    assert run("rotate", "nobody", *kept).code == 2
    revoked = run("revoke", "ann", *kept)
    assert "audit log" not in revoked.err
    found = entries(store)
    assert [(action, target, detail["by"], detail["may"]) for action, target, detail in found] == [
        ("new-token", "ann", "root", ["read"]),
        ("rotate-token", "ann", "root", ["read"]),
        ("revoke-token", "ann", "root", ["read"]),
    ]
    assert ["the one before until" in detail for _, _, detail in found] == [False, True, False]
    assert not any(secret in store.read_bytes().decode("latin-1") for secret in secrets)
    assert stormcell("audit", "verify", "--store", store).code == 0
    assert "No audit log has this" in run("new", "bob", "--role", "viewer").err
    assert len(entries(store)) == 3


def test_a_token_that_cannot_be_written_is_in_no_audit_log(tmp_path: Path) -> None:
    store = tmp_path / "stormcell.db"
    SqliteStore(store, create=True).learn({})
    lost = tmp_path / "none" / "tokens.json"
    ran = stormcell("token", "new", "ann", "--role", "viewer", "--file", lost, "--store", store)
    assert (ran.code, ran.out) == (1, "")
    assert entries(store) == []
    ran = stormcell("token", "new", "ann", "--role", "viewer", "--file", tmp_path / "t.json", "--store", lost)
    assert (ran.code, ran.out) == (2, "")
    assert "there is no store at" in ran.err
    assert not (tmp_path / "t.json").exists()


def test_the_store_of_the_settings_keeps_it(tmp_path: Path, path: Path) -> None:
    store = tmp_path / "data" / "stormcell.db"
    store.parent.mkdir()
    SqliteStore(store, create=True).learn({})
    config = tmp_path / "stormcell.yaml"
    held = {"receivers": {"tokens_file": str(path)}, "live": {"data": str(store.parent)}}
    config.write_text(json.dumps(held))
    assert stormcell("token", "new", "ann", "--role", "viewer", "--config", config).code == 0
    assert [(action, target) for action, target, _ in entries(store)] == [("new-token", "ann")]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["new", "ann"], "--role viewer, operator or admin, or --scope"),
        (["new", "ann", "--role", "viewer", "--scope", "read"], "--role viewer, operator or admin, or --scope"),
        (["new", "ann", "--role", "root"], "there is none called 'root'; expected one of viewer, operator, admin"),
        (
            ["new", "ann", "--scope", "write"],
            "there is none called 'write'; expected some of ingest, read, operate, train, administer",
        ),
        (["new", "cli", "--role", "viewer"], "stands for others in the audit trail"),
        (["new", "a b", "--role", "viewer"], "expected 1 to 64 of A-Za-z0-9._-"),
        (["new", "ann", "--role", "viewer", "--expires", "0"], "good for no time"),
        (["new", "ann", "--role", "viewer", "--expires", "soon"], "such as 90d or 24h"),
        (["new", "ann", "--role", "viewer", "--expires", "99999d"], "expected 3660d at most"),
        (["new", "known", "--role", "viewer"], "rotate it, or revoke it first"),
        (["rotate", "nobody"], "no token of the name nobody; there are: known"),
        (["rotate", "known", "--grace", "-1d"], "such as 90d or 24h"),
        (["revoke", "nobody"], "no token of the name nobody; there are: known"),
    ],
)
def test_wrong_use_changes_nothing(run: Callable[..., Ran], path: Path, words: list[str], complaint: str) -> None:
    run("new", "known", "--role", "viewer")
    before = path.read_bytes()
    ran = run(*words)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in " ".join(ran.err.replace("│", " ").split())
    assert path.read_bytes() == before


def test_a_file_that_is_none(run: Callable[..., Ran], path: Path) -> None:
    for words in (["list"], ["rotate", "ann"], ["revoke", "ann"]):
        ran = run(*words)
        assert (ran.code, ran.out) == (2, "")
        assert "cannot read the file of tokens" in ran.err
    path.write_text("{}")
    ran = run("new", "ann", "--role", "viewer")
    assert (ran.code, ran.out) == (2, "")
    assert "schema: Field required" in ran.err
    assert path.read_text() == "{}"


@pytest.mark.parametrize("columns", [80, 120])
def test_the_list_fits(run: Callable[..., Ran], path: Path, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    run("new", "a-name-of-some-length", "--role", "operator", "--expires", "90d")
    run("rotate", "a-name-of-some-length")
    ran = stormcell("token", "list", "--file", path, terminal=True)
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in ran.out.splitlines()) <= columns
    assert "a-name-of-some-length" in ran.out

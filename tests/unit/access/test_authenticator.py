from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.access import Authenticator, ForbiddenError, Principal, Scope, UnauthenticatedError, is_ours
from stormcell.config.receivers import ReceiversSettings
from stormcell.errors import SettingsError

SECRET = "c0ffee-c0ffee"


def authenticator(*tokens: dict[str, Any]) -> Authenticator:
    return Authenticator(ReceiversSettings.model_validate({"tokens": tokens}))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(SECRET + "\n")
    return path


def test_without_tokens_everyone_may_do_everything() -> None:
    for scope in Scope:
        assert authenticator().check(None, scope) == Principal("anonymous", frozenset(Scope))
        assert authenticator().check("Bearer anything", scope).name == "anonymous"
    assert not authenticator().asks


@pytest.mark.parametrize("content", [SECRET, f"{SECRET}\n", f"  {SECRET}\r\n"])
def test_a_token_of_a_file_is_known(tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_text(content)
    known = authenticator({"name": "collector", "file": str(tmp_path / "token")})
    assert known.asks
    assert known.check(f"Bearer {SECRET}", Scope.INGEST) == Principal("collector", frozenset({Scope.INGEST}))


def test_a_token_of_a_variable_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONCALL_TOKEN", f"{SECRET}\n")
    known = authenticator({"name": "oncall", "variable": "ONCALL_TOKEN", "scopes": ["read", "operate"]})
    assert known.check(f"bearer  {SECRET} ", Scope.OPERATE).name == "oncall"
    with pytest.raises(ForbiddenError, match="lack ingest"):
        known.check(f"Bearer {SECRET}", Scope.INGEST)


def test_each_token_has_its_scopes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READER", "r3ad")
    known = authenticator(
        {"name": "collector", "file": str(file)}, {"name": "reader", "variable": "READER", "scopes": ["read"]}
    )
    assert known.check(f"Bearer {SECRET}", Scope.INGEST).name == "collector"
    assert known.check("Bearer r3ad", Scope.READ).name == "reader"
    for token, scope in ((SECRET, Scope.READ), ("r3ad", Scope.INGEST), ("r3ad", Scope.OPERATE)):
        with pytest.raises(ForbiddenError):
            known.check(f"Bearer {token}", scope)


@pytest.mark.parametrize(
    "authorization",
    [
        *(None, "", " ", "Bearer", "Bearer ", SECRET, f"Basic {SECRET}", f"Bearer {SECRET}x", f"Bearer x{SECRET}"),
        *("Bearer \udcff", "Bearer é", f"Bearer {SECRET} {SECRET}", f"Bearer{SECRET}"),
    ],
)
def test_others_are_not_known(file: Path, authorization: str | None) -> None:
    known = authenticator({"name": "collector", "file": str(file)})
    with pytest.raises(UnauthenticatedError) as caught:
        known.check(authorization, Scope.INGEST)
    assert SECRET not in str(caught.value)


def test_no_header_crashes(file: Path) -> None:
    known = authenticator({"name": "collector", "file": str(file)})

    @given(st.text())
    def refuses(text: str) -> None:
        with pytest.raises(UnauthenticatedError):
            known.check(f"Bearer {text}x", Scope.INGEST)

    refuses()


def test_tokens_are_compared_by_hashes_of_one_length_all_of_them(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER", "other")
    known = authenticator({"name": "first", "file": str(file)}, {"name": "second", "variable": "OTHER"})
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return hmac.compare_digest(one, other)

    class Spy:
        compare_digest = staticmethod(compare)

    monkeypatch.setattr("stormcell.access.authenticator.hmac", Spy)
    known.check(f"Bearer {SECRET}", Scope.INGEST)
    assert compared == [(32, 32)] * 2


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "is empty; expected the token"),
        (" \n", "is empty; expected the token"),
        ("two words", "more than one line of visible ASCII"),
        ("two\nlines", "more than one line of visible ASCII"),
        ("clé", "more than one line of visible ASCII"),
    ],
)
def test_refuses_what_is_no_token_and_does_not_print_it(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "token"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=complaint) as caught:
        authenticator({"name": "collector", "file": str(path)})
    assert str(path) in str(caught.value)
    assert "collector" in str(caught.value)
    assert not content.strip() or content not in str(caught.value)


def test_names_the_file_or_the_variable_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read the file .*nowhere of collector: No such file"):
        authenticator({"name": "collector", "file": str(tmp_path / "nowhere")})
    with pytest.raises(SettingsError, match="the variable NO_SUCH_TOKEN of collector is not set"):
        authenticator({"name": "collector", "variable": "NO_SUCH_TOKEN"})
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is no text"):
        authenticator({"name": "collector", "file": str(tmp_path / "bytes")})


def test_refuses_one_token_or_one_name_for_two(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAME", SECRET)
    monkeypatch.setenv("OTHER", "other")
    with pytest.raises(SettingsError, match="collector and oncall are the same token") as caught:
        authenticator({"name": "collector", "file": str(file)}, {"name": "oncall", "variable": "SAME"})
    assert SECRET not in str(caught.value)
    with pytest.raises(SettingsError, match="two of the name collector"):
        authenticator({"name": "collector", "file": str(file)}, {"name": "collector", "variable": "OTHER"})


def test_settings_hold_the_place_never_the_token() -> None:
    for wrong in ({"name": "a"}, {"name": "a", "file": "f", "variable": "V"}):
        with pytest.raises(ValueError, match="either the `file` or the `variable`"):
            ReceiversSettings.model_validate({"tokens": [wrong]})
    with pytest.raises(ValueError, match="token"):
        ReceiversSettings.model_validate({"tokens": [{"name": "a", "token": SECRET}]})


@pytest.mark.parametrize("name", ["cli", "Sidecar", "anonymous"])
def test_no_token_is_taken_for_somebody_else(name: str) -> None:
    with pytest.raises(ValueError, match="give the token another name"):
        ReceiversSettings.model_validate({"tokens": [{"name": name, "file": "token"}]})


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        ("viewer", {Scope.READ}),
        ("operator", {Scope.READ, Scope.OPERATE}),
        ("admin", {Scope.READ, Scope.OPERATE, Scope.TRAIN, Scope.ADMINISTER}),
    ],
)
def test_a_role_has_its_scopes_and_no_others(file: Path, role: str, scopes: set[Scope]) -> None:
    known = authenticator({"name": "ann", "file": str(file), "role": role})
    for scope in Scope:
        if scope in scopes:
            assert known.check(f"Bearer {SECRET}", scope).scopes == scopes
        else:
            with pytest.raises(ForbiddenError, match=f"lack {scope}"):
                known.check(f"Bearer {SECRET}", scope)


@pytest.mark.parametrize(
    ("granted", "complaint"),
    [
        ({"role": "viewer", "scopes": ["read"]}, "not both"),
        ({"role": "root"}, "'viewer', 'operator' or 'admin'"),
        ({"scopes": []}, "at least 1 item"),
        ({"scopes": ["write"]}, "'ingest', 'read', 'operate', 'train' or 'administer'"),
    ],
)
def test_what_is_no_role_or_scope_is_refused(granted: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ReceiversSettings.model_validate({"tokens": [{"name": "ann", "file": "f", **granted}]})


def test_nothing_of_it_prints_the_token(file: Path) -> None:
    known = authenticator({"name": "collector", "file": str(file)})
    assert SECRET not in repr(known) + str(vars(known))


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        *(("127.0.0.1:4318", True), ("[::1]:4318", True), ("localhost", True), ("a.localhost.", True)),
        *(("storm.example.com:4318", True), ("Storm.Example.Com.", True), ("10.0.0.7", True)),
        *(("evil.example", False), ("storm.example.com.evil.example", False), ("notlocalhost", False)),
        *(("", False), ("localhost@evil.example", False), ("[::1", False), ("127.0.0.1.evil.example", False)),
    ],
)
def test_a_host_is_ours_by_an_address_or_a_name_that_is_configured(host: str, ours: bool) -> None:
    assert is_ours(host, ["Storm.Example.com"]) is ours

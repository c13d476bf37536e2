"""Tokens that are kept by their hashes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.access import tokens
from stormcell.access.principals import Principal, Scope
from stormcell.access.tokens import LONGEST, PREFIX, StoredToken, digest, dumps, known, loads, made, rotated
from stormcell.config.receivers import Granted
from stormcell.errors import InputError, SettingsError

SECOND = 10**9
DAY = 86_400 * SECOND
NOW = 1_700_000_000 * SECOND
OPERATOR = Granted(role="operator")

granted = st.one_of(
    st.builds(Granted, role=st.sampled_from(["viewer", "operator", "admin"])),
    st.builds(Granted, scopes=st.lists(st.sampled_from(list(map(str, Scope))), min_size=1).map(tuple)),
)
times = st.integers(0, 4_000_000_000).map(lambda seconds: seconds * SECOND)
spans = st.none() | st.integers(1, LONGEST // SECOND).map(lambda seconds: seconds * SECOND)


@st.composite
def stored(draw: st.DrawFn) -> StoredToken:
    _, token = made(draw(granted), draw(times), draw(spans))
    for _ in range(draw(st.integers(0, 2))):
        _, token = rotated(token, draw(times), draw(spans) or 0, draw(spans))
    return token


@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9._-]{1,20}", fullmatch=True).filter(
            lambda name: name not in ("cli", "sidecar", "anonymous")
        ),
        stored(),
        max_size=3,
    )
)
def test_a_file_reads_back_as_it_was_written(held: dict[str, StoredToken]) -> None:
    data = dumps(held)
    assert loads(data, "tokens.json") == held
    assert dumps(loads(data, "tokens.json")) == data


def test_a_token_is_long_random_and_not_kept() -> None:
    token, kept = made(OPERATOR, NOW, None)
    other, _ = made(OPERATOR, NOW, None)
    assert token.startswith(PREFIX)
    assert len(token) == len(PREFIX) + 43
    assert token != other
    assert kept.sha256 == digest(token).hex()
    assert token not in repr(kept) + dumps({"ann": kept}).decode()
    [one] = known({"ann": kept})
    assert (one.principal, one.until) == (Principal("ann", frozenset({Scope.READ, Scope.OPERATE})), None)


def test_a_rotated_one_is_good_for_its_grace() -> None:
    old, kept = made(OPERATOR, NOW, None)
    new, kept = rotated(kept, NOW + DAY, 3600 * SECOND, None)
    first, before = known({"ann": kept})
    assert (first.principal.key, first.until) == (digest(new), None)
    assert (before.principal.key, before.until) == (digest(old), NOW + DAY + 3600 * SECOND)
    assert before.principal == first.principal
    assert kept.created == datetime.fromtimestamp(NOW / SECOND, UTC)
    _, kept = rotated(kept, NOW + DAY + SECOND, 3600 * SECOND, None)
    assert [one.principal.key for one in known({"ann": kept})][1:] == [digest(new)]


@pytest.mark.parametrize(("lifetime", "grace", "until"), [(10, 0, None), (10, 7, 7), (10, 20, 9), (1, 20, None)])
def test_the_grace_ends_with_what_it_is_of(lifetime: int, grace: int, until: int | None) -> None:
    _, kept = made(OPERATOR, NOW, lifetime * SECOND)
    _, kept = rotated(kept, NOW + SECOND, grace * SECOND, None)
    [_, *before] = known({"ann": kept})
    assert [one.until for one in before] == ([] if until is None else [NOW + SECOND + until * SECOND])


def test_a_rotated_one_lasts_as_long_as_the_one_before() -> None:
    _, kept = made(OPERATOR, NOW, 90 * DAY)
    for at in (80, 200):
        assert tokens.lifetime_of(kept) == 90 * DAY
        _, kept = rotated(kept, NOW + at * DAY, 0, tokens.lifetime_of(kept))
        assert kept.expires is not None
        assert tokens.nanoseconds(kept.expires) == NOW + (at + 90) * DAY
    assert tokens.lifetime_of(made(OPERATOR, NOW, None)[1]) is None


def test_who_is_not_there_is_told_who_is() -> None:
    _, kept = made(OPERATOR, NOW, None)
    with pytest.raises(InputError, match="no token of the name bob; there are: ann"):
        tokens.named({"ann": kept}, "bob")


GOOD = {"sha256": "0" * 64, "role": "viewer", "created": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("", "the document: Invalid JSON"),
        ("[]", "the document: Input should be an object"),
        ({"tokens": {}}, "schema: Field required"),
        ({"schema": "stormcell.tokens/2", "tokens": {}}, "schema: Input should be 'stormcell.tokens/1'"),
        ({"schema": "stormcell.tokens/1", "tokens": {}, "more": 1}, "more: Extra inputs"),
        ({"ann": GOOD | {"sha256": "secret"}}, "tokens.ann.sha256: String should match"),
        ({"ann": GOOD | {"sha256": "A" * 64}}, "tokens.ann.sha256: String should match"),
        ({"ann": GOOD | {"role": "root"}}, "tokens.ann.role: Input should be 'viewer'"),
        ({"ann": GOOD | {"scopes": ["read"]}}, "not both"),
        ({"ann": {"sha256": "0" * 64, "created": "2026-01-01T00:00:00Z"}}, "neither a role nor scopes"),
        (
            {"ann": GOOD | {"created": "2026-01-01T00:00:00"}},
            "tokens.ann.created: Input should have timezone info",
        ),
        ({"ann": GOOD | {"token": "secret"}}, "tokens.ann.token: Extra inputs"),
        ({"cli": GOOD}, "stands for others in the audit trail"),
        ({"a b": GOOD}, "tokens.a b"),
    ],
)
def test_what_is_wrong_is_named_and_not_printed(document: object, complaint: str) -> None:
    if isinstance(document, dict) and not {"schema", "tokens"} & set(document):
        document = {"schema": "stormcell.tokens/1", "tokens": document}
    data = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(SettingsError) as caught:
        loads(data.encode(), "tokens.json")
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("tokens.json")
    assert "secret" not in str(caught.value)


@given(st.binary(max_size=60))
def test_nothing_that_is_no_file_of_tokens_does_more_than_be_refused(data: bytes) -> None:
    with pytest.raises(SettingsError):
        loads(data, "tokens.json")

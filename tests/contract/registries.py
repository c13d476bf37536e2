"""What every Registry of codebooks keeps to; a class for each of ours inherits it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Protocol

import pytest

from stormcell.errors import DeliveryError, NotFoundError, OutputError, SettingsError
from stormcell.protocols import Registry
from stormcell.types import CodebookState, Provenance, StoredCodebook

HOUR = 3_600_000_000_000
HOSTILE = "../../etc/passwd\x1b[31m <script> ' OR 1 = 1 --"
PROVENANCE = Provenance(
    first_seen=1_700_000_000_000_000_000,
    last_seen=1_700_000_000_000_000_000 + HOUR,
    events=12_578,
    rows=8_874,
    sampled=4_000,
    seed=0,
    software="0.1.0",
    parent="cb-00000000000a",
    sites=("berlin", HOSTILE),
    metrics={"loss": 0.031, "silhouette": 0.61, HOSTILE: 1.0},
)
FIRST = StoredCodebook("cb-000000000001", CodebookState.CANDIDATE, 1_700_000_100_000_000_000, 57, PROVENANCE)
SECOND = replace(FIRST, version="cb-000000000002", made=FIRST.made + HOUR)


def document(stored: StoredCodebook) -> bytes:
    """Return something like the file of a codebook, which registries carry as it is."""
    held = {
        "schema": "stormcell.codebook/1",
        "version": stored.version,
        "fields": [{"name": "text", "kind": "cosine", "weight": 4.0}, {"name": HOSTILE, "weight": 1.0}],
        "text": {"embedder": "static", "model": "", "dimensions": 768},
        "codewords": [{"template": "Grüße \ud800 \0"}] * 100,
    }
    return json.dumps(held, sort_keys=True, separators=(",", ":")).encode()


class Place(Protocol):
    """Where a registry puts codebooks, and what is there."""

    @property
    def target(self) -> str: ...

    def states(self) -> dict[str, str]:
        """Return the state of each version that is there, as others see it."""
        ...

    def written(self) -> object:
        """Return something that is another once anything was written."""
        ...

    def refuse(self) -> None:
        """Take nothing from now on."""
        ...


@dataclass(frozen=True)
class Case:
    """A registry and where it puts codebooks."""

    registry: Registry
    place: Place


class RegistryContract:
    """The tests; a subclass gives the fixture ``case``, with nothing there yet."""

    def test_what_was_pushed_is_pulled_byte_for_byte(self, case: Case) -> None:
        where = case.registry.push(FIRST, document(FIRST), case.place.target)
        case.registry.push(SECOND, document(SECOND), case.place.target)
        assert where
        assert case.registry.pull(FIRST.version, case.place.target) == document(FIRST)
        assert case.registry.pull(SECOND.version, case.place.target) == document(SECOND)
        assert case.place.states() == {FIRST.version: "candidate", SECOND.version: "candidate"}

    def test_the_live_one_is_pulled_where_no_version_is_named(self, case: Case) -> None:
        live = replace(FIRST, state=CodebookState.LIVE)
        case.registry.push(live, document(live), case.place.target)
        case.registry.push(SECOND, document(SECOND), case.place.target)
        assert case.registry.pull("", case.place.target) == document(live)

    def test_at_most_one_is_live_and_one_a_canary(self, case: Case) -> None:
        for one in (FIRST, SECOND):
            for state in (CodebookState.CANARY, CodebookState.LIVE):
                case.registry.push(replace(one, state=state), document(one), case.place.target)
        assert case.place.states() == {FIRST.version: "retired", SECOND.version: "live"}
        assert case.registry.pull("", case.place.target) == document(SECOND)
        case.registry.push(replace(FIRST, state=CodebookState.LIVE), document(FIRST), case.place.target)
        assert case.place.states() == {FIRST.version: "live", SECOND.version: "retired"}
        assert case.registry.pull("", case.place.target) == document(FIRST)

    def test_what_is_no_longer_live_is_not_pulled_as_such(self, case: Case) -> None:
        for state in (CodebookState.LIVE, CodebookState.RETIRED):
            case.registry.push(replace(FIRST, state=state), document(FIRST), case.place.target)
        with pytest.raises(NotFoundError, match="push"):
            case.registry.pull("", case.place.target)

    def test_done_again_it_changes_nothing_and_tells_the_same_place(self, case: Case) -> None:
        where = case.registry.push(FIRST, document(FIRST), case.place.target)
        before = case.place.written()
        assert case.registry.push(FIRST, document(FIRST), case.place.target) == where
        assert case.place.written() == before

    def test_pushed_again_in_another_state_it_is_still_there_once(self, case: Case) -> None:
        where = case.registry.push(FIRST, document(FIRST), case.place.target)
        again = case.registry.push(
            replace(FIRST, state=CodebookState.REJECTED), document(FIRST), case.place.target
        )
        assert again == where
        assert case.place.states() == {FIRST.version: "rejected"}

    def test_one_that_is_not_there_is_not_found(self, case: Case) -> None:
        for version in ("", SECOND.version):
            with pytest.raises(NotFoundError, match=r"push|there is no"):
                case.registry.pull(version, case.place.target)
        case.registry.push(FIRST, document(FIRST), case.place.target)
        for version in ("", SECOND.version):
            with pytest.raises(NotFoundError, match=r"push|there is no"):
                case.registry.pull(version, case.place.target)

    @pytest.mark.parametrize("version", ["../index", "cb-1", "CB-000000000001", "cb-00000000000g", HOSTILE])
    def test_what_is_no_version_is_refused_before_anything_is_asked(self, case: Case, version: str) -> None:
        with pytest.raises(SettingsError, match="expected a version"):
            case.registry.pull(version, case.place.target)
        with pytest.raises(SettingsError, match="expected a version"):
            case.registry.push(replace(FIRST, version=version), b"{}", case.place.target)
        assert case.place.states() == {}

    @pytest.mark.parametrize("target", ["nowhere", "", "ftp://example.com/x", "\0"])
    def test_what_is_no_target_is_an_error_of_the_settings(self, case: Case, target: str) -> None:
        with pytest.raises(SettingsError, match="expected a"):
            case.registry.push(FIRST, document(FIRST), target)
        with pytest.raises(SettingsError, match="expected a"):
            case.registry.pull(FIRST.version, target)

    def test_a_target_that_takes_nothing_is_an_error_of_ours(self, case: Case) -> None:
        case.place.refuse()
        with pytest.raises((OutputError, SettingsError, DeliveryError)):
            case.registry.push(FIRST, document(FIRST), case.place.target)

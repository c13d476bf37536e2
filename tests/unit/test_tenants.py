"""What people say does not put together what rules of the house keep apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stormcell.config import Settings
from stormcell.errors import ConflictError
from stormcell.operate import feedback
from stormcell.operate.people import Person
from stormcell.store import SqliteStore
from stormcell.types import Membership
from tests.unit.store.strategies import atom_of, grouping_of, row_of

ME = Person("cli", "", 1)
RULED = Settings.model_validate({"rules": {"same": ["tenant"]}})


def atom(group: str, tenant: str, uid: str = "") -> Membership:
    row = row_of(uid or group)
    event = replace(row.event, resource={"tenant": tenant})
    return atom_of(group, replace(row, event=event, fingerprint=event.uid))


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    made = SqliteStore(tmp_path / "s.db", create=True)
    acme = atom("one", "acme"), atom("one", "acme", "leaver"), atom("two", "acme")
    made.save(grouping_of(*acme, atom("other", "umbrella")), [])
    return made


def test_groups_of_two_tenants_are_not_merged(store: SqliteStore) -> None:
    with pytest.raises(ConflictError, match=r"one and other are not of the same tenant, as rules\.same wants"):
        feedback.merge(store, ["one", "two", "other"], ME, RULED)
    assert store.feedback() == []
    assert feedback.merge(store, ["one", "two"], ME, RULED).changed


def test_no_event_is_moved_to_another_tenant(store: SqliteStore) -> None:
    with pytest.raises(ConflictError, match="not of the same tenant"):
        feedback.move(store, "leaver", "other", ME, RULED)
    assert feedback.move(store, "leaver", "two", ME, RULED).changed


def test_without_a_rule_anyone_may_be_put_together(store: SqliteStore) -> None:
    assert feedback.merge(store, ["one", "other"], ME, Settings()).changed

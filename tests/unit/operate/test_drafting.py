"""Drafts of what a store holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from stormcell.config import Settings
from stormcell.errors import NotFoundError
from stormcell.operate.drafting import draft, drafter, material
from stormcell.render import POSTMORTEM
from stormcell.store import SqliteStore
from tests.unit.render.samples import grouping

PUBLISHING = {"name": "wiki", "kind": "folder", "target": "/srv/wiki", "options": {"depth": 2}}


def test_settings_that_have_no_hash_are_known_again() -> None:
    one = Settings.model_validate({"drafts": {"publish": [PUBLISHING]}}).drafts
    same = Settings.model_validate({"drafts": {"publish": [PUBLISHING]}}).drafts
    with pytest.raises(TypeError):
        hash(one)
    assert drafter(one) is drafter(same)
    assert drafter(one) is not drafter(Settings().drafts)


def test_only_a_few_are_kept() -> None:
    first = drafter(Settings().drafts)
    for number in range(8):
        drafter(Settings.model_validate({"drafts": {"stale_share": number / 10}}).drafts)
    assert drafter(Settings().drafts) is not first


def test_a_draft_is_made_of_all_that_the_store_holds(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.save(grouping(), [])
        found = grouping().groups[0]
        assert material(store, found.id, Settings()).group == found
        made = draft(store, found.id[:6], POSTMORTEM, Settings(), "sre")
        assert (made.group, made.template) == (found.id, "sre")
        with pytest.raises(NotFoundError):
            draft(store, "g-none", POSTMORTEM, Settings())

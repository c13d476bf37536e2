from __future__ import annotations

from dataclasses import replace

from stormcell.config import Settings
from stormcell.features.knowledge import Knowledge
from stormcell.groups.recall import recall
from stormcell.pipeline import group
from stormcell.text.mining import TemplateMiner
from tests.unit.groups.build import storm


def test_every_group_has_a_profile_and_one_computed_of_what_is_stored_says_the_same() -> None:
    knowledge = Knowledge(Settings())
    found = group(storm(), knowledge=knowledge)
    assert found.groups
    for one in found.groups:
        assert one.profile is not None
        atoms = [atom for atom in found.memberships if atom.group == one.id]
        again = recall(atoms, one.services, Settings(), knowledge.miner)
        assert again.sayings == one.profile.sayings
        assert again.services == one.profile.services


def test_nothing_but_templates_is_needed_of_the_miner() -> None:
    found = group(storm())
    [first, *_] = found.groups
    atoms = [atom for atom in found.memberships if atom.group == first.id]
    assert recall(atoms, (), Settings(), TemplateMiner()).services == {}
    assert recall([replace(atoms[0], surprise=0.0)], (), Settings(), TemplateMiner()).instances == {}

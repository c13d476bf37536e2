"""Profiles of groups that were stored without one, from what is stored of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stormcell.config import Settings
from stormcell.features.profile import profile_of
from stormcell.features.rows import build_rows
from stormcell.text.mining import TemplateMiner
from stormcell.types import Blame, Membership, Profile


def recall(
    memberships: Sequence[Membership], services: Sequence[Blame], settings: Settings, miner: TemplateMiner
) -> Profile:
    """Return the profile of a stored group.

    Parameters
    ----------
    memberships : sequence of Membership
        The group's atoms.
    services : sequence of Blame
        Whom the group accuses.
    settings : Settings
        Its rows, masks and privacy.
    miner : TemplateMiner
        Knows the templates of logs.
    """
    stored = [(row, atom.surprise) for atom in memberships for row in atom.rows]
    events = {row.event.uid: (len(row.members), surprise) for row, surprise in stored}
    rows = build_rows((row.event for row, _ in stored), settings, miner)
    weights = [sum(events[uid][0] for uid in members) for members in rows.members]
    surprise = [max(events[uid][1] for uid in members) for members in rows.members]
    return profile_of(
        replace(rows, weight=np.array(weights, dtype=np.int64)),
        np.arange(len(rows)),
        np.array(surprise, dtype=np.float64),
        {part.name: part.blame for part in services},
    )

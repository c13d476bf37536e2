"""Storms made by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from stormcell.render.report import Storm
from stormcell.types import AuditEntry, FloatArray, Group, GroupTemplate, Material, Membership, Parameter, Related
from tests.unit.render.samples import SAMPLES, s


def far(n: int) -> FloatArray:
    """Return how unlike n groups are: the farther apart in time, the more."""
    at = np.arange(n)
    return np.asarray(np.abs(at[:, None] - at[None]) / max(n - 1, 1), dtype=np.float32)


def storm(*made: tuple[Group, Membership], **other: object) -> Storm:
    """Return a storm of some groups, with whatever is different."""
    materials = tuple(Material(group, [atom]) for group, atom in made)
    values: dict[str, object] = {
        "title": "",
        "made": s(3600),
        "events": sum(group.count for group, _ in made) + 5,
        "background": 5,
        "statuses": Counter(group.status for group, _ in made),
        "left_out": (0, 0),
        "materials": materials,
        "far": far(len(made)),
    } | other
    return Storm(**values)  # type: ignore[arg-type]  # the caller names real fields


def small() -> Storm:
    """Return a storm of the three samples with all that a group can have."""
    made = sorted((sample() for sample in SAMPLES.values()), key=lambda pair: (pair[0].first_seen, pair[0].id))
    groups = [group for group, _ in made]
    templates = (
        GroupTemplate(
            "container <*> not found",
            "log",
            "checkout",
            1,
            "u1",
            (Parameter("container", "text", "exporter", True),),
        ),
    )
    materials = []
    for at, (group, atom) in enumerate(made):
        history = [
            AuditEntry(s(1000 + at), "ann", "ack", group.id, (group.id,), {"by": "ann of the night"}, 1),
            AuditEntry(s(2000 + at), "sidecar", "exemplar", "u1", (group.id,), {"before": "u0"}, 2),
        ]
        others = [other for other in groups if other is not group]
        related = [Related(others[0], 0.25, True), Related(replace(others[1], id="g-elsewhere"), 0.5)]
        materials.append(Material(replace(group, templates=templates), [atom], history, related))
    return storm(
        *made,
        title="The storm of Tuesday",
        materials=tuple(materials),
        calls={("checkout", "payment"): 12.0, ("ts-food-service", "ts-order-service"): 3.0},
        families={groups[0].id: "f-0123456789ab"},
    )

"""Where an event belongs, at once."""

from __future__ import annotations

import pytest

from stormcell.engine.assigner import LiveAssigner, Verdicts
from stormcell.types import record_of
from tests.unit.engine.world import calm, live_of, made_settings, run, storm, taken
from tests.unit.features.build import log


@pytest.mark.parametrize(("same", "assigned"), [([], True), (["tenant"], False)])
def test_no_event_is_ever_given_to_another_tenant(same: list[str], assigned: bool) -> None:
    settings = made_settings(rules={"same": same})
    live = live_of(settings)
    [*_, last] = run(taken(live, [*calm(0, 460), *storm(400)]))
    assigner = LiveAssigner(settings)
    assigner.verdicts = Verdicts(settings, last)
    error = log(461, text="connection 9 to redis refused", severity=17, service="cart", uid="next")
    found = assigner.assign(record_of(error))
    [id] = [id for id, one in last.living.items() if "cart-0" in one.group.members]
    assert found.group == (id if assigned else None)

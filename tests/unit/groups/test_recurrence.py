from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.config import RecurrenceSettings
from stormcell.groups import recurrence
from stormcell.groups.recurrence import compare, family_of, find_families, similar
from stormcell.types import Family, Past, Profile, Saying, Similar
from tests.unit.features.test_likeness import profiles

SETTINGS = RecurrenceSettings()


def incident(id: str, kind: str, own: str = "", *, status: str = "open") -> Past:
    """An incident of a kind that says five things, and one thing of its own."""
    texts = [f"{kind} {what}" for what in ("down", "slow", "full", "lost", "late")] + ([own] if own else [])
    sayings = tuple(Saying("log", kind, text, 1) for text in sorted(texts))
    return Past(id, status, int(id.rpartition("-")[2]), Profile({kind: 1.0}, sayings, {}))


def storms(*kinds: str, times: int = 3) -> list[Past]:
    return [
        incident(f"g-{kind}-{number}", kind, f"only {number}") for kind in kinds for number in range(1, times + 1)
    ]


def members(families: list[Family]) -> dict[str, set[str]]:
    return {family.id: {member.group for member in family.members} for family in families}


def test_the_nearest_come_first_and_the_group_itself_does_not() -> None:
    past = [*storms("cart", "db"), incident("g-0", "cart", "only 1")]
    found = similar(compare(past, SETTINGS), "g-0", 4)
    assert [each.group for each in found][:3] == ["g-cart-1", "g-cart-2", "g-cart-3"]
    assert len(found) == 4
    assert [each.dissimilarity for each in found] == sorted(each.dissimilarity for each in found)
    for each in found:
        assert sum(share.share for share in each.shares) == each.dissimilarity


def test_of_equals_resolved_ones_come_first() -> None:
    past = [incident("g-1", "cart"), incident("g-2", "cart"), incident("g-3", "cart", status="resolved")]
    assert [each.group for each in similar(compare(past, SETTINGS), "g-1", 5)] == ["g-3", "g-2"]


def test_only_earlier_ones_are_found_where_these_alone_are_asked_for() -> None:
    past = [incident(f"g-{number}", "cart", f"only {number}") for number in range(1, 6)]
    compared = compare(past, SETTINGS)
    assert {each.group for each in similar(compared, "g-3", 5, earlier=True)} == {"g-1", "g-2"}
    assert similar(compared, "g-1", 5, earlier=True) == []
    whole = {each.group: each for each in similar(compared, "g-5", 5)}
    assert all(whole[each.group] == each for each in similar(compared, "g-5", 2, earlier=True))


def test_a_group_without_a_profile_cannot_be_compared() -> None:
    past = [*storms("cart"), Past("g-bare", "open", 0, None)]
    assert len(similar(compare(past, SETTINGS), "g-cart-1", 9)) == 2
    with pytest.raises(ValueError, match="no profile of the group 'g-bare'"):
        similar(compare(past, SETTINGS), "g-bare", 9)
    with pytest.raises(ValueError, match="no profile"):
        family_of(compare(past, SETTINGS), "g-bare", [])


def test_two_profiles_without_a_field_in_common_are_one_apart() -> None:
    assert Similar("g", ()).dissimilarity == 0
    past = [Past("g-1", "open", 0, Profile({}, (), {})), *storms("cart")]
    assert {each.dissimilarity for each in similar(compare(past, SETTINGS), "g-1", 9)} == {1.0}


def test_incidents_of_a_kind_are_a_family_and_one_alone_is_none() -> None:
    past = [*storms("cart", "db"), incident("g-9", "odd")]
    found = find_families(compare(past, SETTINGS), [])
    assert sorted(members(found).values(), key=min) == [
        {f"g-{kind}-{number}" for number in (1, 2, 3)} for kind in ("cart", "db")
    ]
    for family in found:
        assert family.members[0].group == family.exemplar
        assert family.members[0].dissimilarity == 0
        assert all(member.dissimilarity <= SETTINGS.radius for member in family.members)


def test_families_do_not_depend_on_the_order_of_incidents() -> None:
    past = [*storms("cart", "db", "front"), incident("g-9", "odd")]
    shuffled = list(past)
    Random(2).shuffle(shuffled)
    assert find_families(compare(past, SETTINGS), []) == find_families(compare(shuffled, SETTINGS), [])


def test_families_keep_their_ids_as_incidents_come_in() -> None:
    before = find_families(compare(storms("cart", "db"), SETTINGS), [])
    past = [*storms("cart", "db", times=6), *storms("front"), incident("g-9", "odd")]
    after = members(find_families(compare(past, SETTINGS), before))
    for id, held in members(before).items():
        assert held < after[id]
    assert len(after) == 3


def test_a_family_keeps_its_id_when_its_exemplar_goes() -> None:
    before = find_families(compare(storms("cart", times=4), SETTINGS), [])
    past = [each for each in storms("cart", times=4) if each.id != before[0].exemplar]
    [after] = find_families(compare(past, SETTINGS), before)
    assert (after.id, after.exemplar != before[0].exemplar) == (before[0].id, True)


def test_of_two_parts_of_a_family_the_larger_keeps_its_id() -> None:
    [first] = find_families(compare(storms("cart"), SETTINGS), [])
    joined = replace(first, members=tuple(Similar(each.id, ()) for each in storms("cart", "db", times=3)[:5]))
    after = members(find_families(compare(storms("cart", "db"), SETTINGS), [joined]))
    assert after[first.id] == {"g-cart-1", "g-cart-2", "g-cart-3"}
    assert len(after) == 2


def test_an_id_in_use_is_not_given_again() -> None:
    [first] = find_families(compare(storms("cart"), SETTINGS), [])
    elsewhere = replace(first, members=(Similar("g-x", ()), Similar("g-y", ())))
    [after] = find_families(compare(storms("cart"), SETTINGS), [elsewhere])
    assert after.id != first.id


def test_an_incident_is_of_the_nearest_family_or_of_none() -> None:
    past = storms("cart", "db")
    families = find_families(compare(past, SETTINGS), [])
    for kind in ("cart", "db"):
        asked = [*past, incident("g-7", kind, "new")]
        found = family_of(compare(asked, SETTINGS), "g-7", families)
        assert found is not None
        family, far = found
        assert f"g-{kind}-1" in {member.group for member in family.members}
        assert far.group == family.exemplar
        assert far.dissimilarity <= SETTINGS.radius
    assert family_of(compare([*past, incident("g-7", "odd")], SETTINGS), "g-7", families) is None
    assert family_of(compare(past, SETTINGS), "g-db-1", []) is None
    gone = [each for each in past if each.id not in {family.exemplar for family in families}]
    assert family_of(compare(gone, SETTINGS), gone[0].id, families) is None


def test_of_very_many_incidents_the_older_ones_are_assigned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurrence, "MOST_CLUSTERED", 4)
    past = storms("cart", "db", times=5)
    found = find_families(compare(past, SETTINGS), [])
    assert sorted(map(len, members(found).values())) == [5, 5]
    assert all(int(family.exemplar.rpartition("-")[2]) >= 4 for family in found)


@given(st.lists(profiles, max_size=10), st.floats(0.05, 1))
@settings(max_examples=40)
def test_members_are_within_the_radius_and_of_one_family(several: list[Profile], radius: float) -> None:
    past = [Past(f"g-{number}", "open", number, profile) for number, profile in enumerate(several)]
    chosen = RecurrenceSettings(radius=radius)
    found = find_families(compare(past, chosen), [])
    every = [member.group for family in found for member in family.members]
    assert len(every) == len(set(every))
    assert len({family.id for family in found}) == len(found)
    for family in found:
        assert len(family.members) > 1
        assert all(member.dissimilarity <= radius + 1e-5 for member in family.members)
    again = find_families(compare(past, chosen), found)
    assert again == found


def test_what_is_rare_may_be_judged_by_more_than_is_compared() -> None:
    """Of a few that were looked for because they are alike, nothing they share would be rare."""
    asked, near, far = (
        incident("g-0", "cart", "own"),
        incident("g-1", "cart", "own"),
        incident("g-2", "cart", "else"),
    )
    crowd = [incident(f"g-{number}", "cart", f"only {number}") for number in range(3, 30)]
    whole = similar(compare([asked, near, far, *crowd], SETTINGS), "g-0", 99)
    among = similar(compare([asked, near, far], SETTINGS, [asked, *crowd]), "g-0", 9)
    alone = similar(compare([asked, near, far], SETTINGS), "g-0", 9)
    by_group = {each.group: each.dissimilarity for each in whole}
    for each in among:
        assert each.dissimilarity == pytest.approx(by_group[each.group], abs=1e-6)
    assert alone[1].dissimilarity != pytest.approx(by_group[alone[1].group], abs=0.01)
    assert not compare([], SETTINGS, crowd).incidents

"""Why a text does not fit its group any more."""

from __future__ import annotations

from stormcell.review.sketch import changed, sketch
from stormcell.types import Basis, Group


def basis_of(group: Group) -> Basis:
    """Return what a group is now."""
    return Basis(group.medoid.uid, group.count, sketch(group.members))


def why_stale(before: Basis, now: Group | None, share: float, into: str = "") -> str:
    """Return why a text is stale, as a clause; "" where it is not.

    Parameters
    ----------
    before : Basis
        What the group was.
    now : Group or None
        None where it is no more.
    share : float
        When this part of its members are others, the text is stale.
    into : str
        The id of the group that it was merged into, if it is no more and that is known.
    """
    if now is None:
        return f"its group was merged into {into}" if into else "its group is no more"
    if now.medoid.uid != before.exemplar:
        return f"another event speaks for its group: {now.medoid.uid}, before {before.exemplar}"
    part = changed(before, sketch(now.members), now.count)
    if part >= share and part > 0:
        others = f"{part:.0%} of them" if part <= 1 else f"{part:.1f} times as many"
        return f"its group has {now.count:,} members, before {before.count:,}: {others} came or went"
    return ""

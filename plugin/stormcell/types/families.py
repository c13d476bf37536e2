"""Recurrence: which past incidents are like one, and families of those that come again."""

from __future__ import annotations

from dataclasses import dataclass

from stormcell.types.results import Share


@dataclass(frozen=True, slots=True)
class Similar:
    """An incident and how far it is from another.

    Attributes
    ----------
    group : str
        Its id.
    shares : tuple of Share
        The parts of the dissimilarity, a field each.
    """

    group: str
    shares: tuple[Share, ...]

    @property
    def dissimilarity(self) -> float:
        """The sum of the shares; 1 where the two have no field in common."""
        if self.shares and not any(share.weight for share in self.shares):
            return 1.0
        return sum(share.share for share in self.shares)


@dataclass(frozen=True, slots=True)
class Family:
    """Incidents that are one thing coming again, spoken for by one of them.

    Attributes
    ----------
    id : str
        Kept from run to run.
    exemplar : str
        The id of the group whose summed dissimilarity to the others is smallest.
    members : tuple of Similar
        Two or more, the exemplar among them, ascending by the dissimilarity to it.
    """

    id: str
    exemplar: str
    members: tuple[Similar, ...]

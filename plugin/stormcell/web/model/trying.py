"""The canary: what it makes of the events that the live codebook sees, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stormcell.web.model.listing import share

_MEANS: Final = (
    ("new", "new", share),
    ("distance", "mean distance", lambda value: f"{value:.3f}"),
    ("radius", "mean radius", lambda value: f"{value:.3f}"),
    ("silhouette", "silhouette", lambda value: f"{value:.2f}"),
)


@dataclass(frozen=True, slots=True)
class Trying:
    """A canary.

    Attributes
    ----------
    version : str
    windows, events : int
        Over which it was watched so far.
    agreement, churn : str
        Shares of events: of the same kind in both, and that would be of another kind.
    means : sequence of (str, str, str)
        Names, and what they are of the live codebook and of the canary.
    action : str
        What the rules say of it; "" before the first window is over.
    reasons : sequence of str
    """

    version: str
    windows: int
    events: int
    agreement: str
    churn: str
    means: Sequence[tuple[str, str, str]]
    action: str
    reasons: Sequence[str]


def trying(version: str, state: Mapping[str, Any] | None) -> Trying:
    """Return what is shown of a canary, by what the sidecar keeps of it, which may not know it yet."""
    if not state or state.get("version") != version:
        return Trying(version, 0, 0, "", "", (), "", ())
    compared, told = state["comparison"], state["told"]
    seen = compared["events"] > 0
    return Trying(
        version=version,
        windows=compared["windows"],
        events=round(compared["events"]),
        agreement=share(told["agreement"]) if seen else "",
        churn=share(told["churn"]) if seen else "",
        means=[(name, shown(told["live"][key]), shown(told["other"][key])) for key, name, shown in _MEANS if seen],
        action=state["action"],
        reasons=tuple(state["reasons"]),
    )

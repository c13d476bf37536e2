"""What the watch over the model is in the middle of, and how the store remembers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from stormcell.codebook import beside, drift
from stormcell.codebook.beside import Comparison
from stormcell.store import SqliteStore
from stormcell.store.model import CANARY, DRIFT, WATCH, window_of
from stormcell.types import WindowSummary

_FORMAT: Final = "stormcell.watch/1"


@dataclass(frozen=True, slots=True)
class Canary:
    """A codebook that may take over, beside the one that is live.

    Attributes
    ----------
    version, live : str
        Its own, and that of the codebook with which it is compared.
    since : int
        Event time from which on, ns.
    started : int
        Wall clock at its start, ns.
    comparison : Comparison
    action, reasons : str, tuple of str
        What the rules say of it by now; "" before a window is over.
    """

    version: str
    live: str
    since: int
    started: int
    comparison: Comparison = field(default=Comparison())
    action: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Probation:
    """A codebook that was promoted and may be rolled back.

    Attributes
    ----------
    version, former : str
        Its own, and that of the codebook that was live before.
    since : int
        Event time from which on, ns.
    comparison : Comparison
        Of the two on the same events since.
    """

    version: str
    former: str
    since: int
    comparison: Comparison = field(default=Comparison())


@dataclass(frozen=True, slots=True)
class Watched:
    """All that is so after a tick.

    Attributes
    ----------
    live : str
        The version that was watched, "" for none.
    seen : int
        Event time before which all rows were seen, ns.
    window : WindowSummary or None
        The window that goes on.
    canary : Canary or None
    probation : Probation or None
    drift : drift.State
    trained : int
        Event time at which a codebook was trained last, or the first row came, ns; 0 before that.
    due : int
        Event time at which one is to be trained since drift began, ns; 0 where none is.
    asked : int
        The number of the request to train that was heard last.
    """

    live: str = ""
    seen: int = 0
    window: WindowSummary | None = None
    canary: Canary | None = None
    probation: Probation | None = None
    drift: drift.State = field(default=drift.State())
    trained: int = 0
    due: int = 0
    asked: int = 0


def load(store: SqliteStore) -> Watched:
    """Return what the store remembers.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it cannot be used.
    """
    stored = store.model_state(WATCH)
    if stored is None:
        return Watched()
    if stored["format"] != _FORMAT:
        raise ValueError(f"expected the format {_FORMAT}, found {stored['format']!r}")
    tried = store.model_state(CANARY) or {}
    return Watched(
        live=stored["live"],
        seen=stored["seen"],
        window=stored["window"] and window_of(stored["window"]),
        canary=_canary(tried) if tried.get("version") else None,
        probation=stored["probation"] and _probation(stored["probation"]),
        drift=drift.load((store.model_state(DRIFT) or {}).get("state") or {}),
        trained=stored["trained"],
        due=stored["due"],
        asked=stored["asked"],
    )


def save(store: SqliteStore, before: Watched, after: Watched) -> None:
    """Keep what is so now; what did not change is not written."""
    if before.canary != after.canary:
        store.save_model_state(CANARY, {} if after.canary is None else canary_json(after.canary))
    if replace(before, canary=None, drift=after.drift) != replace(after, canary=None):
        document = {
            "format": _FORMAT,
            "live": after.live,
            "seen": after.seen,
            "window": after.window and asdict(after.window),
            "probation": after.probation and asdict(after.probation),
            "trained": after.trained,
            "due": after.due,
            "asked": after.asked,
        }
        store.save_model_state(WATCH, document)


def canary_json(one: Canary) -> dict[str, Any]:
    """Return a canary as JSON types, with what its comparison comes to."""
    told = {"agreement": one.comparison.agreement, "churn": one.comparison.churn, **one.comparison.means()}
    return {**asdict(one), "reasons": list(one.reasons), "told": told}


def drift_json(state: drift.State, scores: drift.Scores, window: WindowSummary) -> dict[str, Any]:
    """Return how drift stands after a window, as JSON types."""
    return {
        "state": drift.dump(state),
        "codebook": window.codebook,
        "start": window.start,
        "scores": {
            name: {"psi": one.psi, "kl": one.kl, "js": one.js, "ks": one.ks, "level": one.level}
            for name, one in scores.fields.items()
        },
        "active": list(state.active),
    }


def _canary(stored: Mapping[str, Any]) -> Canary:
    values = {name: value for name, value in stored.items() if name != "told"}
    values |= {"comparison": beside.load(stored["comparison"]), "reasons": tuple(stored["reasons"])}
    return Canary(**values)


def _probation(stored: Mapping[str, Any]) -> Probation:
    return Probation(**{**stored, "comparison": beside.load(stored["comparison"])})

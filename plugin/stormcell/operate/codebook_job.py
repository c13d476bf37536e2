"""The job that trains beside a sidecar: its sample of events in, a codebook out, and the live one published.

It may be run as often as one likes, and again after whatever went wrong: of the same sample comes the same
codebook, and what is so already is not done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from stormcell.codebook.document import dump, load
from stormcell.codebook.training import Trainer, enough
from stormcell.config import Settings
from stormcell.errors import ConflictError, NotFoundError
from stormcell.operate.canary import lacking
from stormcell.operate.config_map import VERSION_LABEL, config_map
from stormcell.times import rfc3339
from stormcell.types import Codebook, CodebookState
from stormcell.wire.kubernetes import ConfigMaps
from stormcell.wire.sidecar import SidecarApi, part

TRAIN: Final = "train"
"""The name of the job, as the sidecar remembers it."""
_PROBLEM: Final = 4096
_TRIES: Final = 3


class Outcome(StrEnum):
    """What a run came to."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that trained, or had nothing to do.

    Attributes
    ----------
    outcome : Outcome
    why : str
        Why there was nothing to do; "" where there was.
    version, state : str
        The codebook that was trained and what it is now, or the one because of which nothing was; "" for none.
    codewords, events : int
        Of what was trained.
    """

    outcome: Outcome
    why: str = ""
    version: str = ""
    state: str = ""
    codewords: int = 0
    events: int = 0


@dataclass(frozen=True, slots=True)
class Published:
    """What a ConfigMap holds: the version that is live, "" where none is, and whether it held another before."""

    version: str
    changed: bool


def run(sidecar: SidecarApi, settings: Settings, *, promote_first: bool = False) -> Ran:
    """Train a codebook of what a sidecar keeps for that, and hand it in: as the canary, where one is live.

    Parameters
    ----------
    sidecar : SidecarApi
    settings : Settings
        Those of the sidecar: what is trained is to fit there.
    promote_first : bool
        Whether it is live at once where none is; else it is a candidate then.

    Raises
    ------
    InputError
        If the sample does not fit the settings, or the sidecar does not take what was trained.
    DeliveryError, NotFoundError, ConflictError
        See ``SidecarApi``.
    """
    status = sidecar.get("/codebooks/status?windows=0")
    live, canary = status["live"], status["canary"]
    if canary is not None:
        version = canary["version"]
        return Ran(Outcome.SKIPPED, f"{version} is still watched as the canary", version, canary["state"])
    sample = sidecar.get("/codebooks/sample")
    if not enough(sample["events"], settings):
        return Ran(Outcome.SKIPPED, lacking(sample["events"], settings))
    known = {one["version"]: one["state"] for one in sidecar.get("/codebooks")["codebooks"]}
    made = _trained(sidecar, settings, sample["training"], live, known)
    if made.version in known:
        return Ran(
            Outcome.SKIPPED,
            f"{made.version} was trained of this sample already",
            made.version,
            known[made.version],
        )
    sidecar.send("/codebooks", dump(made))
    state = _handed_in(sidecar, made.version, live, promote_first=promote_first)
    return Ran(Outcome.DONE, "", made.version, state, len(made.codewords), made.provenance.events)


def publish(sidecar: SidecarApi, maps: ConfigMaps, name: str, namespace: str) -> Published:
    """Make a ConfigMap hold the codebook that is live.

    Raises
    ------
    InputError
        If the codebook is too large for one.
    DeliveryError, ConflictError, OutputError
        See ``ConfigMaps`` and ``SidecarApi``.
    """
    for left in reversed(range(_TRIES)):
        live = sidecar.get("/codebooks/status?windows=0")["live"]
        if live is None:
            return Published("", changed=False)
        version = live["version"]
        there = maps.find(name) or {"metadata": {}}
        document = sidecar.content(f"/codebooks/{part(version)}/document")
        load(document, f"{sidecar.shown}, {version}")
        wanted = config_map(version, document, name=name, namespace=namespace)
        if _holds(there, wanted):
            return Published(version, changed=False)
        # Whoever changed it since we looked may know of a newer one.
        seen = there["metadata"].get("resourceVersion")
        metadata = wanted["metadata"] | ({"resourceVersion": seen} if seen else {})
        try:
            maps.apply({**wanted, "metadata": metadata})
        except ConflictError:
            if not left:
                raise
            continue
        return Published(version, changed=True)
    raise AssertionError("the last try returns or raises")


def report(sidecar: SidecarApi, outcome: Outcome, seconds: float, *, version: str = "", problem: str = "") -> None:
    """Tell the sidecar what a run came to, so that its metrics and pages do.

    Raises
    ------
    DeliveryError, NotFoundError, InputError
        See ``SidecarApi``.
    """
    sidecar.post(
        "/codebooks/jobs",
        {
            "job": TRAIN,
            "outcome": outcome.value,
            "seconds": round(seconds, 3),
            "version": version,
            "problem": problem[:_PROBLEM],
        },
    )


def _trained(
    sidecar: SidecarApi,
    settings: Settings,
    training: Mapping[str, Any],
    live: Mapping[str, Any] | None,
    known: Mapping[str, str],
) -> Codebook:
    """Return the codebook of a sample; the one that came of it before, where one did."""
    if live is not None and _same(live["provenance"], training):
        # What is live may be what comes of this very sample, with the parent that it had.
        again = Trainer.restore(settings, training, _book(sidecar, live["provenance"]["parent"])).train()
        if again.version in known:
            return again
    return Trainer.restore(settings, training, _book(sidecar, "" if live is None else live["version"])).train()


def _same(provenance: Mapping[str, Any], training: Mapping[str, Any]) -> bool:
    """Whether a codebook was trained of a sample, as far as their numbers tell."""
    names = ("events", "rows", "seed")
    return all(provenance[name] == training[name] for name in names) and all(
        provenance[f"{name}_seen"] == rfc3339(training[name]) for name in ("first", "last")
    )


def _book(sidecar: SidecarApi, version: str) -> Codebook | None:
    """Return a codebook of the sidecar's; None where it has none of this version any more."""
    if not version:
        return None
    try:
        return load(sidecar.content(f"/codebooks/{part(version)}/document"), f"{sidecar.shown}, {version}")
    except NotFoundError:
        return None


def _handed_in(sidecar: SidecarApi, version: str, live: Mapping[str, Any] | None, *, promote_first: bool) -> str:
    """Say what becomes of a candidate; return what it is now."""
    why = {"why": "trained by the job"}
    if live is not None:
        return str(sidecar.post(f"/codebooks/{part(version)}/canary", why)["state"])
    if promote_first:
        return str(sidecar.post(f"/codebooks/{part(version)}/promote", {**why, "expected": ""})["state"])
    return CodebookState.CANDIDATE.value


def _holds(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    labels = there["metadata"].get("labels") or {}
    same = labels.get(VERSION_LABEL) == wanted["metadata"]["labels"][VERSION_LABEL]
    return same and all(
        (there.get(part) or {}).items() >= wanted[part].items()
        for part in ("data", "binaryData")
        if part in wanted
    )

"""Events whose runbook is known: alerts made of alert rules, and what other tools would say of the same."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml
from numpy.typing import NDArray

from stormcell.types import Event, Group, Material, Signal

DATA: Final = Path(__file__).parent / "data"
RUNBOOKS: Final = DATA / "runbooks"

_SAID: Final = ("summary", "description", "message")
_START: Final = 1_754_647_200_000_000_000
_PLACEHOLDER: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_LABEL: Final = re.compile(r"\$labels\.(\w+)")
_VALUES: Final = {
    **{"namespace": "shop", "pod": "cart-7d9c6b5f4-x2x8q", "container": "cart", "instance": "10.0.3.17:9100"},
    **{"job": "node-exporter", "node": "worker-3", "device": "/dev/sda1", "cluster": "prod-eu"},
}
# What `paraphrases.jsonl` tells of that none of the runbooks is about, nor nearly so.
_FOREIGN: Final = frozenset(
    (
        *("gc-pause", "dns-resolution-failure", "database-deadlock", "db-connection-pool-exhausted"),
        *("slow-query", "replication-lag", "authentication-failure", "rate-limited", "queue-backlog"),
        *("permission-denied", "cache-eviction-storm", "thread-pool-saturation", "schema-migration-failure"),
        *("message-too-large", "backup-failure", "port-in-use", "circuit-breaker-open", "connection-reset"),
        *("data-corruption-checksum", "segmentation-fault", "payment-gateway-timeout", "power-loss"),
        *("consumer-rebalance", "thermal-overheating", "firewall-blocked", "missing-dependency"),
        *("memory-leak", "null-dereference", "license-expired", "duplicate-key", "email-bounced"),
        "malformed-payload",
    )
)


@dataclass(frozen=True, slots=True)
class Case:
    """An event and the name of its runbook; "" where there is none."""

    runbook: str
    event: Event

    @property
    def text(self) -> str:
        """What it says: its text, its summary, its description."""
        said = (self.event.attributes.get(f"annotations.{name}") for name in _SAID)
        return " ".join(dict.fromkeys([self.event.text, *(str(one) for one in said if one)]))

    @property
    def material(self) -> Material:
        """A group of it alone."""
        one = self.event
        group = Group(
            id="g-000000000001",
            title=one.text,
            status="open",
            medoid=one,
            earliest=one,
            latest=one,
            most_severe=one,
            count=1,
            signals={one.signal: 1},
            services=(),
            first_seen=one.time,
            last_seen=one.time,
            radius=0.0,
            margin=None,
            fields=(),
            members=(one.uid,),
            template="",
            exemplars=(one,),
        )
        return Material(group, ())


def alerts(names: Sequence[str], *, named: bool) -> list[Case]:
    """Return the alerts of all rules that have a runbook of their name, each text once.

    Parameters
    ----------
    names : sequence of str
        Of the runbooks.
    named : bool
        Whether an alert bears its name; else its summary stands there, as other tools name alerts.
    """
    known = {name.lower(): name for name in names}
    return [case for case in _rules(known, named=named) if case.runbook]


def unknown_alerts(names: Sequence[str]) -> list[Case]:
    """Return the alerts without a runbook of their name, as other tools would name them."""
    known = {name.lower(): name for name in names}
    return [case for case in _rules(known, named=False) if not case.runbook]


def wordings() -> list[Case]:
    """Return what other tools would log or alert, each with its runbook."""
    lines = (DATA / "runbook-wordings.jsonl").read_text("utf-8").splitlines()
    return [_log(entry["runbook"], entry["text"]) for entry in map(json.loads, lines)]


def foreign() -> list[Case]:
    """Return what no runbook is about."""
    lines = (DATA / "paraphrases.jsonl").read_text("utf-8").splitlines()
    concepts = [one for one in map(json.loads, lines) if one["concept"] in _FOREIGN]
    return [_log("", text) for one in concepts for text in one["texts"]]


def tuning(keys: Sequence[str]) -> NDArray[np.bool_]:
    """Return which of the cases settings may be chosen on: a half, by what they are told apart by."""
    return np.array([zlib.crc32(key.encode()) % 2 == 0 for key in keys], dtype=bool)


def _rules(known: dict[str, str], *, named: bool) -> list[Case]:
    found: dict[tuple[str, str], Case] = {}
    for file in sorted((DATA / "alert-rules").glob("*.yaml")):
        for group in yaml.safe_load(file.read_text("utf-8"))["spec"]["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    case = Case(known.get(rule["alert"].lower(), ""), _alert(rule, named=named))
                    found.setdefault((rule["alert"], case.text), case)
    return list(found.values())


def _alert(rule: dict[str, Any], *, named: bool) -> Event:
    notes = {name: _filled(text) for name, text in rule["annotations"].items() if name != "runbook_url"}
    text = rule["alert"] if named else next(notes[name] for name in _SAID if name in notes)
    attributes = {f"annotations.{name}": value for name, value in notes.items()}
    attributes |= {f"labels.{name}": value for name, value in rule.get("labels", {}).items()}
    return Event("a1", Signal.ALERT, _START, "", 17, text, status="firing", attributes=attributes)


def _log(runbook: str, text: str) -> Case:
    return Case(runbook, Event("l1", Signal.LOG, _START, "", 17, text))


def _filled(text: str) -> str:
    """Return a text of a rule with values where it has placeholders."""

    def value(match: re.Match[str]) -> str:
        if label := _LABEL.match(match[1].strip()):
            return _VALUES.get(label[1], f"{label[1]}-1")
        return "93.2%" if "Percentage" in match[1] else "42" if "value" in match[1] else ""

    return " ".join(_PLACEHOLDER.sub(value, text).split())

"""The alerting rule that says when a group needs a person, with what to do then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from stormcell_exporters.elasticsearch.names import GROUPS
from stormcell_exporters.kibana.boards import TRIAGE
from stormcell_exporters.kibana.panels import TIME, Ids

MOST_GUIDE: Final = 1000
"""Characters of an investigation guide that Kibana takes."""

PUBLISHED: Final = "*Stormcell draft "
"""How the last line of a draft begins that was published as a guide."""

_KEPT: Final = ("actions", "throttle", "notify_when", "alert_delay", "flapping")
"""What of a rule is people's and stays as they have set it."""
_ACTION: Final = ("id", "group", "params", "frequency", "uuid", "alerts_filter", "use_alert_data_for_template")
"""What an update takes of an action; Kibana tells more of each."""

GUIDE: Final = """\
An open group of errors has had new events within 15 minutes; the alert's id is the group's.

1. Open the *Triage* dashboard and click the id: Discover shows the group's events.
2. Read the exemplar (`message`): a real event, typical of the group, not always its cause.
3. Start at the service blamed most (`incident_group.top_service`), then at the others by their blame.
4. `incident_group.runbook.markdown` holds the runbook draft, once the group is complete.
5. Take it up: `stormcell groups ack GROUP`. Seen before? `stormcell groups similar GROUP`.
6. Wrongly grouped? `stormcell groups merge`, `split` or `move`: later groupings keep to it.
7. Done: `stormcell groups resolve GROUP`. It reopens by itself if it comes back.
"""


def can_hold_a_guide(version: tuple[int, int]) -> bool:
    """Tell whether rules of a version of Kibana have an investigation guide."""
    return version >= (9, 1) or (8, 19) <= version < (9, 0)


def rule(ids: Ids, *, guide: bool = True) -> dict[str, Any]:
    """Return the body that makes the rule.

    It is a plain query, an alert a group, as that works wherever Kibana does.

    Parameters
    ----------
    ids : Ids
    guide : bool
        Whether it can hold the investigation guide.
    """
    query = {
        "bool": {
            "filter": [
                {"term": {"event.dataset": "stormcell.group"}},
                {"term": {"incident_group.status": "open"}},
                {"terms": {"incident_group.severity": ["critical", "error"]}},
            ]
        }
    }
    params = {
        "searchType": "esQuery",
        "index": [ids.alias(GROUPS)],
        "timeField": TIME,
        "esQuery": json.dumps({"query": query}, separators=(",", ":")),
        "timeWindowSize": 15,
        "timeWindowUnit": "m",
        "aggType": "count",
        "groupBy": "top",
        "termField": "incident_group.id",
        "termSize": 100,
        "threshold": [0],
        "thresholdComparator": ">",
        "size": 1,
        "excludeHitsFromPreviousRun": False,
    }
    made: dict[str, Any] = {
        "name": ids.title("An incident group needs a person"),
        "rule_type_id": ".es-query",
        "consumer": "stackAlerts",
        "enabled": True,
        "schedule": {"interval": "1m"},
        "tags": [ids.prefix],
        "params": params,
        "actions": [],
    }
    if guide:
        dashboards = [{"id": ids.of(TRIAGE.name)}]
        made["artifacts"] = {"dashboards": dashboards, "investigation_guide": {"blob": GUIDE}}
    return made


def update(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the body that makes an existing rule ours again; None where it is.

    Actions and when they are taken stay as people have set them, and so does a draft that was published as its
    guide.
    """
    about = ("name", "schedule", "tags", "params", "artifacts")
    wanted = {name: ours[name] for name in about if name in ours}
    guide = _guide(theirs)
    if "artifacts" in wanted and guide.rpartition("\n")[2].startswith(PUBLISHED):
        wanted["artifacts"] = {**wanted["artifacts"], "investigation_guide": {"blob": guide}}
    if all(_covers(theirs.get(name), value) for name, value in wanted.items()):
        return None
    return {**wanted, **_theirs(theirs)}


def with_guide(theirs: Mapping[str, Any], guide: str) -> dict[str, Any] | None:
    """Return the body that gives an existing rule another guide; None where it has it."""
    if _guide(theirs) == guide:
        return None
    about = {name: theirs[name] for name in ("name", "schedule", "tags", "params") if name in theirs}
    artifacts = {**(theirs.get("artifacts") or {}), "investigation_guide": {"blob": guide}}
    return {**about, **_theirs(theirs), "artifacts": artifacts}


def _guide(rule: Mapping[str, Any]) -> str:
    held = ((rule.get("artifacts") or {}).get("investigation_guide") or {}).get("blob")
    return held if isinstance(held, str) else ""


def _theirs(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return what people set of a rule, as an update takes it."""
    kept = {name: rule[name] for name in _KEPT if rule.get(name) is not None}
    if "actions" in kept:
        kept["actions"] = [{key: one[key] for key in _ACTION if key in one} for one in kept["actions"]]
    return kept


def _covers(there: Any, wanted: Any) -> bool:
    """Tell whether all that is wanted is there; Kibana adds values of its own."""
    if isinstance(wanted, Mapping):
        return isinstance(there, Mapping) and all(_covers(there.get(key), one) for key, one in wanted.items())
    return bool(there == wanted)

"""A case for a group: what is known of it, links, and its runbook draft as a comment."""

from __future__ import annotations

from typing import Any, Final

from stormcell.escape import code, markdown, terminal
from stormcell.times import readable
from stormcell.types import Dossier, Event, Group
from stormcell_exporters.elasticsearch.documents import severity_word
from stormcell_exporters.kibana.boards import TRIAGE
from stormcell_exporters.kibana.links import absolute, dashboard, events_of
from stormcell_exporters.kibana.panels import Ids

OWNER: Final = "observability"
MOST_TITLE: Final = 160
MOST_TEXT: Final = 30_000
"""Characters of a description, and of a comment, that Kibana takes."""

_MOST_QUOTED: Final = 2000
_SERVICES: Final = 5
_SEVERITIES: Final = {"critical": "critical", "error": "high", "warning": "medium", "info": "low"}
_RUNBOOK: Final = "runbook"
_CUT: Final = "\n\n*Cut here: a comment holds no more. `stormcell groups show` tells where the whole draft is.*"


def tags(ids: Ids, group: str) -> list[str]:
    """Return the tags of a group's case, by which it is found again."""
    return [ids.prefix, group]


def case(ids: Ids, dossier: Dossier, base: str) -> dict[str, Any]:
    """Return the body that makes a case.

    Parameters
    ----------
    ids : Ids
    dossier : Dossier
    base : str
        The address of Kibana, with the path of the space.
    """
    group = dossier.group
    shown = (group.medoid, group.earliest, group.most_severe, group.latest)
    severity = severity_word(max(event.severity for event in shown))
    return {
        "title": case_title(group.title, group.id),
        "description": _description(ids, group, base),
        "owner": OWNER,
        "tags": tags(ids, group.id),
        "severity": _SEVERITIES[severity],
        "connector": {"id": "none", "name": "none", "type": ".none", "fields": None},
        "settings": {"syncAlerts": False},
    }


def comment(dossier: Dossier) -> dict[str, Any] | None:
    """Return the body of the comment with a group's runbook draft; None where there is none yet."""
    found = next((draft.markdown for draft in dossier.drafts if draft.kind == _RUNBOOK), None)
    if found is None:
        return None
    return {"type": "user", "owner": OWNER, "comment": _cut(found, MOST_TEXT, _CUT)}


def _description(ids: Ids, group: Group, base: str) -> str:
    services = ", ".join(f"{markdown(one.name)} ({one.blame:.0%})" for one in group.services[:_SERVICES])
    lines = [
        f"**Exemplar** (a real event, typical of the group): {_quoted(group.medoid)}",
        "",
        f"- **Group:** {markdown(group.id)}, {markdown(group.status)}",
        f"- **Events:** {group.count:,}",
        f"- **First and last seen:** {readable(group.first_seen)} to {readable(group.last_seen)}",
        *([f"- **Services by blame:** {services}"] if services else []),
        f"- **Earliest event:** {_quoted(group.earliest)}",
        f"- **Most severe event:** {_quoted(group.most_severe)}",
        "",
        f"[Its events in Discover](<{absolute(events_of(ids, group.id), base)}>), "
        f"[on the triage dashboard](<{absolute(dashboard(ids, TRIAGE.name, group.id), base)}>)",
    ]
    return _cut("\n".join(lines), MOST_TEXT, "...")


def _quoted(event: Event) -> str:
    where = f" of {markdown(event.service)}" if event.service else ""
    return f"{code(_cut(event.text, _MOST_QUOTED, '...'))}{where}"


def case_title(title: str, group: str) -> str:
    """Return the title of a case from that of its group, or else the group's id."""
    return _cut(terminal(title).strip() or group, MOST_TITLE, "...")


def _cut(text: str, most: int, end: str) -> str:
    return text if len(text) <= most else text[: most - len(end)] + end

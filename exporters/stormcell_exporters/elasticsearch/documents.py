"""Groups, their members and their history as documents, in the shape of the Elastic Common Schema.

What is unknown is left out. Each document holds a digest of what it says, by which copies are told apart without
reading them. The same dossier gives the same bytes, on any machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from stormcell.semconv import ECS_VERSION, HOST_NAME, LABELS
from stormcell.times import rfc3339
from stormcell.types import EXEMPLAR, SIDECAR, AuditEntry, Dossier, Group, Membership, Row, Signal, Totals
from stormcell_exporters.elasticsearch.fitting import (
    Document,
    digest_of,
    direction,
    encoded,
    fit,
    flat,
    integer,
    known,
    name_of,
    rounded,
    row_id,
    sealed,
    text_of,
)
from stormcell_exporters.ndjson import MAX_MEMBERS, document

GROUP_FIELDS: Final = frozenset(
    (
        "@timestamp",
        "ecs",
        "event",
        "message",
        "service",
        "trace",
        "host",
        "rule",
        "labels",
        "tags",
        "incident_group",
    )
)
"""The names at the top of a group's document that are ours; any other was put there by somebody else."""

_RUNBOOK: Final = "runbook"
_TAGS: Final = ["stormcell"]
_ECS: Final = {"version": ECS_VERSION}
_SEVERITIES: Final = ((21, "critical"), (17, "error"), (13, "warning"))


class Documents(NamedTuple):
    """All documents of a group.

    Attributes
    ----------
    group : Document
        Its digest is of all of them.
    members : list of Document
        One a row; those that a group no longer has are to be taken out.
    history : list of Document
        Never changed once they are written.
    """

    group: Document
    members: list[Document]
    history: list[Document]


def documents(dossier: Dossier) -> Documents:
    """Return all documents of a group."""
    members = list(member_documents(dossier))
    history = list(history_documents(dossier.history))
    return Documents(group_document(dossier, members, history), members, history)


def group_document(dossier: Dossier, members: Iterable[Document], history: Iterable[Document]) -> Document:
    """Return a group's own document, which knows the digests of its others.

    Parameters
    ----------
    dossier : Dossier
    members, history : iterable of Document
        Of the same dossier.
    """
    group = dossier.group
    found = document(group)
    severity = found["event"]["severity"]
    found["event"]["id"] = group.id
    found["event"]["duration"] = integer(group.last_seen - group.first_seen)
    found["tags"] = _TAGS
    if "labels" in found:
        found["labels"] = flat(found["labels"])
    runbook = next((draft.markdown for draft in dossier.drafts if draft.kind == _RUNBOOK), None)
    profile = group.profile
    own = {
        "template": group.template or None,
        "trace_id": group.trace or None,
        "severity": severity_word(severity),
        "rows": sum(len(atom.rows) for atom in dossier.atoms),
        "reduction": group.count,
        "top_service": group.services[0].name if group.services else None,
        "silhouette": _mean_silhouette(dossier.atoms),
        **_told(group, dossier.history),
        "profile": profile
        and {
            "services": _shares(profile.services),
            "sayings": [
                {"signal": said.signal, "service": said.service, "text": said.text, "count": said.count}
                for said in profile.sayings
            ],
            "instances": _shares(profile.instances),
        },
        "runbook": None if runbook is None else {"markdown": runbook},
        "members_digest": digest_of(sorted(f"{one.id}={one.digest}" for one in members)),
    }
    found["incident_group"] = incident = found.pop("incident_group")  # at the end, as sealed needs it
    incident.update((name, value) for name, value in own.items() if value is not None)
    made = fit(found)
    if vector := direction(dossier.portrait):
        made["incident_group"]["embedding"] = vector
    return sealed(group.id, made, 2, sorted(one.id for one in history))


def member_documents(dossier: Dossier) -> Iterator[Document]:
    """Yield a document for each row of a group, in the order of its atoms."""
    exemplar = dossier.group.medoid.uid
    for atom in dossier.atoms:
        shared = encoded(_membership(atom))[1:-1]  # written once for all of its rows
        for row in atom.rows:
            yield sealed(row_id(row.event.uid), _member(dossier.group.id, exemplar, row), 3, more=shared)


def history_documents(entries: Iterable[AuditEntry]) -> Iterator[Document]:
    """Yield a document for each entry of an audit log; its id is the same from whatever store it comes."""
    for entry in entries:
        id = digest_of([rfc3339(entry.time), entry.who, entry.action, entry.target])
        history = {
            "target": name_of(entry.target),
            "by": name_of(by) if isinstance(by := entry.detail.get("by"), str) else None,
            "human": _human(entry),
            "detail": flat(entry.detail) or None,
        }
        found = {
            "@timestamp": rfc3339(entry.time),
            "ecs": _ECS,
            "event": {"kind": "event", "dataset": "stormcell.history", "action": name_of(entry.action)},
            "user": {"name": name_of(entry.who)},
            "incident_group": {
                "id": [name_of(group) for group in entry.groups[:MAX_MEMBERS]],
                "history": known(history),
            },
        }
        yield Document(id, encoded(found), id)


def totals_document(totals: Totals) -> Document:
    """Return how a store stands at a time as a document; it goes where the history goes."""
    time = rfc3339(totals.time)
    groups = totals.open + totals.acknowledged + totals.resolved
    grouped = totals.events - totals.background
    found = {
        "events": totals.events,
        "grouped": grouped,
        "background": totals.background,
        "noise_share": rounded(totals.background / totals.events) if totals.events else None,
        "groups": groups,
        "open": totals.open,
        "acknowledged": totals.acknowledged,
        "resolved": totals.resolved,
        "reduction": rounded(grouped / groups) if groups else None,
    }
    made = {
        "@timestamp": time,
        "ecs": _ECS,
        "event": {"kind": "metric", "dataset": "stormcell.totals"},
        "incident_group": {"totals": known(found)},
    }
    id = digest_of([time, "totals"])
    return Document(id, encoded(made), id)


def severity_word(severity: int) -> str:
    """Return an OpenTelemetry severity number as "critical", "error", "warning" or "info"."""
    return next((word for least, word in _SEVERITIES if severity >= least), "info")


def silhouette(atom: Membership) -> float | None:
    """Return how much nearer an atom is to its exemplar than to the runner-up, -1 to 1; None without one."""
    near, far = atom.dissimilarity, atom.runner_up_dissimilarity
    if far is None or not math.isfinite(far) or not math.isfinite(near):
        return None
    larger = max(near, far)
    return (far - near) / larger if larger > 0 else 0.0


def _mean_silhouette(atoms: Iterable[Membership]) -> float | None:
    total, weight = 0.0, 0
    for atom in atoms:
        value = silhouette(atom)
        if value is not None:
            events = sum(len(row.members) for row in atom.rows)
            total, weight = total + value * events, weight + events
    return rounded(total / weight) if weight else None


def _told(group: Group, history: Iterable[AuditEntry]) -> dict[str, Any]:
    """Return what the history of a group tells of it."""
    own = [entry for entry in history if group.id in (entry.target, *entry.groups)]
    acknowledged = next((one.time for one in own if (one.action, one.target) == ("ack", group.id)), None)
    resolved = None
    if group.status == "resolved":
        ends = [one.time for one in own if (one.action, one.target) == ("resolve", group.id)]
        resolved = ends[-1] if ends else None
    found: dict[str, Any] = {
        "edits": sum(map(_human, own)),
        "exemplar_changes": sum(one.action == EXEMPLAR for one in own),
        "reopened": sum((one.action, one.target) == ("reopen", group.id) for one in own),
    }
    if acknowledged is not None:
        found["acknowledged"] = rfc3339(acknowledged)
        found["time_to_acknowledge"] = max(acknowledged - group.first_seen, 0) / 1e9
    if resolved is not None:
        found["resolved"] = rfc3339(resolved)
        found["time_to_resolve"] = max(resolved - group.first_seen, 0) / 1e9
    return found


def _shares(amounts: Mapping[str, float]) -> list[dict[str, Any]]:
    return [{"name": name, "share": rounded(amounts[name])} for name in sorted(amounts)]


def _human(entry: AuditEntry) -> bool:
    return entry.who != SIDECAR


def _membership(atom: Membership) -> dict[str, Any]:
    """Return what all rows of an atom have in common."""
    found = {
        "surprise": rounded(atom.surprise),
        "dissimilarity": rounded(atom.dissimilarity),
        "runner_up": atom.runner_up,
        "runner_up_dissimilarity": rounded(atom.runner_up_dissimilarity),
        "margin": rounded(atom.margin),
        "silhouette": rounded(silhouette(atom)),
        "fields": [{"name": share.name, "share": rounded(share.share) or 0.0} for share in atom.shares] or None,
    }
    return known(found)


def _member(group: str, exemplar: str, row: Row) -> dict[str, Any]:
    event = row.event
    about: dict[str, Any] = {"kind": "event", "dataset": "stormcell.member", "id": name_of(event.uid)}
    if event.severity:
        about["severity"] = event.severity
    if event.duration:
        about["duration"] = integer(event.duration)
    found: dict[str, Any] = {
        "@timestamp": rfc3339(event.time),
        "ecs": _ECS,
        "event": about,
        "message": text_of(event.text),
    }
    host = event.resource.get(HOST_NAME)
    named = (("service", "name", event.service), ("host", "name", host), ("trace", "id", event.trace_id))
    for name, key, value in (*named, ("span", "id", event.span_id)):
        if value:
            found[name] = {key: name_of(value if isinstance(value, str) else str(value))}
    if event.signal is Signal.ALERT:
        start = len(LABELS)
        labels = {key[start:]: value for key, value in event.attributes.items() if key.startswith(LABELS)}
        if kept := flat(labels):
            found["labels"] = kept
    member: dict[str, Any] = {
        # A slice of uids that are made when they are asked for makes them all, once.
        "uids": [name_of(uid) for uid in row.members[:MAX_MEMBERS]],
        "count": len(row.members),
        "signal": event.signal.value,
        "severity": severity_word(event.severity),
        "is_exemplar": event.uid == exemplar,
    }
    if row.template:
        member["template"] = name_of(row.template)
    if row.fingerprint:
        member["fingerprint"] = row.fingerprint
    found["incident_group"] = {"id": group, "member": member}
    return found

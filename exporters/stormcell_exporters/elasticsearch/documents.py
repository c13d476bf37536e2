"""Groups, their members and their history as documents, in the shape of the Elastic Common Schema.

What is unknown is left out. Each document holds a digest of what it says, by which copies are told apart without
reading them. The same dossier gives the same bytes, on any machine.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from stormcell.semconv import ECS_VERSION, HOST_NAME, LABELS
from stormcell.times import rfc3339
from stormcell.types import EXEMPLAR, SIDECAR, AuditEntry, Dossier, Group, Membership, Row, Signal, Totals
from stormcell_exporters.ndjson import MAX_MEMBERS, document

MOST_TEXT: Final = 32_000
"""Characters of a text that are kept."""
MOST_KEYWORD: Final = 1_024
"""Characters of anything else that are kept: of an id, a name, a label."""
MOST_KEYS: Final = 200
"""Labels, or details of an entry, that are kept; and characters of the name of one."""

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

_MOST_INTEGER: Final = 2**63 - 1
_RUNBOOK: Final = "runbook"
_TEXTS: Final = frozenset(("message", "text", "markdown"))
"""Names of fields that hold texts."""
_TAGS: Final = ["stormcell"]
_ECS: Final = {"version": ECS_VERSION}
_SEVERITIES: Final = ((21, "critical"), (17, "error"), (13, "warning"))
_encode: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


class Document(NamedTuple):
    """A document, ready to be sent.

    Attributes
    ----------
    id : str
        Its ``_id``.
    source : bytes
        JSON in UTF-8, on one line.
    digest : str
        Of what it says; the source of groups and members holds it, too.
    """

    id: str
    source: bytes
    digest: str


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
    found["event"]["duration"] = _integer(group.last_seen - group.first_seen)
    found["tags"] = _TAGS
    if "labels" in found:
        found["labels"] = _flat(found["labels"])
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
    found["incident_group"] = incident = found.pop("incident_group")  # at the end, as _sealed needs it
    incident.update((name, value) for name, value in own.items() if value is not None)
    made = _fit(found)
    if vector := _vector(dossier.portrait):
        made["incident_group"]["embedding"] = vector
    return _sealed(group.id, made, 2, sorted(one.id for one in history))


def member_documents(dossier: Dossier) -> Iterator[Document]:
    """Yield a document for each row of a group, in the order of its atoms."""
    exemplar = dossier.group.medoid.uid
    for atom in dossier.atoms:
        shared = _bytes(_membership(atom))[1:-1]  # written once for all of its rows
        for row in atom.rows:
            yield _sealed(_row_id(row.event.uid), _member(dossier.group.id, exemplar, row), 3, more=shared)


def history_documents(entries: Iterable[AuditEntry]) -> Iterator[Document]:
    """Yield a document for each entry of an audit log; its id is the same from whatever store it comes."""
    for entry in entries:
        id = digest_of([rfc3339(entry.time), entry.who, entry.action, entry.target])
        history = {
            "target": _name(entry.target),
            "by": _name(by) if isinstance(by := entry.detail.get("by"), str) else None,
            "human": _human(entry),
            "detail": _flat(entry.detail) or None,
        }
        found = {
            "@timestamp": rfc3339(entry.time),
            "ecs": _ECS,
            "event": {"kind": "event", "dataset": "stormcell.history", "action": _name(entry.action)},
            "user": {"name": _name(entry.who)},
            "incident_group": {
                "id": [_name(group) for group in entry.groups[:MAX_MEMBERS]],
                "history": _known(history),
            },
        }
        yield Document(id, _bytes(found), id)


def totals_document(totals: Totals) -> Document:
    """Return how a store stands at a time as a document; it goes where the history goes."""
    time = rfc3339(totals.time)
    groups = totals.open + totals.acknowledged + totals.resolved
    grouped = totals.events - totals.background
    found = {
        "events": totals.events,
        "grouped": grouped,
        "background": totals.background,
        "noise_share": _rounded(totals.background / totals.events) if totals.events else None,
        "groups": groups,
        "open": totals.open,
        "acknowledged": totals.acknowledged,
        "resolved": totals.resolved,
        "reduction": _rounded(grouped / groups) if groups else None,
    }
    made = {
        "@timestamp": time,
        "ecs": _ECS,
        "event": {"kind": "metric", "dataset": "stormcell.totals"},
        "incident_group": {"totals": _known(found)},
    }
    id = digest_of([time, "totals"])
    return Document(id, _bytes(made), id)


def digest_of(parts: Iterable[str]) -> str:
    """Return a digest of texts in their order, 32 hexadecimal digits."""
    text = _encode(list(parts)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def _row_id(uid: str) -> str:
    """Return the digest of one text; nearly all are such that JSON writes them as they are."""
    if not (uid.isascii() and uid.isalnum()):
        return digest_of([uid])
    return hashlib.blake2b(b'["%b"]' % uid.encode(), digest_size=16).hexdigest()


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
    return _rounded(total / weight) if weight else None


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
    return [{"name": name, "share": _rounded(amounts[name])} for name in sorted(amounts)]


def _human(entry: AuditEntry) -> bool:
    return entry.who != SIDECAR


def _membership(atom: Membership) -> dict[str, Any]:
    """Return what all rows of an atom have in common."""
    found = {
        "surprise": _rounded(atom.surprise),
        "dissimilarity": _rounded(atom.dissimilarity),
        "runner_up": atom.runner_up,
        "runner_up_dissimilarity": _rounded(atom.runner_up_dissimilarity),
        "margin": _rounded(atom.margin),
        "silhouette": _rounded(silhouette(atom)),
        "fields": [{"name": share.name, "share": _rounded(share.share) or 0.0} for share in atom.shares] or None,
    }
    return _known(found)


def _member(group: str, exemplar: str, row: Row) -> dict[str, Any]:
    event = row.event
    about: dict[str, Any] = {"kind": "event", "dataset": "stormcell.member", "id": _name(event.uid)}
    if event.severity:
        about["severity"] = event.severity
    if event.duration:
        about["duration"] = _integer(event.duration)
    found: dict[str, Any] = {
        "@timestamp": rfc3339(event.time),
        "ecs": _ECS,
        "event": about,
        "message": _text(event.text),
    }
    host = event.resource.get(HOST_NAME)
    named = (("service", "name", event.service), ("host", "name", host), ("trace", "id", event.trace_id))
    for name, key, value in (*named, ("span", "id", event.span_id)):
        if value:
            found[name] = {key: _name(value if isinstance(value, str) else str(value))}
    if event.signal is Signal.ALERT:
        start = len(LABELS)
        labels = {key[start:]: value for key, value in event.attributes.items() if key.startswith(LABELS)}
        if kept := _flat(labels):
            found["labels"] = kept
    member: dict[str, Any] = {
        # A slice of uids that are made when they are asked for makes them all, once.
        "uids": [_name(uid) for uid in row.members[:MAX_MEMBERS]],
        "count": len(row.members),
        "signal": event.signal.value,
        "severity": severity_word(event.severity),
        "is_exemplar": event.uid == exemplar,
    }
    if row.template:
        member["template"] = _name(row.template)
    if row.fingerprint:
        member["fingerprint"] = row.fingerprint
    found["incident_group"] = {"id": group, "member": member}
    return found


def _sealed(
    id: str, found: Mapping[str, Any], depth: int, others: Iterable[str] = (), more: bytes = b""
) -> Document:
    """Return a document with a digest in its last object.

    Parameters
    ----------
    id : str
    found : mapping
    depth : int
        How many objects end with it: so the digest is added without writing the JSON twice.
    others : iterable of str
        What else the digest is of.
    more : bytes
        JSON of what the last object has besides, without braces.
    """
    ends = b"}" * depth
    source = _bytes(found).removesuffix(ends)
    if more:
        source = b"%b,%b" % (source, more)
    hashed = hashlib.blake2b(source, digest_size=16)
    for other in others:
        hashed.update(other.encode())
    digest = hashed.hexdigest()
    return Document(id, b'%b,"digest":"%b"%b' % (source, digest.encode(), ends), digest)


def _bytes(found: Mapping[str, Any]) -> bytes:
    # A lone surrogate has no UTF-8 and becomes a question mark.
    return _encode(found).encode("utf-8", "replace")


def _fit(value: Any, name: str = "") -> Any:
    """Return what can be sent of JSON: texts of a bearable length, numbers that are numbers."""
    if isinstance(value, str):
        return _text(value) if name in _TEXTS else _name(value)
    if isinstance(value, dict):
        return {name: _fit(one, name) for name, one in value.items() if not _odd(one)}
    if isinstance(value, list):
        return [_fit(one, name) for one in value]
    return value


def _odd(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _flat(values: Mapping[str, Any]) -> dict[str, str]:
    """Return a mapping of texts that a ``flattened`` field takes; the names may be anybody's."""
    found = {}
    for name in sorted(values)[:MOST_KEYS]:
        value = values[name]
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            found[name[:MOST_KEYS].replace("\0", "\ufffd")] = _name(text)
    return found


def _text(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 3]}..."


def _name(text: str) -> str:
    return text if len(text) <= MOST_KEYWORD else f"{text[: MOST_KEYWORD - 3]}..."


def _vector(portrait: Sequence[float]) -> list[float]:
    """Return a vector that has a direction, or an empty one."""
    found = [round(float(part), 6) for part in portrait]
    return found if any(found) else []


def _integer(number: int) -> int:
    return min(max(number, 0), _MOST_INTEGER)


def _rounded(number: float | None) -> float | None:
    if number is None or not math.isfinite(number):
        return None
    return round(float(number), 6) + 0.0  # + 0.0 turns -0.0 into 0.0


def _known(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}

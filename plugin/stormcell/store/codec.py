"""What is stored of each dataclass, as compact JSON that reads back equal.

ASCII only: NUL and lone surrogates, which SQLite's text cannot hold or Python's driver refuses, are escaped.
Fields at their default are left out of events, most of whose fields are.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple
from typing import Any, Final

from stormcell.types import (
    Blame,
    Draft,
    Event,
    Fact,
    Feedback,
    Group,
    GroupTemplate,
    Kind,
    Mark,
    MemberLink,
    Membership,
    Parameter,
    Profile,
    Row,
    Saying,
    Share,
    Signal,
    Source,
)

_encode: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode

# JSON as read: its shape is known where it is taken apart, and a wrong one raises there.
_Json = dict[str, Any]


def to_key(text: str) -> str | bytes:
    """Return a text as a column holds it: itself, or bytes where lone surrogates keep it from being UTF-8."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def from_key(key: str | bytes) -> str:
    """Return the text that ``to_key`` was given."""
    return key if isinstance(key, str) else key.decode("utf-8", "surrogatepass")


def dump_event(event: Event) -> str:
    """Return an event as JSON."""
    return _encode(_event(event))


def load_event(document: str) -> Event:
    """Return the event that ``dump_event`` was given."""
    return _as_event(json.loads(document))


def dump_atom(atom: Membership) -> str:
    """Return an atom as JSON, but for its group and rows, which have columns of their own."""
    stored: _Json = {"surprise": atom.surprise}
    if atom.stray:
        stored["stray"] = True
    if atom.links:
        stored["links"] = [(link.a, link.b, link.reason, link.key) for link in atom.links]
    if atom.dissimilarity:
        stored["dissimilarity"] = atom.dissimilarity
    if atom.shares:
        stored["shares"] = _shares(atom.shares)
    if atom.runner_up is not None:
        stored["runner_up"] = atom.runner_up
    if atom.runner_up_dissimilarity is not None:
        stored["runner_up_dissimilarity"] = atom.runner_up_dissimilarity
    if atom.voice:
        stored["voice"] = atom.voice
    if atom.feedback:
        stored["feedback"] = atom.feedback
    if atom.rules:
        stored["rules"] = atom.rules
    return _encode(stored)


def load_atom(document: str, group: str | None, rows: Iterable[Row]) -> Membership:
    """Return the atom that ``dump_atom`` was given."""
    stored: _Json = json.loads(document)
    return Membership(
        rows=tuple(rows),
        links=tuple(MemberLink(*link) for link in stored.get("links", ())),
        surprise=stored["surprise"],
        group=group,
        stray=stored.get("stray", False),
        dissimilarity=stored.get("dissimilarity", 0.0),
        shares=_as_shares(stored.get("shares", ())),
        runner_up=stored.get("runner_up"),
        runner_up_dissimilarity=stored.get("runner_up_dissimilarity"),
        voice=stored.get("voice", ""),
        feedback=tuple(stored.get("feedback", ())),
        rules=tuple(stored.get("rules", ())),
    )


def prune_atom(document: str, uids: Collection[str]) -> str:
    """Return an atom's JSON with the links between the events ``uids`` only."""
    stored: _Json = json.loads(document)
    stored["links"] = [link for link in stored.get("links", ()) if link[0] in uids and link[1] in uids]
    return _encode(stored)


def dump_group(group: Group) -> str:
    """Return a group as JSON, but for its members, its profile and what has a column of its own."""
    return _encode(
        {
            "title": group.title,
            "medoid": _event(group.medoid),
            "earliest": _event(group.earliest),
            "latest": _event(group.latest),
            "most_severe": _event(group.most_severe),
            "count": group.count,
            "signals": dict(group.signals),
            "services": [(service.name, service.blame) for service in group.services],
            "last_seen": group.last_seen,
            "radius": group.radius,
            "margin": group.margin,
            "fields": _shares(group.fields),
            "template": group.template,
            "templates": [asdict(template) for template in group.templates],
            "exemplars": [_event(event) for event in group.exemplars],
            "trace": group.trace,
            "revision": group.revision,
        }
    )


def load_group(
    document: str, group_id: str, status: str, first_seen: int, members: Iterable[str], profile: str | None
) -> Group:
    """Return the group that ``dump_group`` was given, with the profile that ``dump_profile`` was given."""
    stored: _Json = json.loads(document)
    return Group(
        id=group_id,
        title=stored["title"],
        status=status,
        medoid=_as_event(stored["medoid"]),
        earliest=_as_event(stored["earliest"]),
        latest=_as_event(stored["latest"]),
        most_severe=_as_event(stored["most_severe"]),
        count=stored["count"],
        signals=stored["signals"],
        services=tuple(Blame(*service) for service in stored["services"]),
        first_seen=first_seen,
        last_seen=stored["last_seen"],
        radius=stored["radius"],
        margin=stored["margin"],
        fields=_as_shares(stored["fields"]),
        members=tuple(members),
        template=stored["template"],
        # Stores of before hold none of these.
        templates=tuple(_as_template(template) for template in stored.get("templates", ())),
        exemplars=tuple(_as_event(event) for event in stored.get("exemplars", ())),
        trace=stored.get("trace", ""),
        profile=None if profile is None else load_profile(profile),
        revision=stored.get("revision", 1),
    )


def dump_whole_group(group: Group) -> str:
    """Return a group as JSON, all of it."""
    return _encode(
        {
            "id": group.id,
            "status": group.status,
            "first_seen": group.first_seen,
            "members": list(group.members),
            "profile": None if group.profile is None else dump_profile(group.profile),
            "rest": dump_group(group),
        }
    )


def load_whole_group(document: str) -> Group:
    """Return the group that ``dump_whole_group`` was given."""
    stored: _Json = json.loads(document)
    return load_group(
        stored["rest"], stored["id"], stored["status"], stored["first_seen"], stored["members"], stored["profile"]
    )


def _as_template(stored: _Json) -> GroupTemplate:
    parameters = tuple(Parameter(**parameter) for parameter in stored["parameters"])
    return GroupTemplate(**{**stored, "parameters": parameters})


def recount_group(document: str, signals: Mapping[str, int]) -> str:
    """Return a group's JSON with the events by signal counted anew."""
    stored: _Json = json.loads(document)
    return _encode({**stored, "count": sum(signals.values()), "signals": dict(signals)})


def dump_profile(profile: Profile) -> str:
    """Return a profile as JSON."""
    return _encode(
        {
            "services": dict(profile.services),
            "sayings": [(each.signal, each.service, each.text, each.count) for each in profile.sayings],
            "instances": dict(profile.instances),
        }
    )


def load_profile(document: str) -> Profile:
    """Return the profile that ``dump_profile`` was given."""
    stored: _Json = json.loads(document)
    return Profile(stored["services"], tuple(Saying(*saying) for saying in stored["sayings"]), stored["instances"])


def dump_shares(shares: Iterable[Share]) -> str:
    """Return the parts of a dissimilarity as JSON."""
    return _encode(_shares(shares))


def load_shares(document: str) -> tuple[Share, ...]:
    """Return what ``dump_shares`` was given."""
    return _as_shares(json.loads(document))


def dump_learned(document: Mapping[str, object]) -> str:
    """Return what was learned as JSON."""
    return _encode(document)


def load_learned(document: str) -> dict[str, Any]:
    """Return what ``dump_learned`` was given, its tuples as lists."""
    stored: _Json = json.loads(document)
    return stored


def dump_feedback(feedback: Feedback) -> str:
    """Return a feedback as JSON, but for what has a column of its own."""
    marks = [astuple(mark) for mark in feedback.marks]
    return _encode({"kind": feedback.kind, "marks": marks, "author": feedback.author, "time": feedback.time})


def load_feedback(document: str, id: str, *, undone: bool) -> Feedback:
    """Return the feedback that ``dump_feedback`` was given."""
    stored: _Json = json.loads(document)
    marks = tuple(Mark(tuple(uids), *texts) for uids, *texts in stored["marks"])
    return Feedback(id, Kind(stored["kind"]), marks, stored["author"], stored["time"], undone)


def dump_draft(draft: Draft) -> str:
    """Return a draft as JSON, but for what has a column of its own."""
    return _encode({"template": draft.template, "markdown": draft.markdown, "sources": facts(draft.sources)})


def load_draft(document: str, group_id: str, kind: str) -> Draft:
    """Return the draft that ``dump_draft`` was given."""
    stored: _Json = json.loads(document)
    return Draft(group_id, kind, stored["template"], stored["markdown"], as_facts(stored["sources"]))


def facts(sources: Iterable[Fact]) -> list[tuple[str, ...]]:
    """Return the sources of a draft as JSON types."""
    return [(fact.value, fact.uid, fact.field, fact.how, fact.source.value) for fact in sources]


def as_facts(stored: Iterable[Sequence[str]]) -> tuple[Fact, ...]:
    """Return what ``facts`` was given; stores of before hold no more than facts of events."""
    return tuple(
        Fact(value, uid, field, how, Source(*source) if source else Source.EVENT)
        for value, uid, field, how, *source in stored
    )


def _event(event: Event) -> _Json:
    stored: _Json = {
        "uid": event.uid,
        "signal": event.signal,
        "time": event.time,
        "service": event.service,
        "severity": event.severity,
        "text": event.text,
    }
    if event.duration:
        stored["duration"] = event.duration
    if event.status:
        stored["status"] = event.status
    if event.trace_id:
        stored["trace_id"] = event.trace_id
    if event.span_id:
        stored["span_id"] = event.span_id
    if event.parent_id:
        stored["parent_id"] = event.parent_id
    if event.resource:
        stored["resource"] = dict(event.resource)
    if event.attributes:
        stored["attributes"] = dict(event.attributes)
    return stored


def _as_event(stored: _Json) -> Event:
    return Event(**{**stored, "signal": Signal(stored["signal"])})


def _shares(shares: Iterable[Share]) -> list[tuple[str, float, float, float]]:
    return [(share.name, share.dissimilarity, share.weight, share.share) for share in shares]


def _as_shares(stored: Iterable[Iterable[Any]]) -> tuple[Share, ...]:
    return tuple(Share(*share) for share in stored)

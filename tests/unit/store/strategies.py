"""Groupings as they may come: any text, any JSON, several groups, background."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import strategies as st

from stormcell.types import (
    Blame,
    Draft,
    Event,
    Fact,
    Feedback,
    Group,
    Grouping,
    Kind,
    Mark,
    MemberLink,
    Membership,
    Profile,
    Row,
    Saying,
    Share,
    Signal,
    Value,
)

# Lone surrogates come out of valid JSON, NUL out of anything.
texts = st.text(st.characters(exclude_categories=())) | st.sampled_from(["", "a\0b", "\ud83d", "\x1b[31m"])
times = st.integers(-(2**63), 2**63 - 1)
# NaN is left out, as it does not equal itself.
floats = st.floats(allow_nan=False)


def _nest(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    return st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)


scalars: st.SearchStrategy[Value] = st.none() | st.booleans() | st.integers() | floats | texts
values = st.recursive(scalars, _nest, max_leaves=6)
attributes = st.dictionaries(texts, values, max_size=3)
events = st.builds(
    Event,
    uid=texts,
    signal=st.sampled_from(Signal),
    time=times,
    service=texts,
    severity=st.integers(0, 24),
    text=texts,
    duration=st.integers(0, 2**63 - 1),
    status=st.sampled_from(["", "ok", "error", "firing"]),
    trace_id=texts,
    span_id=texts,
    parent_id=texts,
    resource=attributes,
    attributes=attributes,
)
shares = st.lists(st.builds(Share, texts, floats, floats, floats), max_size=3).map(tuple)

profiles = st.builds(
    Profile,
    services=st.dictionaries(texts, floats, max_size=2),
    sayings=st.lists(st.builds(Saying, texts, texts, texts, st.integers(1, 9)), max_size=2).map(tuple),
    instances=st.dictionaries(texts, floats, max_size=2),
)
# A row's fingerprint and template; stores of before have neither.
known = st.just(("", "")) | st.tuples(texts.filter(bool), texts)
marks = st.builds(Mark, st.lists(texts, max_size=3).map(tuple), texts, texts, texts, texts)
feedback = st.builds(
    Feedback,
    texts,
    st.sampled_from(Kind),
    st.lists(marks, max_size=3).map(tuple),
    texts,
    times,
    undone=st.just(False),
)


@st.composite
def groupings(draw: st.DrawFn) -> Grouping:
    """A grouping that does not contradict itself, as ``Grouping`` promises."""
    uids = draw(st.lists(texts, unique=True, max_size=12))
    events_seen = len(uids)
    ids = draw(st.lists(texts.filter(bool), unique=True, max_size=3))
    atoms: list[Membership] = []
    while uids:
        rows = []
        for _ in range(draw(st.integers(1, 3))):
            taken = [uids.pop() for _ in range(min(len(uids), draw(st.integers(1, 3))))]
            if taken:
                event = replace(draw(events), uid=taken[0])
                rows.append(Row(event, tuple(sorted(taken)), *draw(known)))
        members = st.sampled_from([uid for row in rows for uid in row.members])
        atoms.append(
            Membership(
                rows=tuple(rows),
                links=tuple(draw(st.lists(st.builds(MemberLink, members, members, texts, texts), max_size=2))),
                surprise=draw(floats),
                group=draw(st.sampled_from([None, *ids])),
                dissimilarity=draw(floats),
                shares=draw(shares),
                runner_up=draw(st.none() | texts),
                runner_up_dissimilarity=draw(st.none() | floats),
                voice=draw(texts),
                feedback=tuple(draw(st.lists(texts, max_size=2))),
                rules=tuple(draw(st.lists(texts, max_size=2))),
            )
        )
    groups = []
    for name in ids:
        rows = [row for atom in atoms if atom.group == name for row in atom.rows]
        if rows:
            made = group_of(name, rows, draw(events), draw(times), draw(texts), draw(shares))
            groups.append(replace(made, profile=draw(st.none() | profiles)))
    groups.sort(key=lambda group: (group.first_seen, group.id))
    return Grouping(events_seen, draw(st.integers(0, 9)), tuple(groups), tuple(atoms))


def group_of(
    name: str,
    rows: list[Row],
    event: Event,
    first_seen: int = 0,
    text: str = "t",
    fields: tuple[Share, ...] = (),
) -> Group:
    """A group of rows, the rest of it made up."""
    uids = sorted(uid for row in rows for uid in row.members)
    signals = Counter(row.event.signal.value for row in rows for _ in row.members)
    return Group(
        id=name,
        title=text,
        status="open",
        medoid=event,
        earliest=rows[0].event,
        latest=rows[-1].event,
        most_severe=event,
        count=len(uids),
        signals=dict(signals),
        services=(Blame(text, 0.1),),
        first_seen=first_seen,
        last_seen=first_seen,
        radius=0.3,
        margin=None,
        fields=fields,
        members=tuple(uids),
        template=text,
    )


def grouping_of(*atoms: Membership) -> Grouping:
    """The grouping of these atoms; its groups are those that the atoms name, a second apart."""
    names = list(dict.fromkeys(atom.group for atom in atoms if atom.group is not None))
    groups = []
    for second, name in enumerate(names):
        rows = [row for atom in atoms if atom.group == name for row in atom.rows]
        groups.append(group_of(name, rows, rows[0].event, second * 10**9))
    events = sum(len(row.members) for atom in atoms for row in atom.rows)
    return Grouping(events, 0, tuple(groups), atoms)


def row_of(*uids: str, signal: Signal = Signal.LOG) -> Row:
    """A row of these events, the first of which stands for it."""
    event = Event(uids[0], signal, 1_700_000_000_123_456_789, "cart", 9, "text")
    return Row(event, tuple(sorted(uids)), "print", "te<*>")


def atom_of(group: str | None, *rows: Row) -> Membership:
    """An atom of these rows, each linked to the first."""
    links = tuple(MemberLink(rows[0].event.uid, row.event.uid, "trace", "ab") for row in rows[1:])
    return Membership(rows, links, 1.5, group)


def draft_of(group: str, markdown: str = "# Meaning", kind: str = "runbook") -> Draft:
    """A draft for a group."""
    return Draft(
        group, kind, "default", markdown, (Fact("cart", "u", "service"), Fact("2", "u", "uid", "counted"))
    )

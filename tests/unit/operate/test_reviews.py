"""What people do to drafts: each change once, whole, and logged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from stormcell.config import DraftsSettings, Settings
from stormcell.errors import ConflictError, InputError, NotFoundError, SettingsError, StormcellError, TemplateError
from stormcell.operate import reviewing, reviews
from stormcell.operate.people import Person
from stormcell.operate.reviewing import MAX_COMMENT, MAX_TEXT, log_of
from stormcell.store import SqliteStore
from stormcell.types import AuditEntry, Publication, Review, ReviewState, Value
from tests.unit.render.samples import grouping

SETTINGS = Settings()
FOUR_EYES = Settings(drafts=DraftsSettings(four_eyes=True))
GROUPS = grouping().groups
GROUP = GROUPS[0].id
DRAFT, IN_REVIEW, APPROVED, PUBLISHED, SUPERSEDED, WITHDRAWN = ReviewState
_NOON = 1_700_000_000 * 10**9


def who(name: str, now: int = _NOON) -> Person:
    return Person("cli", name, now)


ANN, BOB = who("ann"), who("bob", _NOON + 10**9)


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    store = SqliteStore(tmp_path / "s.db", create=True)
    store.save(grouping(), [])
    return store


@pytest.fixture
def begun(store: SqliteStore) -> Review:
    return reviews.begin(store, GROUP, "runbook", ANN, SETTINGS)


def places(*names: str, problem: str = "") -> Callable[..., Sequence[Publication]]:
    """Return what hands a review out to places that take it, or have a problem."""

    def hand_out(review: Review, person: Person, *_: object) -> Sequence[Publication]:
        where = "" if problem else "there"
        return [Publication(name, review.latest.number, person.now, where, problem) for name in names]

    return hand_out


def approved(store: SqliteStore, review: Review) -> Review:
    review = reviews.submit(store, review.id, ANN, seen=review.version)
    return reviews.approve(store, review.id, BOB, SETTINGS, seen=review.version)


def published(store: SqliteStore, review: Review) -> Review:
    review = approved(store, review)
    return reviews.publish(store, review.id, BOB, SETTINGS, seen=review.version, hand_out=places("wiki"))


def test_beginning(store: SqliteStore, begun: Review) -> None:
    group = GROUPS[0]
    assert (begun.group, begun.kind, begun.title, begun.state) == (group.id, "runbook", group.title, DRAFT)
    assert (begun.author, begun.version, len(begun.revisions)) == ("ann", 1, 1)
    assert begun.latest.markdown.startswith("# ")
    assert begun.latest.sources
    assert (begun.basis.exemplar, begun.basis.count) == (group.medoid.uid, group.count)
    assert store.reviews() == [begun]
    detail: dict[str, Value] = {
        "by": "ann",
        "version": 1,
        "revision": 1,
        "kind": "runbook",
        "template": begun.template,
    }
    assert log_of(store, begun) == [AuditEntry(_NOON, "cli", "draft", begun.id, (GROUP,), detail, 1)]


def test_the_one_that_lives_is_returned(store: SqliteStore, begun: Review) -> None:
    assert reviews.begin(store, GROUP[:6], "runbook", BOB, SETTINGS, "no such template") == begun
    other = reviews.begin(store, GROUP, "postmortem", BOB, SETTINGS)
    assert other.id != begun.id
    assert other.kind == "postmortem"
    assert reviews.begin(store, GROUPS[1].id, "runbook", BOB, SETTINGS).group == GROUPS[1].id
    assert len(store.reviews()) == len(store.audit_log()) == 3


@pytest.mark.parametrize(
    ("group", "kind", "template", "error", "told"),
    [
        (GROUP, "poem", "", InputError, "expected runbook or postmortem"),
        ("g-none", "runbook", "", NotFoundError, "no group"),
        (GROUP, "runbook", "none", TemplateError, "none"),
    ],
)
def test_what_cannot_begin(
    store: SqliteStore, group: str, kind: str, template: str, error: type[StormcellError], told: str
) -> None:
    with pytest.raises(error, match=told):
        reviews.begin(store, group, kind, ANN, SETTINGS, template)
    assert (store.reviews(), store.audit_log()) == ([], [])


def test_editing(store: SqliteStore, begun: Review) -> None:
    after = reviews.edit(store, begun.id[:4], "# Mine\r\n", BOB, seen=1, note="shorter")
    assert (after.latest.markdown, after.latest.author, after.latest.note) == ("# Mine\n", "bob", "shorter")
    assert after == store.review(begun.id)
    assert reviews.changes(after, 1, 2).endswith("+# Mine\n")
    # The same again is nothing, whatever was seen.
    assert reviews.edit(store, begun.id, "# Mine\n", ANN, seen=1) == after
    assert len(log_of(store, after)) == 2


@pytest.mark.parametrize(
    ("text", "note", "told"),
    [
        ("", "", "the text is empty"),
        (" \n\t", "", "the text is empty"),
        ("é" * (MAX_TEXT // 2 + 1), "", "the text is of 1,048,578 bytes, and at most 1,048,576"),
        ("x", "y" * (MAX_COMMENT + 1), "the note is of 65,537 bytes"),
    ],
)
def test_texts_that_are_not_taken(store: SqliteStore, begun: Review, text: str, note: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        reviews.edit(store, begun.id, text, ANN, seen=1, note=note)
    assert store.reviews() == [begun]


def test_the_largest_text_is_taken(store: SqliteStore, begun: Review) -> None:
    assert len(reviews.edit(store, begun.id, "x" * MAX_TEXT, ANN, seen=1).latest.markdown) == MAX_TEXT


def test_what_is_kept_of_one_draft_has_a_bound(
    store: SqliteStore, begun: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviewing, "MAX_KEPT", len(begun.latest.markdown) + 10)
    with pytest.raises(ConflictError, match=r"at most .* are kept; publish it"):
        reviews.edit(store, begun.id, "x" * 11, ANN, seen=1)
    with pytest.raises(ConflictError, match="at most"):
        reviews.comment(store, begun.id, ANN, "y" * 11)
    assert store.reviews() == [begun]
    assert reviews.edit(store, begun.id, "x" * 10, ANN, seen=1).version == 2


def test_who_saw_another_version_is_told_who_changed_it_and_when(store: SqliteStore, begun: Review) -> None:
    reviews.edit(store, begun.id, "# Mine", BOB, seen=1)
    told = rf"draft {begun.id} was changed since you saw it \(edit by bob, 2023-11-14T22:13:21.000Z\)"
    acts: list[Callable[[], Review]] = [
        lambda: reviews.edit(store, begun.id, "# Yours", ANN, seen=1),
        lambda: reviews.redraft(store, begun.id, ANN, SETTINGS, seen=1),
        lambda: reviews.submit(store, begun.id, ANN, seen=1),
        lambda: reviews.send_back(store, begun.id, ANN, seen=1, text="x"),
        lambda: reviews.withdraw(store, begun.id, ANN, seen=1, text="x"),
        lambda: reviews.approve(store, begun.id, ANN, SETTINGS, seen=1),
        lambda: reviews.publish(store, begun.id, ANN, SETTINGS, seen=1, hand_out=places("wiki")),
    ]
    for act in acts:
        with pytest.raises(ConflictError, match=told):
            act()
    with pytest.raises(ConflictError, match="was never of version 7"):
        reviews.submit(store, begun.id, ANN, seen=7)
    assert len(log_of(store, begun)) == 2


def test_what_is_sent_again_is_done_once(store: SqliteStore, begun: Review) -> None:
    def twice(act: Callable[[int], Review], seen: int) -> Review:
        first = act(seen)
        count = len(store.audit_log())
        assert act(seen) == first
        assert len(store.audit_log()) == count
        return first

    id = begun.id
    one = twice(lambda seen: reviews.edit(store, id, "# Mine", ANN, seen=seen), 1)
    one = twice(lambda _: reviews.comment(store, id, BOB, "hm"), one.version)
    one = twice(lambda seen: reviews.redraft(store, id, ANN, SETTINGS, seen=seen), one.version)
    one = twice(lambda seen: reviews.submit(store, id, ANN, seen=seen), one.version)
    one = twice(lambda seen: reviews.send_back(store, id, BOB, seen=seen, text="no"), one.version)
    one = reviews.submit(store, id, ANN, seen=one.version)
    one = twice(lambda seen: reviews.approve(store, id, BOB, SETTINGS, seen=seen), one.version)
    hand_out = places("wiki")
    one = twice(lambda seen: reviews.publish(store, id, BOB, SETTINGS, seen=seen, hand_out=hand_out), one.version)
    assert len(one.publications) == 1
    # Somebody else who saw the same is told.
    with pytest.raises(ConflictError, match="publish by bob"):
        reviews.publish(store, id, ANN, SETTINGS, seen=one.version - 1, hand_out=hand_out)


def test_what_is_withdrawn_makes_room_for_another(store: SqliteStore, begun: Review) -> None:
    approved = reviews.submit(store, begun.id, ANN, seen=1)
    approved = reviews.approve(store, begun.id, BOB, SETTINGS, seen=approved.version)
    for _ in range(2):  # sent again, it is done once
        gone = reviews.withdraw(store, begun.id, BOB, seen=approved.version, text="The wrong group.")
    assert (gone.state, gone.comments[-1].text) == (WITHDRAWN, "The wrong group.")
    assert [entry.action for entry in log_of(store, begun)][-1] == "withdraw"
    assert reviews.stale(store, gone, SETTINGS) == ""
    with pytest.raises(ConflictError, match="it is withdrawn, and would have to be"):
        reviews.publish(store, begun.id, BOB, SETTINGS, seen=gone.version, hand_out=places("wiki"))
    again = reviews.begin(store, begun.group, begun.kind, ANN, SETTINGS)
    assert (again.id != begun.id, again.state) == (True, DRAFT)


def test_drafting_anew(store: SqliteStore, begun: Review) -> None:
    edited = reviews.edit(store, begun.id, "# Mine", BOB, seen=1)
    anew = reviews.redraft(store, begun.id, ANN, SETTINGS, seen=edited.version)
    assert anew.latest.markdown == begun.latest.markdown
    assert (anew.latest.number, anew.latest.sources) == (3, begun.latest.sources)
    other = reviews.redraft(store, begun.id, ANN, SETTINGS, seen=3, template="default")
    assert other.template == "default"


def test_an_edit_drops_the_approval(store: SqliteStore, begun: Review) -> None:
    review = approved(store, begun)
    assert (review.state, review.reviewer) == (APPROVED, "bob")
    assert reviews.edit(store, review.id, "# Mine", ANN, seen=review.version).state is DRAFT


def test_nothing_is_published_that_is_not_approved(store: SqliteStore, begun: Review) -> None:
    def refuse(*_: object) -> Sequence[Publication]:
        raise AssertionError

    for version in (1, 2):
        with pytest.raises(ConflictError, match="would have to be approved or published"):
            reviews.publish(store, begun.id, ANN, SETTINGS, seen=version, hand_out=refuse)
        if version == 1:
            reviews.submit(store, begun.id, ANN, seen=1)


def test_publishing_to_all_but_one(store: SqliteStore, begun: Review) -> None:
    review = approved(store, begun)
    failed = places("wiki", problem="it is down")
    after = reviews.publish(store, review.id, BOB, SETTINGS, seen=review.version, hand_out=failed)
    assert (after.state, [one.problem for one in after.publications]) == (APPROVED, ["it is down"])
    after = reviews.publish(store, review.id, BOB, SETTINGS, seen=after.version, hand_out=places("wiki"))
    assert (after.state, len(after.publications)) == (PUBLISHED, 2)
    told = [(entry.detail["taken"], entry.detail["refused"]) for entry in log_of(store, after)[-2:]]
    assert told == [([], ["wiki"]), (["wiki"], [])]


def test_the_audit_log_says_that_nothing_was_masked(store: SqliteStore, begun: Review) -> None:
    review, hand_out = approved(store, begun), places("wiki")
    for unmasked in (True, False):
        after = reviews.publish(
            store, review.id, BOB, SETTINGS, seen=review.version, unmasked=unmasked, stale=True, hand_out=hand_out
        )
        detail = log_of(store, after)[-1].detail
        assert ("unmasked" in detail, "stale" in detail) == (unmasked, False)
        review = after


def test_a_name_has_an_end(store: SqliteStore, begun: Review) -> None:
    with pytest.raises(InputError, match="name of the reviewer is of 2,000 bytes"):
        reviews.submit(store, begun.id, ANN, seen=1, reviewer="b" * 2000)


def test_without_places_the_settings_are_to_be_mended(store: SqliteStore, begun: Review) -> None:
    review = approved(store, begun)
    with pytest.raises(SettingsError, match=r"drafts\.publish"):
        reviews.publish(store, review.id, BOB, SETTINGS, seen=review.version)
    assert store.review(review.id) == review


def test_what_is_changed_while_it_is_handed_out(store: SqliteStore, begun: Review) -> None:
    review = approved(store, begun)

    def meanwhile(given: Review, person: Person, *_: object) -> Sequence[Publication]:
        with SqliteStore(store.path, create=False) as other:
            reviews.edit(other, given.id, "# Other", ANN, seen=given.version)
        return places("wiki")(given, person)

    with pytest.raises(ConflictError, match=r"revision 1 .* was handed out, and meanwhile .* a draft now"):
        reviews.publish(store, review.id, BOB, SETTINGS, seen=review.version, hand_out=meanwhile)
    now = store.review(review.id)
    assert now is not None
    assert (now.state, [one.revision for one in now.publications]) == (DRAFT, [1])


def test_a_comment_meanwhile_holds_up_nothing(store: SqliteStore, begun: Review) -> None:
    review = approved(store, begun)

    def meanwhile(given: Review, person: Person, *_: object) -> Sequence[Publication]:
        with SqliteStore(store.path, create=False) as other:
            reviews.comment(other, given.id, ANN, "at last")
        return places("wiki")(given, person)

    after = reviews.publish(store, review.id, BOB, SETTINGS, seen=review.version, hand_out=meanwhile)
    assert (after.state, len(after.comments)) == (PUBLISHED, 1)


def test_the_edit_of_a_published_text_begins_another_review(store: SqliteStore, begun: Review) -> None:
    first = published(store, begun)
    second = reviews.edit(store, first.id, "# Better", ANN, seen=first.version)
    assert (second.state, second.version) == (DRAFT, 1)
    assert [one.markdown for one in second.revisions] == [first.latest.markdown, "# Better"]
    assert store.review(first.id) == first
    assert store.review(f"{GROUP}/runbook") == second
    with pytest.raises(ConflictError, match=f"{second.id} is to follow it"):
        reviews.edit(store, first.id, "# Best", ANN, seen=first.version)
    with pytest.raises(ConflictError, match="it is published"):
        reviews.redraft(store, first.id, ANN, SETTINGS, seen=first.version)
    published(store, second)
    old, new = store.review(first.id), store.review(second.id)
    assert old is not None
    assert new is not None
    assert (old.state, new.state) == (SUPERSEDED, PUBLISHED)
    assert log_of(store, old)[-1].action == "supersede"
    assert reviews.stale(store, old, SETTINGS) == ""
    third = reviews.begin(store, GROUP, "runbook", ANN, SETTINGS)
    assert third.id not in (first.id, second.id)


def test_of_another_kind_or_group_nothing_is_superseded(store: SqliteStore, begun: Review) -> None:
    others = [
        published(store, reviews.begin(store, GROUP, "postmortem", ANN, SETTINGS)),
        published(store, reviews.begin(store, GROUPS[1].id, "runbook", ANN, SETTINGS)),
    ]
    published(store, begun)
    assert [store.review(other.id) for other in others] == others


def test_four_eyes(store: SqliteStore, begun: Review) -> None:
    review = reviews.submit(store, begun.id, ANN, seen=1)
    with pytest.raises(ConflictError, match="ann wrote revision 1"):
        reviews.approve(store, review.id, ANN, FOUR_EYES, seen=review.version)
    with pytest.raises(ConflictError, match="--by"):
        reviews.approve(store, review.id, who(""), FOUR_EYES, seen=review.version)
    assert reviews.approve(store, review.id, BOB, FOUR_EYES, seen=review.version).state is APPROVED


def test_stale_once_the_group_is_another(store: SqliteStore, begun: Review) -> None:
    assert reviews.stale(store, begun, SETTINGS) == ""
    review = approved(store, begun)
    group = replace(GROUPS[0], medoid=GROUPS[1].medoid)
    store.save(replace(grouping(), groups=(group, *GROUPS[1:])), [])
    assert "another event speaks for its group" in reviews.stale(store, review, SETTINGS)
    with pytest.raises(ConflictError, match=r"is stale: another event .*\(--stale\)"):
        reviews.publish(store, review.id, BOB, SETTINGS, seen=review.version, hand_out=places("wiki"))
    after = reviews.publish(
        store, review.id, BOB, SETTINGS, seen=review.version, stale=True, hand_out=places("wiki")
    )
    assert after.state is PUBLISHED
    assert "another event speaks" in str(log_of(store, after)[-1].detail["stale"])
    # Who approves it as the group is now finds that it holds.
    anew = approved(store, reviews.edit(store, after.id, "# Looked at", ANN, seen=after.version))
    assert reviews.stale(store, anew, SETTINGS) == ""


def test_of_a_group_that_was_merged_it_is_told_into_which(store: SqliteStore, begun: Review) -> None:
    store.audit(AuditEntry(1, "sidecar", "resolve", GROUP, (GROUP, "g-x"), {"why": "merged", "into": "g-x"}))
    rest = grouping()
    atoms = tuple(replace(atom, group=GROUPS[1].id) if atom.group == GROUP else atom for atom in rest.memberships)
    members = tuple(sorted((*GROUPS[0].members, *GROUPS[1].members)))
    merged = replace(GROUPS[1], members=members, count=len(members))
    store.save(replace(rest, groups=(merged, *GROUPS[2:]), memberships=atoms), [])
    assert store.group(GROUP) is None
    assert reviews.stale(store, begun, SETTINGS) == "its group was merged into g-x"
    with pytest.raises(NotFoundError, match="no group"):
        reviews.redraft(store, begun.id, ANN, SETTINGS, seen=1)
    # What people wrote of it can still be finished.
    assert approved(store, begun).state is APPROVED
    store.audit(AuditEntry(2, "cli", "merge", "g-y", (GROUP, "g-y"), {"gone": [GROUP]}))
    assert reviews.stale(store, begun, SETTINGS) == "its group was merged into g-y"


def test_a_draft_that_is_not_there(store: SqliteStore) -> None:
    with pytest.raises(NotFoundError, match=r"no draft 'd-1' in the store; `stormcell drafts list`"):
        reviews.comment(store, "d-1", ANN, "hm")

"""Whatever people do to drafts in whatever order, what is promised of them holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, invariant, multiple, rule

from stormcell.config import DraftsSettings, Settings
from stormcell.errors import ConflictError
from stormcell.operate import reviews
from stormcell.operate.people import Person
from stormcell.review.states import LIVING, MOVES, Move
from stormcell.store import SqliteStore
from stormcell.types import Publication, Review, ReviewState
from tests.unit.render.samples import grouping

FOUR_EYES = Settings(drafts=DraftsSettings(four_eyes=True))
GROUPS = [group.id for group in grouping().groups[:2]]

# As often as not it is the first, so that much comes about.
people = st.just("ann") | st.sampled_from(["ann", "bob", ""])
behind = st.just(0) | st.sampled_from([0, 0, 0, 1])
"""By how many versions what somebody saw is old."""


class Life(RuleBasedStateMachine):
    """Drafts of two groups, and three people, of whom one does not say who they are."""

    drafts: Bundle[str] = Bundle("drafts")

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self._store = SqliteStore(Path(self._folder.name, "s.db"), create=True)
        self._store.save(grouping(), [])
        self._time = 0
        self._before: dict[str, Review] = {}
        self._approved: set[tuple[str, int]] = set()

    def teardown(self) -> None:
        self._store.close()
        self._folder.cleanup()

    def _person(self, name: str) -> Person:
        self._time += 1
        return Person("cli", name, self._time)

    def _now(self, id: str) -> Review:
        found = self._store.review(id)
        assert found is not None
        return found

    def _do(self, move: Move, id: str, act: Callable[[int], Review], behind: int) -> Review | None:
        """Do something to a draft, and make sure that it is done or refused as its state and version say."""
        before = self._now(id)
        entries = len(self._store.audit_log())
        try:
            after = act(before.version - behind)
        except ConflictError:
            assert self._now(id) == before
            assert len(self._store.audit_log()) == entries
            return None
        if (after.id, after.version) == (before.id, before.version):  # it was so already
            assert after == before
            assert len(self._store.audit_log()) == entries
            return after
        assert not behind or move is Move.COMMENT
        assert before.state in MOVES[move]
        assert after.version == (before.version + 1 if after.id == id else 1)
        assert after == self._now(after.id)
        return after

    @rule(target=drafts, group=st.sampled_from(GROUPS), kind=st.sampled_from(["runbook", "postmortem"]), by=people)
    def begin(self, group: str, kind: str, by: str) -> str:
        living = [one for one in self._store.reviews(group) if one.kind == kind and one.state in LIVING]
        begun = reviews.begin(self._store, group, kind, self._person(by), FOUR_EYES)
        assert living in ([], [begun])
        return begun.id

    @rule(target=drafts, id=drafts, text=st.sampled_from(["# A", "# B"]), by=people, behind=behind)
    def edit(self, id: str, text: str, by: str, behind: int) -> str | MultipleResults[str]:
        after = self._do(
            Move.EDIT, id, lambda seen: reviews.edit(self._store, id, text, self._person(by), seen=seen), behind
        )
        return multiple() if after is None or after.id == id else after.id

    @rule(id=drafts, by=people, behind=behind)
    def redraft(self, id: str, by: str, behind: int) -> None:
        def act(seen: int) -> Review:
            return reviews.redraft(self._store, id, self._person(by), FOUR_EYES, seen=seen)

        self._do(Move.REDRAFT, id, act, behind)

    @rule(id=drafts, by=people, behind=behind)
    def submit(self, id: str, by: str, behind: int) -> None:
        self._submit(id, by, behind)

    def _submit(self, id: str, by: str, behind: int = 0) -> None:
        self._do(
            Move.SUBMIT, id, lambda seen: reviews.submit(self._store, id, self._person(by), seen=seen), behind
        )

    @rule(id=drafts, by=people, behind=behind)
    def send_back(self, id: str, by: str, behind: int) -> None:
        def act(seen: int) -> Review:
            return reviews.send_back(self._store, id, self._person(by), seen=seen, text="no")

        self._do(Move.SEND_BACK, id, act, behind)

    @rule(id=drafts, by=people, behind=behind)
    def withdraw(self, id: str, by: str, behind: int) -> None:
        def act(seen: int) -> Review:
            return reviews.withdraw(self._store, id, self._person(by), seen=seen, text="no")

        self._do(Move.WITHDRAW, id, act, behind)

    @rule(id=drafts, by=people, text=st.sampled_from(["x", "y"]))
    def comment(self, id: str, by: str, text: str) -> None:
        self._do(Move.COMMENT, id, lambda _: reviews.comment(self._store, id, self._person(by), text), 0)

    @rule(id=drafts, by=people, behind=behind)
    def approve(self, id: str, by: str, behind: int) -> None:
        self._approve(id, by, behind)

    def _approve(self, id: str, by: str, behind: int = 0) -> None:
        def act(seen: int) -> Review:
            return reviews.approve(self._store, id, self._person(by), FOUR_EYES, seen=seen)

        after = self._do(Move.APPROVE, id, act, behind)
        if after is not None and after.state is ReviewState.APPROVED:
            wrote = after.latest.author
            assert by
            assert wrote not in ("", after.reviewer)
            self._approved.add((id, after.latest.number))

    @rule(id=drafts, by=people, behind=behind, taken=st.booleans())
    def publish(self, id: str, by: str, behind: int, taken: bool) -> None:
        self._publish(id, by, behind, taken=taken)

    def _publish(self, id: str, by: str, behind: int = 0, *, taken: bool = True) -> None:
        def hand_out(review: Review, person: Person, *_: object) -> Sequence[Publication]:
            assert (review.id, review.latest.number) in self._approved
            problem = "" if taken else "it is down"
            return [Publication("wiki", review.latest.number, person.now, "there" if taken else "", problem)]

        def act(seen: int) -> Review:
            return reviews.publish(self._store, id, self._person(by), FOUR_EYES, seen=seen, hand_out=hand_out)

        self._do(Move.PUBLISH, id, act, behind)

    @rule(id=drafts, far=st.integers(1, 3))
    def hasten(self, id: str, far: int) -> None:
        """Take a draft as far as people would who know what they do: by chance alone few get there."""
        for act in (self._submit, self._approve, self._publish)[:far]:
            act(id, "bob" if self._now(id).latest.author == "ann" else "ann")

    @invariant()
    def what_was_said_and_done_stays(self) -> None:
        now = {one.id: one for one in self._store.reviews()}
        for id, before in self._before.items():
            after = now[id]
            for name in ("revisions", "comments", "publications"):
                known = getattr(before, name)
                assert getattr(after, name)[: len(known)] == known
            assert after.version >= before.version
        self._before = now

    @invariant()
    def every_change_is_in_the_log(self) -> None:
        entries = Counter(entry.target for entry in self._store.audit_log())
        assert entries == {one.id: one.version for one in self._store.reviews()}

    @invariant()
    def one_of_a_kind_lives_and_one_is_published(self) -> None:
        found = self._store.reviews()
        for states in (LIVING, (ReviewState.PUBLISHED,)):
            of_a_kind = Counter((one.group, one.kind) for one in found if one.state in states)
            assert max(of_a_kind.values(), default=0) <= 1

    @invariant()
    def what_is_approved_or_published_was_approved(self) -> None:
        for one in self._store.reviews():
            if one.state in (ReviewState.APPROVED, ReviewState.PUBLISHED, ReviewState.SUPERSEDED):
                assert (one.id, one.latest.number) in self._approved


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=12, stateful_step_count=40, deadline=None)

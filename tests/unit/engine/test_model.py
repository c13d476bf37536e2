"""What the watch over the model sees, decides and remembers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stormcell.codebook import drift
from stormcell.codebook.assigning import Assigning
from stormcell.codebook.summary import summarise
from stormcell.codebook.training import Trainer
from stormcell.config import Settings
from stormcell.engine.model_sample import Sample
from stormcell.engine.replay import replay
from stormcell.errors import ConflictError, OutputError
from stormcell.store import SqliteStore
from stormcell.types import Codebook, CodebookState, ModelNote, NoteKind, record_of
from tests.unit.engine.modelled import KINDS, MINUTE, OTHERS, World, at, book, telemetry, watched_settings
from tests.unit.features.build import rows_of


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, watched_settings())
    yield made
    made.store.close()


def made_world(folder: Path, rollout: dict[str, Any] | None = None, **drift: Any) -> World:
    return World(folder, watched_settings(rollout, **drift))


def test_windows_are_those_of_all_rows_at_once_however_they_are_settled(world: World) -> None:
    codebook = book(world.settings)
    world.promote(codebook)
    for start, end in ((0, 20), (20, 70), (70, 75), (75, 200)):
        world.show(telemetry(start, end), end)
    assigning = Assigning(codebook, world.settings)
    expected = [
        summarise(assigning, rows_of(telemetry(start, start + MINUTE)), at(start), at(start + MINUTE))
        for start in (120, 60, 0)
    ]
    found = world.store.windows(codebook.version)
    assert [(one.start, one.end, one.events, one.new) for one in found] == [
        (one.start, one.end, one.events, one.new) for one in expected
    ]
    for one, other in zip(found, expected, strict=True):
        assert one.codewords == other.codewords
        assert {name: dict(held.counts) for name, held in one.fields.items()} == {
            name: dict(held.counts) for name, held in other.fields.items()
        }
        assert one.distance == pytest.approx(other.distance)


def test_a_restart_at_any_portion_changes_nothing(tmp_path: Path) -> None:
    whole, cut = (made_world(tmp_path / name, {"promote": "auto"}) for name in ("whole", "cut"))
    for one in (whole, cut):
        codebook = book(one.settings)
        one.promote(codebook)
        one.canary(book(one.settings, KINDS + OTHERS, codebook))
        for end in range(15, 400, 15):
            one.show(telemetry(end - 15, end), end)
            if one is cut:
                one.restart()
    assert whole.states() == cut.states()
    assert whole.told() == cut.told()
    assert whole.watch.watched == cut.watch.watched
    for version in whole.states():
        assert whole.store.windows(version) == cut.store.windows(version)


def test_what_could_not_be_stored_is_seen_again(world: World) -> None:
    version = world.promote(book(world.settings))
    rows = rows_of(telemetry(0, 70))
    world.watch.look(world.store, rows, at(70), world.time)  # its tick failed
    world.settle(rows, 70)
    assert [one.events for one in world.store.windows(version)] == [60]
    assert world.watch.stats.known == 70


def test_a_promotion_by_another_process_is_followed(world: World) -> None:
    first = world.promote(book(world.settings))
    world.show(telemetry(0, 90), 90)
    second = world.promote(book(world.settings, KINDS + OTHERS))
    world.show(telemetry(90, 180), 180)
    [cut, _] = world.store.windows(first)
    assert (cut.start, cut.end, cut.events) == (at(60), at(90), 30)
    assert [(one.start, one.events) for one in world.store.windows(second)] == [(at(120), 60), (at(60), 30)]


def test_without_a_live_codebook_only_the_sample_grows(world: World) -> None:
    world.minutes(0, 2)
    assert world.watch.stats.known == world.watch.stats.new == 0
    assert world.watch.watched.window is None
    stored = world.store.model_state("sample")
    assert stored is not None
    assert stored["older"]["trainer"]["events"] > 0


def test_a_damaged_codebook_is_not_used_until_it_is_mended(world: World, caplog: pytest.LogCaptureFixture) -> None:
    version = world.promote(book(world.settings))
    file = world.store.codebook_file(version)
    document = file.read_bytes()
    file.write_bytes(document[:-40])
    with caplog.at_level(logging.ERROR, "stormcell"):
        world.minutes(0, 2)
    assert sum("is not used, and grouping goes on without it" in record.message for record in caplog.records) == 1
    assert "is damaged" in world.watch.problems[version]
    assert world.store.windows(version) == []
    file.write_bytes(document)
    world.minutes(2, 4)
    assert world.watch.problems == {}
    assert len(world.store.windows(version)) == 2


def test_a_canary_that_keeps_to_the_rules_waits_for_somebody(world: World) -> None:
    codebook = book(world.settings)
    live = world.promote(codebook)
    beside = world.canary(book(world.settings, KINDS + OTHERS, codebook))
    world.minutes(0, 5)
    assert world.states() == {live: "live", beside: "canary"}
    notes = world.store.notes(NoteKind.CANARY_ENDED)
    assert [note.detail["verdict"] for note in notes] == ["ready"]
    canary = world.watch.watched.canary
    assert canary is not None
    assert (canary.action, canary.comparison.agreement, canary.comparison.windows) == ("promote", 1.0, 5)


def test_a_canary_that_keeps_to_the_rules_is_promoted_where_that_is_asked_for(tmp_path: Path) -> None:
    world = made_world(tmp_path, {"promote": "auto"})
    codebook = book(world.settings)
    live = world.promote(codebook)
    beside = world.canary(book(world.settings, KINDS + OTHERS, codebook))
    world.minutes(0, 6)
    assert world.states() == {live: "retired", beside: "live"}
    [note] = world.store.notes(NoteKind.PROMOTED, version=beside)
    assert (note.detail["by"], note.detail["from"]) == ("sidecar", live)
    [entry] = world.store.newest_entries(action="promote", limit=10)
    assert (entry.who, entry.target, entry.detail["from"]) == ("sidecar", beside, live)
    # It was on probation for two windows, and stays.
    assert world.watch.watched.probation is None


def test_a_canary_that_breaks_a_rule_is_rejected(world: World) -> None:
    live = world.promote(book(world.settings))
    beside = world.canary(book(world.settings, OTHERS))
    world.minutes(0, 2)
    assert world.states() == {live: "live", beside: "rejected"}
    [note] = world.store.notes(NoteKind.CANARY_ENDED)
    assert note.detail["verdict"] == "rejected"
    assert any("are new to it" in str(reason) for reason in note.detail["reasons"])  # type: ignore[union-attr]
    [entry] = world.store.newest_entries(action="reject", limit=10)
    assert (entry.who, entry.target) == ("sidecar", beside)
    assert world.store.model_state("canary") == {}


def test_what_was_promoted_and_does_worse_is_rolled_back(world: World) -> None:
    good = world.promote(book(world.settings))
    world.minutes(0, 3)
    bad = world.promote(book(world.settings, OTHERS))
    world.minutes(3, 5)
    assert world.states() == {good: "live", bad: "rejected"}
    [note] = world.store.notes(NoteKind.ROLLED_BACK)
    assert (note.version, note.detail["by"], note.detail["from"]) == (good, "sidecar", bad)
    assert "are new since" in str(note.detail["why"])
    [entry] = world.store.newest_entries(action="roll-back", limit=10)
    assert (entry.who, entry.target) == ("sidecar", good)
    world.minutes(5, 8)
    assert world.states()[good] == "live"


def test_what_was_promoted_and_is_too_slow_is_rolled_back(world: World) -> None:
    codebook = book(world.settings)
    old = world.promote(codebook)
    world.minutes(0, 2)
    new = world.promote(book(world.settings, KINDS + OTHERS[:1], codebook))
    world.slow = 64 * 0.06
    world.minutes(2, 3)
    assert world.states() == {old: "live", new: "rejected"}
    [note] = world.store.notes(NoteKind.ROLLED_BACK)
    assert "takes longer than" in str(note.detail["why"])


def test_nothing_is_rolled_back_to_what_is_damaged(world: World) -> None:
    good = world.promote(book(world.settings))
    world.minutes(0, 3)
    bad = world.promote(book(world.settings, OTHERS))
    world.store.codebook_file(good).unlink()
    world.restart()
    world.minutes(3, 6)
    assert world.states() == {good: "retired", bad: "live"}
    assert "is missing" in world.watch.problems[good]
    assert world.watch.watched.probation is not None


def test_where_what_comes_has_changed_nothing_is_rolled_back(world: World) -> None:
    codebook = book(world.settings)
    old = world.promote(codebook)
    world.minutes(0, 3)
    new = world.promote(book(world.settings, KINDS + OTHERS[:1], codebook))
    world.minutes(3, 8, (("crm", "customer record was merged twice", 9), ("crm", "mailbox is full", 13)))
    assert world.states() == {old: "retired", new: "live"}


def test_drift_is_told_trained_for_and_over_with_the_next_codebook(tmp_path: Path) -> None:
    rollout = {"promote": "auto", "retrain_on_drift": True, "retrain_windows": 2}
    world = made_world(tmp_path, rollout, enter_windows=2)
    old = world.promote(book(world.settings))
    world.minutes(0, 3)
    assert world.told() == [("promoted", old)]
    changed = (*OTHERS, *KINDS[:1])
    world.minutes(3, 16, changed)
    [new] = [version for version in world.states() if version != old]
    assert world.states() == {old: "retired", new: "live"}
    kinds = [kind for kind, _ in world.told()]
    assert kinds[0] == "promoted"
    assert kinds.index("drift-began") < kinds.index("trained") < kinds.index("canary-started")
    assert kinds.index("canary-started") < kinds.index("canary-ended") < kinds.index("promoted", 1)
    assert kinds[-1] == "drift-ended"
    assert world.watch.watched.drift.active == ()
    [job] = world.store.notes(NoteKind.JOB)
    assert (job.version, job.detail["job"], job.detail["outcome"], job.detail["why"]) == (
        *(new, "retrain", "done", "drift"),
    )
    # Of the kinds that went it knows nothing, of the one that stayed it kept the id.
    assert world.store.windows(new, 1)[0].new == 0


def test_a_codebook_is_trained_by_the_calendar_unless_one_is_watched(tmp_path: Path) -> None:
    world = made_world(tmp_path, {"retrain_days": 4 * MINUTE / 86_400})
    live = world.promote(book(world.settings))
    world.minutes(0, 12)
    [job] = world.store.notes(NoteKind.JOB)
    assert (job.detail["why"], job.detail["outcome"]) == ("schedule", "done")
    assert world.states() == {live: "live", job.version: "canary"}
    note = ModelNote(world.time, NoteKind.CANARY_ENDED, job.version, {})
    world.store.set_codebook_state(job.version, CodebookState.CANDIDATE, note=note)
    world.minutes(12, 14)
    assert len(world.store.notes(NoteKind.JOB)) == 2


def test_a_codebook_is_trained_when_somebody_asks(world: World) -> None:
    world.minutes(0, 2)
    world.store.save_model_state("asked", {"number": 1})
    world.minutes(2, 4)
    world.restart()
    world.minutes(4, 6)
    [job] = world.store.notes(NoteKind.JOB)
    assert (job.detail["why"], job.detail["outcome"]) == ("asked", "done")
    # There is none with which it could be compared.
    assert list(world.states().values()) == ["candidate"]


def test_of_too_few_events_none_is_trained_until_there_are_more(tmp_path: Path) -> None:
    world = made_world(tmp_path, {}, min_events=200)
    world.store.save_model_state("asked", {"number": 1})
    world.minutes(0, 3)
    assert world.store.notes(NoteKind.JOB) == []
    world.minutes(3, 6)
    [job] = world.store.notes(NoteKind.JOB)
    assert (job.detail["why"], job.detail["outcome"]) == ("asked", "done")


def test_a_training_that_fails_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Any) -> None:
        raise MemoryError

    world.minutes(0, 2)
    monkeypatch.setattr("stormcell.codebook.training.Trainer.train", fail)
    world.store.save_model_state("asked", {"number": 1})
    world.minutes(2, 4)
    [job] = world.store.notes(NoteKind.JOB)
    assert job.detail["outcome"] == "failed"
    assert job.detail["problem"] == "unexpected MemoryError; the log tells more"
    assert world.states() == {}


def test_what_was_trained_and_cannot_be_stored_is_told_and_not_trained_again_and_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **more: Any) -> bool:
        raise OutputError("cannot write cb.json: Permission denied")

    begun: list[str] = []
    train = Trainer.train

    def counted(self: Trainer) -> Codebook:
        begun.append("")
        return train(self)

    version = world.promote(book(world.settings))
    world.minutes(0, 2)
    world.store.save_model_state("asked", {"number": 1})
    monkeypatch.setattr(SqliteStore, "add_codebook", fail)
    monkeypatch.setattr(Trainer, "train", counted)
    world.minutes(2, 8)
    assert len(begun) == 1
    [job] = world.store.notes(NoteKind.JOB)
    assert job.detail["outcome"] == "failed"
    assert job.detail["problem"] == "cannot write cb.json: Permission denied"
    assert world.watch.watched.asked == 1
    assert world.store.windows(version)[0].start == at(420)


def test_what_was_trained_is_stored_once_nobody_is_in_the_way(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def conflict(*args: Any, **more: Any) -> bool:
        raise ConflictError("another is a canary already")

    world.promote(book(world.settings))
    world.minutes(0, 2)
    world.store.save_model_state("asked", {"number": 1})
    with monkeypatch.context() as patch:
        patch.setattr(SqliteStore, "set_codebook_state", conflict)
        world.minutes(2, 4)
        assert len(world.states()) == 1
    world.minutes(4, 5)
    assert sorted(world.states().values()) == ["canary", "live"]
    assert [note.detail["outcome"] for note in world.store.notes(NoteKind.JOB)] == ["done"]


def test_whatever_goes_wrong_ticks_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any) -> None:
        raise ZeroDivisionError

    version = world.promote(book(world.settings))
    world.show(telemetry(0, 30), 30)
    before = world.watch.watched
    with monkeypatch.context() as patch:
        patch.setattr(drift, "scores", fail)
        world.show(telemetry(30, 90), 90)
        world.show(telemetry(90, 100), 100)
    assert world.watch.watched == before
    assert world.watch.stats.failures == 2
    assert sum("grouping goes on" in record.message for record in caplog.records) == 1
    assert world.watch.stats.problem == "unexpected ZeroDivisionError; the log tells more"
    world.minutes(2, 4)
    assert world.watch.stats.problem == ""
    assert world.store.windows(version)[0].start == at(180)


def test_where_somebody_was_faster_the_decision_is_dropped(tmp_path: Path) -> None:
    world = made_world(tmp_path, {"promote": "auto"})
    codebook = book(world.settings)
    world.promote(codebook)
    beside = world.canary(book(world.settings, KINDS + OTHERS, codebook))
    world.minutes(0, 1)
    rows = rows_of(telemetry(60, 120))
    look = world.watch.look(world.store, rows, at(120), world.time)
    third = world.promote(book(world.settings, KINDS + OTHERS[:1]))
    with world.store.changing():
        world.watch.write(world.store, look)
    world.watch.commit(look)
    assert world.states()[third] == "live"
    assert world.states()[beside] == "canary"
    assert "somebody else was faster" in world.watch.stats.problem
    world.minutes(2, 3)
    assert world.watch.watched.live == third


def test_people_who_stop_a_canary_are_heard(world: World) -> None:
    world.promote(book(world.settings))
    beside = world.canary(book(world.settings, KINDS + OTHERS))
    world.minutes(0, 1)
    assert world.watch.watched.canary is not None
    note = ModelNote(world.time, NoteKind.CANARY_ENDED, beside, {})
    world.store.set_codebook_state(beside, CodebookState.CANDIDATE, note=note)
    world.settle(None, 60)
    assert world.watch.watched.canary is None
    assert world.store.model_state("canary") == {}


def test_what_is_remembered_and_cannot_be_used_is_begun_anew(world: World) -> None:
    version = world.promote(book(world.settings))
    world.minutes(0, 2)
    world.store.save_model_state("watch", {"format": "of another time"})
    world.store.save_model_state("sample", {"format": "of another time"})
    world.restart()
    world.minutes(2, 4)
    assert len(world.store.windows(version)) == 4


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("sample", {"format": "stormcell.sample/1"}),
        ("sample", {"format": "stormcell.sample/1", "older": [], "younger": None}),
        ("sample", {"format": "stormcell.sample/1", "older": {"since": 0, "trainer": 7}, "younger": None}),
        ("watch", {"format": "stormcell.watch/1"}),
        ("drift", {"state": [1]}),
        ("canary", {"version": "cb-1"}),
    ],
)
def test_what_is_remembered_and_is_broken_keeps_nothing_from_starting(
    world: World, name: str, stored: dict[str, Any]
) -> None:
    version = world.promote(book(world.settings))
    world.minutes(0, 2)
    world.store.save_model_state(name, stored)
    world.restart()
    world.minutes(2, 4)
    assert world.store.windows(version)[0].start == at(180)


def test_a_canary_that_cannot_be_used_is_rejected_and_keeps_the_live_one_from_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = Assigning.__init__

    def fail(self: Assigning, codebook: Codebook, settings: Settings) -> None:
        if codebook.version == beside:
            raise OverflowError
        made(self, codebook, settings)

    version = world.promote(book(world.settings))
    beside = world.canary(book(world.settings, KINDS + OTHERS))
    monkeypatch.setattr(Assigning, "__init__", fail)
    world.minutes(0, 3)
    assert len(world.store.windows(version)) == 3
    assert world.states() == {version: "live", beside: "rejected"}
    [note] = world.store.notes(NoteKind.CANARY_ENDED)
    assert note.detail["reasons"] == ["unexpected OverflowError; the log tells more"]
    assert world.watch.problems == {}
    assert world.watch.stats.failures == 0
    assert sum("is not used" in record.message for record in caplog.records) == 1


def test_the_sample_reaches_back_half_of_its_days_at_least_and_all_of_them_at_most() -> None:
    settings = watched_settings({"sample_days": 10 * MINUTE / 86_400})
    sample = Sample(settings)
    for minute in range(40):
        sample.offer(rows_of(telemetry(minute * MINUTE, (minute + 1) * MINUTE)))
        if minute % 7 == 0:
            sample = Sample.restore(settings, sample.snapshot())
        assert min(minute + 1, 5) * MINUTE <= sample.events <= 10 * MINUTE
    sample.offer(rows_of(telemetry(1000 * MINUTE, 1001 * MINUTE)))
    assert sample.events == MINUTE


def test_no_sample_is_kept_where_none_is_wanted() -> None:
    sample = Sample(watched_settings({"sample_days": 0}))
    sample.offer(rows_of(telemetry(0, MINUTE)))
    assert sample.events == 0


def test_a_replay_sees_what_a_sidecar_sees(world: World) -> None:
    calm = KINDS[::2]
    version = world.promote(book(world.settings, calm))
    events = telemetry(0, 10 * MINUTE, calm)
    replay((record_of(event) for event in events[::-1]), world.store, world.settings)
    found = world.store.windows(version)
    assert [(one.start, one.events, one.new) for one in found] == [
        (at(minute * MINUTE), MINUTE, 0) for minute in range(8, -1, -1)
    ]


def test_of_a_storm_a_sample_is_looked_at_that_stands_for_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = world.promote(book(world.settings))
    monkeypatch.setattr("stormcell.engine.model_seeing.MOST", 100)
    world.show(telemetry(0, 10 * MINUTE), 10 * MINUTE)
    found = world.store.windows(version)
    assert sum(one.events for one in found) == pytest.approx(10 * MINUTE)
    assert 50 < len(world.watch.stats.seconds) < 150
    assert world.watch.stats.known == pytest.approx(10 * MINUTE)

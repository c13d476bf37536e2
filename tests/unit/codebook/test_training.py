from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from stormcell.codebook.assigning import Assigning
from stormcell.codebook.document import dump
from stormcell.codebook.training import Trainer, train
from stormcell.errors import InputError
from stormcell.types import Event
from tests.unit.codebook.made import KINDS, SETTINGS, settings, shop, trained
from tests.unit.features.build import log, rows_of, span


def test_every_kind_has_a_codeword_that_is_a_real_event() -> None:
    events = shop()
    codebook = trained(events)
    said = {(word.medoid.service, word.medoid.text) for word in codebook.codewords}
    assert said >= {(kind["service"], kind["text"]) for kind in KINDS}
    assert {word.medoid.uid for word in codebook.codewords} <= {event.uid for event in events}
    assert sum(word.weight for word in codebook.codewords) == pytest.approx(len(events))
    assert codebook.provenance.events == len(events)
    assert codebook.provenance.metrics["new"] == 0


def test_the_same_events_give_the_same_document() -> None:
    assert dump(trained()) == dump(trained())
    assert trained().version == trained().version
    assert trained().version != trained(seed=1).version


def test_a_rare_incident_keeps_its_own_medoid() -> None:
    kinds = [{"service": f"service-{at % 20}", "text": f"step {word} done"} for at, word in enumerate(WORDS)]
    events = [log(at * 1.1, uid=f"u{at}", **kinds[at % len(kinds)]) for at in range(10_000)]
    events.append(log(5000.5, uid="rare", service="ledger", severity=21, text="journal is corrupt, giving up"))
    codebook = trained(events, settings(sample=500))
    rare = [word for word in codebook.codewords if word.medoid.uid == "rare"]
    assert len(rare) == 1
    assert rare[0].weight == pytest.approx(1.0)


WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet") * 4


def test_nothing_of_the_training_is_new_where_there_is_room() -> None:
    events = shop(300)
    assigning = Assigning(trained(events), SETTINGS)
    assert not assigning.assign_rows(rows_of(events)).new.any()


def test_of_a_system_that_it_never_saw_everything_is_new() -> None:
    assigning = Assigning(trained(), SETTINGS)
    other = [
        log(0, service="kernel", severity=5, text="oom-killer invoked: order=0, gfp_mask=0xd0"),
        log(1, service="etcd", severity=13, text="raft: leader changed from a to b at term 9"),
    ]
    assert assigning.assign_rows(rows_of(other)).new.all()


def test_one_event_makes_one_codeword() -> None:
    codebook = trained([log(0, uid="only")])
    assert [word.medoid.uid for word in codebook.codewords] == ["only"]
    found = Assigning(codebook, SETTINGS).assign(log(5, text="hello"))
    assert (found.dissimilarity, found.runner_up, found.runner_up_dissimilarity) == (0.0, "", 1.0)


def test_equal_events_make_one_codeword() -> None:
    codebook = trained([log(at, uid=f"u{at}") for at in range(50)])
    assert [(word.medoid.uid, word.weight) for word in codebook.codewords] == [("u0", 50.0)]


def test_nothing_cannot_be_trained_on() -> None:
    with pytest.raises(InputError, match="there is no event to train a codebook on"):
        train(rows_of([]), SETTINGS)


def test_there_are_no_more_codewords_than_wanted_and_hardly_anything_is_new() -> None:
    wide, narrow = (trained(shop(300), settings(max_codewords=most)) for most in (3, 200))
    assert len(wide.codewords) == 3
    assert {word.radius for word in narrow.codewords} == {0.12}
    assert all(word.radius > 0.12 for word in wide.codewords)
    assert wide.provenance.metrics["new"] <= 0.01


def test_ids_are_kept_from_the_parent() -> None:
    first = trained(shop(200, 0))
    again = trained(shop(200, 1), parent=first)
    assert again.provenance.parent == first.version
    kept = {word.id for word in first.codewords} & {word.id for word in again.codewords}
    assert len(kept) >= 0.9 * len(first.codewords)
    former = {word.id: word.medoid for word in first.codewords}
    for word in again.codewords:
        if word.id in kept:
            assert word.medoid.service == former[word.id].service


def test_of_a_parent_that_knows_another_system_no_id_is_kept() -> None:
    other = trained([log(at, uid=f"u{at}", service="etcd", text="raft: leader changed") for at in range(9)])
    ids = {word.id for word in other.codewords}
    assert not ids & {word.id for word in trained(parent=other).codewords}


def test_a_lower_price_opens_more() -> None:
    few, many = (trained(shop(300), settings(price=price)) for price in (0.05, 0.0001))
    assert len(few.codewords) < len(many.codewords)
    assert few.provenance.metrics["loss"] > many.provenance.metrics["loss"]


@examples(max_examples=10)
@given(cut=st.integers(0, 6), seed=st.integers(0, 3))
def test_it_goes_on_from_a_snapshot_as_if_never_stopped(cut: int, seed: int) -> None:
    wanted = settings(sample=40)
    parts = [rows_of(shop(60, part)) for part in range(6)]
    whole = Trainer(wanted, seed=seed)
    for part in parts:
        whole.offer(part)
    stopped = Trainer(wanted, seed=seed)
    for part in parts[:cut]:
        stopped.offer(part)
    again = Trainer.restore(wanted, json.loads(json.dumps(stopped.snapshot(), allow_nan=False)))
    for part in parts[cut:]:
        again.offer(part)
    assert again.events == whole.events
    assert dump(again.train()) == dump(whole.train())


def test_a_snapshot_of_another_sample_is_refused() -> None:
    trainer = Trainer(settings(sample=40))
    with pytest.raises(InputError, match=r"codebook.sample at 40, which is now 4000"):
        Trainer.restore(SETTINGS, trainer.snapshot())
    with pytest.raises(InputError, match="expected a checkpoint"):
        Trainer.restore(SETTINGS, {"format": "other"})
    with pytest.raises(InputError, match="cannot be read"):
        Trainer.restore(SETTINGS, {"format": "stormcell.training/1"})


def test_the_sample_is_bounded_and_the_counts_are_those_of_the_stream() -> None:
    trainer = Trainer(settings(sample=50))
    events: list[Event] = []
    for part in range(5):
        some = shop(100, part)
        events += some
        trainer.offer(rows_of(some))
    assert len(trainer.snapshot()["kept"]) == 50
    codebook = trainer.train()
    assert codebook.provenance.sampled == 50
    assert codebook.provenance.events == len(events)
    assert codebook.reference.events == pytest.approx(len(events))


def test_slow_and_fast_spans_of_one_operation_are_one_kind() -> None:
    codebook = trained([span(at + 1, at=at, ms=10 + at % 7) for at in range(50)])
    assert len(codebook.codewords) == 1

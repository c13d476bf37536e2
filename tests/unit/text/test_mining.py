from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.text.mining import (
    FORMAT,
    LEAST_REST,
    LEAST_START,
    MOST_CHARACTERS,
    NAMES,
    TAILS,
    WORDS,
    TemplateMiner,
    closed,
)
from stormcell.text.skeleton import HOLE, OPEN, skeleton, spell
from stormcell.text.slots import slots

sys.path.append(str(Path(__file__).resolve().parents[3] / "benchmarks"))  # scripts beside each other, no package

from _log_lines import lines, systems
from _template_scores import template_scores

NODES = ["NameNode", "DataNode", "JobTracker", "TaskTracker"]
COLOURS = ["amber", "beige", "coral", "denim", "ebony", "flint"]
ENDINGS = ["no such thing", "access was denied", "it is a folder", "too many links"]


def learned(texts: Sequence[str], capacity: int = 1000) -> TemplateMiner:
    miner = TemplateMiner(capacity)
    for text in texts:
        miner.learn(text)
    return miner


def templates(texts: Sequence[str]) -> list[str]:
    """Return the template of each text after all of them are known."""
    miner = TemplateMiner()
    return [miner.template(found) for found in [miner.learn(text) for text in texts]]


def test_names_are_a_value_where_enough_stood_in_one_place() -> None:
    assert NAMES == 3
    few = [f"lost {name} now" for name in NODES[: NAMES - 1]]
    assert templates(few) == few
    enough = [f"lost {name} now" for name in NODES[:NAMES]]
    assert templates(enough) == ["lost <*> now"] * NAMES


def test_the_same_name_again_is_no_other_one() -> None:
    texts = [f"lost {name} now" for name in NODES[: NAMES - 1]]
    assert templates(texts * 3) == texts * 3


def test_each_place_of_a_name_is_judged_by_itself() -> None:
    texts = [f"{name} told NameNode" for name in NODES[:NAMES]]
    assert templates(texts) == ["<*> told NameNode"] * NAMES


def test_a_name_beside_a_value_is_a_value() -> None:
    assert templates(["lost NameNode now", "lost node5 now"]) == ["lost <*> now"] * 2


def test_words_are_a_value_where_enough_stood_in_one_place() -> None:
    assert WORDS == 5
    few = [f"volume {word} is full" for word in COLOURS[: WORDS - 1]]
    assert templates(few) == few
    enough = [f"volume {word} is full" for word in COLOURS[:WORDS]]
    assert templates(enough) == ["volume <*> is full"] * WORDS


def test_a_word_beside_a_value_is_a_value_whichever_came_first() -> None:
    texts = ["volume amber is full", "volume 5 is full"]
    assert templates(texts) == templates(texts[::-1]) == ["volume <*> is full"] * 2


def test_a_word_with_little_beside_it_stays() -> None:
    rest = ["is", "full"][: LEAST_REST - 1]
    texts = [" ".join([word, *rest]) for word in COLOURS]
    assert templates(texts) == texts


def test_opposites_stay_apart() -> None:
    texts = ["the link of eth0 is up now", "the link of eth1 is down now"] * 3
    assert templates(texts) == ["the link of <*> is up now", "the link of <*> is down now"] * 3


def test_what_follows_a_colon_is_a_value_where_enough_did() -> None:
    assert TAILS == 3
    few = [f"cannot open file: {ending}" for ending in ENDINGS[: TAILS - 1]]
    assert templates(few) == few
    enough = [f"cannot open file: {ending}" for ending in ENDINGS]
    assert templates(enough) == ["cannot open file: <*>"] * len(ENDINGS)
    assert templates([*enough, "cannot open file: 5"])[-1] == "cannot open file: <*>"


def test_what_follows_a_short_start_stays() -> None:
    start = " ".join(["cannot", "open", "file"][: LEAST_START - 1])
    texts = [f"{start}: {ending}" for ending in ENDINGS]
    assert templates(texts) == texts


def test_constants_stand_in_the_template_as_they_were_written() -> None:
    texts = [
        "Opened (5) files [fast]: 17 bytes, as NameNode said!",
        "don't retry user=17; state: ERROR",
        "検索 failed for señor 5",
        "UP 5",
    ]  # fmt: skip
    assert templates(texts) == [
        "Opened (<*>) files [fast]: <*> bytes, as NameNode said!",
        "don't retry user=<*>; state: ERROR",
        "検索 failed for señor <*>",
        "UP <*>",
    ]


@pytest.mark.parametrize("text", ["", "5", "{}", "\ud800", "💥", "a" * 100_000, "NameNode"])
def test_any_text_has_a_template(text: str) -> None:
    [template] = templates([text])
    assert 0 < len(template) <= MOST_CHARACTERS


def test_only_the_start_of_a_long_text_is_read() -> None:
    start = ("disk full " * MOST_CHARACTERS)[:MOST_CHARACTERS]
    miner = TemplateMiner()
    assert miner.learn(start + "5 x " * 1000) == miner.learn(start)


@given(st.integers(0, 10**40), st.integers(0, 10**40))
def test_numbers_of_any_length_are_one_skeleton(one: int, other: int) -> None:
    miner = TemplateMiner()
    assert miner.learn(f"took {one} of {other}") == miner.learn("took 1 of 2") == skeleton("took 1 of 2")


PARTS = st.sampled_from(
    [*COLOURS, *NODES, "5", "17", "a=5", "is", "full:", "lost", ":", "[1]", "(x)", "ERROR", "<ip>"]
)
TEXTS = st.lists(st.lists(PARTS, min_size=1, max_size=7).map(" ".join), max_size=40)


def everything(miner: TemplateMiner, texts: Sequence[str]) -> tuple[str, list[str], list[list[int]]]:
    """Return all that can be told of a miner: its snapshot, spelled, and what it says of texts."""
    found = [skeleton(text) for text in texts]
    return json.dumps(miner.snapshot()), [*map(miner.template, found)], [*map(miner.places, found)]


@given(TEXTS)
def test_the_same_texts_give_the_same_templates(texts: list[str]) -> None:
    assert everything(learned(texts), texts) == everything(learned(texts), texts)


@given(TEXTS)
def test_learning_texts_again_changes_nothing(texts: list[str]) -> None:
    assert everything(learned(texts + texts), texts) == everything(learned(texts), texts)


@given(TEXTS)
def test_learning_a_text_is_adding_its_skeleton(texts: list[str]) -> None:
    miner = TemplateMiner()
    for text in texts:
        miner.add(skeleton(text))
    assert everything(miner, texts) == everything(learned(texts), texts)


@given(TEXTS, st.data())
def test_asking_in_between_changes_nothing(texts: list[str], data: st.DataObject) -> None:
    miner = TemplateMiner()
    for text in texts:
        found = miner.learn(text)
        if data.draw(st.booleans()):
            miner.template(found)
            miner.places(found)
    assert everything(miner, texts) == everything(learned(texts), texts)


@given(TEXTS)
def test_texts_of_one_skeleton_that_differ_in_values_alone_have_one_template(texts: list[str]) -> None:
    miner = learned(texts)
    for text in texts:
        other = text.replace("5", "8").replace("17", "999")
        assert miner.template(miner.learn(other)) == miner.template(miner.learn(text))


@given(TEXTS)
def test_places_are_those_of_the_template(texts: list[str]) -> None:
    miner = learned(texts)
    for text in texts:
        found = skeleton(text)
        places = miner.places(found)
        holes = [token in (HOLE, OPEN) for token in found.tokens]
        assert len(places) == sum(hole and not before for before, hole in pairwise([False, *holes]))
        count = miner.template(found).count(HOLE)
        assert all(-1 <= place < count for place in places)
        inside = [place for place in places if place >= 0]
        assert inside == sorted(inside)


def test_places_follow_each_hole_into_the_template() -> None:
    miner = learned([f"volume {word} is full of NameNode at 5" for word in COLOURS])
    found = skeleton("volume amber is full of NameNode at 7")
    assert miner.template(found) == "volume <*> is full of NameNode at <*>"
    assert miner.places(found) == [-1, 1]
    texts = [f"cannot open file 5: {ending} 7" for ending in ENDINGS]
    miner = learned([*texts, "cannot open file 5: tried 7 of 9"])
    found = skeleton("cannot open file 5: tried 7 of 9")
    assert miner.template(found) == "cannot open file <*>: <*>"
    assert miner.places(found) == [0, 1, 1]


@given(TEXTS, TEXTS)
def test_a_restored_miner_is_the_same_and_goes_on_alike(before: list[str], after: list[str]) -> None:
    miner = learned(before)
    snapshot = miner.snapshot()
    restored = TemplateMiner.restore(json.loads(json.dumps(snapshot)))
    assert everything(restored, before + after) == everything(miner, before + after)
    for text in after:
        assert restored.learn(text) == miner.learn(text)
    assert everything(restored, before + after) == everything(miner, before + after)


def test_a_snapshot_stays_as_it_was_taken() -> None:
    miner = learned(["lost NameNode now"])
    snapshot = miner.snapshot()
    taken = json.dumps(snapshot)
    for text in ["lost DataNode now", *(f"volume {word} is full" for word in COLOURS)]:
        miner.learn(text)
    assert json.dumps(snapshot) == taken
    assert json.dumps(miner.snapshot()) != taken


@pytest.mark.parametrize("snapshot", [{}, {"format": "stormcell.templates/0"}, {"format": None, "skeletons": []}])
def test_another_snapshot_is_refused(snapshot: dict[str, object]) -> None:
    wanted = rf"expected a snapshot of the format {FORMAT}, found {snapshot.get('format')!r}"
    with pytest.raises(ValueError, match=wanted):
        TemplateMiner.restore(snapshot)


@pytest.mark.parametrize("capacity", [2, 3, 10])
def test_no_more_skeletons_than_asked_for_are_kept(capacity: int) -> None:
    miner = TemplateMiner(capacity)
    for number in range(60):
        miner.learn(f"statement {chr(97 + number % 26) * (1 + number // 26)} at 5")
        assert len(miner.snapshot()["skeletons"]) <= capacity
    # The last are those that are known.
    assert miner.snapshot()["skeletons"][-1] == [["statement", "hhh", "at", HOLE], []]


def test_what_was_seen_is_looked_up_in_bounded_memory() -> None:
    miner = TemplateMiner(4)
    for number in range(3000):
        miner.learn("x" * 2000 + chr(0x4E00 + number))
    held = sum(len(key) for key in miner._seen)
    assert held <= 4_000_000
    assert len(miner.snapshot()["skeletons"]) <= 4


def test_templates_found_stay_found_when_their_skeletons_are_forgotten() -> None:
    texts = [f"volume {word} is full" for word in COLOURS] + [f"cannot open file: {ending}" for ending in ENDINGS]
    miner = learned(texts, capacity=20)
    known = [miner.template(skeleton(text)) for text in texts]
    assert set(known) == {"volume <*> is full", "cannot open file: <*>"}
    for number in range(100):
        miner.learn(f"statement {chr(0x4E00 + number)}")
    assert not any("volume" in tokens for tokens, _ in miner.snapshot()["skeletons"])
    assert [miner.template(skeleton(text)) for text in texts] == known


FLOORS = {"etcd": 0.95, "hbase": 0.85, "kubelet": 0.95, "neutron": 0.85, "prometheus": 0.9, "zookeeper": 0.75}


def test_finds_the_log_statements_of_real_systems_again() -> None:
    assert set(FLOORS) <= set(systems())
    accuracy = {}
    for name in FLOORS:
        drawn = lines(name, 1000, seed=0)
        accuracy[name] = template_scores(
            [number for _, number in drawn], templates([text for text, _ in drawn])
        ).ga
    assert fmean(accuracy.values()) >= 0.85
    assert {name: score for name, score in accuracy.items() if score < FLOORS[name]} == {}


@pytest.mark.parametrize("name", ["etcd", "kubelet", "hbase"])
def test_the_values_of_real_lines_are_where_places_say(name: str) -> None:
    drawn = [text for text, _ in lines(name, 300, seed=1)]
    miner = learned(drawn)
    checked = 0
    for text in drawn:
        found = miner.learn(text)
        raw, own = slots(spell(closed(found.tokens)), text), slots(miner.template(found), text)
        holes = [number for number, token in enumerate(found.tokens) if token in (HOLE, OPEN)]
        if not raw or not own or any(b - a == 1 for a, b in pairwise(holes)):
            continue
        for slot, place in zip(raw, miner.places(found), strict=False):
            if place >= 0:
                assert slot.value in own[place].value, (text, miner.template(found))
                checked += 1
    assert checked > 100


def test_what_varied_once_is_a_value_for_good() -> None:
    miner = TemplateMiner(capacity=8)
    for name in NODES[:3]:
        miner.learn(f"lost {name} now")
    for word in COLOURS[:5]:
        miner.learn(f"volume {word} is full")
    before = [miner.template(skeleton(text)) for text in ("lost NameNode now", "volume amber is full")]
    assert before == ["lost <*> now", "volume <*> is full"]
    for number in range(7):
        miner.learn(f"something{'x' * number} else")
    assert [miner.template(miner.learn(text)) for text in ("lost NameNode now", "volume amber is full")] == before


@given(st.lists(st.sampled_from([f"volume {word} is full" for word in COLOURS] + [f"at {n} now" for n in NODES])))
def test_a_restored_miner_goes_on_alike_after_it_forgot(later: list[str]) -> None:
    miner = TemplateMiner(capacity=6)
    for word in COLOURS:
        miner.learn(f"volume {word} is full")
    for number in range(9):
        miner.learn(f"statement {'x' * number} done")
    restored = TemplateMiner.restore(json.loads(json.dumps(miner.snapshot())), capacity=6)
    for text in later:
        assert miner.template(miner.learn(text)) == restored.template(restored.learn(text))
    assert miner.snapshot() == restored.snapshot()


def test_templates_are_bounded_like_skeletons() -> None:
    miner = TemplateMiner(capacity=100)
    for number in range(3000):
        miner.learn(f"{'ab'[number % 2]}{'c' * (number // 20)} word {COLOURS[number % 6]} of a kind")
    known = miner.snapshot()
    assert len(known["skeletons"]) <= 100
    assert len(known["patterns"]) <= 100

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from stormcell.codebook.assigning import Assigning
from stormcell.codebook.document import dump, seal
from stormcell.codebook.federated import CHEAPER, MORE, Site, finer, merge, site_of
from stormcell.codebook.site_document import dump_site
from stormcell.codebook.training import Trainer, train
from stormcell.config import PrivacySettings, Settings
from stormcell.errors import CodebookError, InputError
from stormcell.features.rows import build_rows
from stormcell.types import OTHER, Event
from tests.unit.codebook.made import KINDS, SETTINGS, settings, shop, trained
from tests.unit.features.build import log, rows_of, span


def site(name: str, events: Sequence[Event], of: Settings = SETTINGS) -> Site:
    fine = finer(of)
    trainer = Trainer(fine)
    trainer.offer(build_rows(events, fine))
    return site_of(trainer, name, fine)


BERLIN = site("berlin", shop(150, seed=1))
OSLO = site("oslo", shop(90, seed=2))
ROME = site("rome", shop(60, seed=3, kinds=[{"service": "mail", "text": "bounced by the other side"}]))


def loss(of: Any, events: Sequence[Event]) -> float:
    """Mean dissimilarity of events to the nearest medoids of a codebook."""
    rows = rows_of(events)
    found = Assigning(of, SETTINGS).assign_rows(rows)
    return float((found.dissimilarity * rows.weight).sum() / rows.weight.sum())


def test_a_site_trains_more_finely_than_a_codebook_and_always_masks() -> None:
    of = Settings(privacy=PrivacySettings(mask=False))
    fine = finer(of)
    assert fine.privacy.mask
    assert fine.codebook.price == of.codebook.price / CHEAPER
    assert fine.codebook.max_codewords == MORE * of.codebook.max_codewords
    assert finer(settings(max_codewords=2000)).codebook.max_codewords == 2000
    assert (fine.text, fine.labels) == (of.text, of.labels)


def test_the_order_of_sites_makes_no_difference() -> None:
    documents = {dump(merge(order, SETTINGS)) for order in permutations((BERLIN, OSLO, ROME))}
    assert len(documents) == 1


def test_kinds_of_each_site_are_in_it_with_their_events() -> None:
    merged = merge([BERLIN, OSLO, ROME], SETTINGS)
    said = {word.medoid.text for word in merged.codewords}
    assert said >= {kind["text"] for kind in KINDS} | {"bounced by the other side"}
    assert sum(word.weight for word in merged.codewords) == pytest.approx(300)
    sent = {word.medoid.uid for one in (BERLIN, OSLO, ROME) for word in one.codebook.codewords}
    assert {word.medoid.uid for word in merged.codewords} <= sent


def test_it_says_where_it_comes_from() -> None:
    merged = merge([ROME, BERLIN], SETTINGS, seed=7)
    told, parts = merged.provenance, [one.codebook.provenance for one in (BERLIN, ROME)]
    assert told.sites == ("berlin", "rome")
    assert (told.events, told.rows) == (210, sum(one.rows for one in parts))
    assert told.first_seen == min(one.first_seen for one in parts)
    assert told.last_seen == max(one.last_seen for one in parts)
    assert told.sampled == sum(len(one.codebook.codewords) for one in (BERLIN, ROME))
    assert (told.seed, told.parent) == (7, "")


def test_one_site_alone_gives_about_its_own_codebook() -> None:
    events = shop(150, seed=1)
    alone, whole = merge([BERLIN], SETTINGS), trained(events)
    assert {word.template for word in alone.codewords} == {word.template for word in whole.codewords}
    assert loss(alone, events) <= loss(whole, events) * 1.03 + 1e-9


WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")


@pytest.mark.parametrize("most", [5, 10, 15])
def test_of_many_sites_it_is_nearly_as_good_as_of_all_events_in_one_place(most: int) -> None:
    jobs = [{"service": f"s{at % 3}", "text": f"job {word} ran"} for at, word in enumerate(WORDS)]
    many = shop(400, seed=5, kinds=[*KINDS, *jobs])
    of = settings(price=0.0, max_codewords=most, radius=1.0)
    merged = merge([site(f"s{at}", many[at::4]) for at in range(4)], of)
    central = train(rows_of(many), of)
    assert len(merged.codewords) == len(central.codewords) == most
    # As all events in one place would have them compared.
    assert loss(replace(central, codewords=merged.codewords), many) <= 1.03 * loss(central, many)


def test_what_is_known_of_texts_adds_up() -> None:
    merged = merge([BERLIN, ROME], SETTINGS)
    one, other = BERLIN.codebook.text.rarity, ROME.codebook.text.rarity
    for bucket in {*one, *other}:
        assert merged.text.rarity[bucket] == one.get(bucket, 0) + other.get(bucket, 0)
    assert replace(merged.text, rarity={}) == replace(BERLIN.codebook.text, rarity={})


def test_texts_that_sites_say_they_counted_are_counted_as_far_as_can_be() -> None:
    full = replace(BERLIN.codebook.text, rarity={"": 2.0**31 - 1, "ff": 2.0**31 - 1})
    sites = [replace(one, codebook=seal(replace(one.codebook, text=full))) for one in (BERLIN, ROME)]
    merged = merge(sites, SETTINGS)
    assert merged.text.rarity == full.rarity
    assert len(Assigning(merged, SETTINGS).assign_rows(rows_of(shop(20))).nearest) > 0


def test_a_range_is_that_of_all_sites() -> None:
    quick, slow = (
        site(name, [span(at, at=at, ms=ms * at) for at in range(1, 9)]) for name, ms in (("a", 0.01), ("b", 9000))
    )
    merged = merge([quick, slow], SETTINGS)
    [duration] = [field for field in merged.fields if field.name == "duration"]
    assert duration.span == pytest.approx(np.log10(9000 * 8 / 0.01), abs=1e-5)


def test_how_events_are_spread_over_fields_is_known_exactly() -> None:
    merged, whole = merge([BERLIN, OSLO], SETTINGS), trained([*shop(150, seed=1), *_later(shop(90, seed=2))])
    for name in ("service", "signal", "severity", "duration"):
        counts, expected = merged.reference.fields[name].counts, whole.reference.fields[name].counts
        assert {value: round(count, 6) for value, count in counts.items()} == {
            value: round(count, 6) for value, count in expected.items()
        }
    assert merged.reference.events == pytest.approx(240)
    assert merged.reference.codebook == ""


def _later(events: Sequence[Event]) -> list[Event]:
    """The same events as others, so that none is a duplicate."""
    return [replace(event, uid=f"{event.uid}-later", time=event.time + 10**13) for event in events]


def test_ids_are_kept_where_there_is_a_parent() -> None:
    before = merge([BERLIN, OSLO], SETTINGS)
    after = merge([BERLIN, OSLO, ROME], SETTINGS, parent=before)
    assert after.provenance.parent == before.version
    kept = {word.id for word in after.codewords} & {word.id for word in before.codewords}
    assert len(kept) >= 0.9 * len(before.codewords)


def test_where_nothing_has_changed_it_is_the_parent() -> None:
    before = merge([BERLIN, OSLO], SETTINGS)
    assert merge([OSLO, BERLIN], SETTINGS, parent=before) is before
    after = merge([BERLIN, OSLO, ROME], SETTINGS, parent=before)
    assert merge([BERLIN, OSLO, ROME], SETTINGS, parent=after) is after


def test_of_more_medoids_than_the_sample_some_are_drawn() -> None:
    few = settings(sample=8)
    merged = merge([BERLIN, OSLO, ROME], few)
    assert merged.provenance.sampled == 8
    assert sum(word.weight for word in merged.codewords) == pytest.approx(300)
    assert dump(merge([ROME, OSLO, BERLIN], few)) == dump(merged)
    assert Assigning(merged, SETTINGS).assign(shop(1)[0]).nearest


def test_there_must_be_a_site() -> None:
    with pytest.raises(InputError, match="no site to merge"):
        merge([], SETTINGS)


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="two files are of the site 'oslo'"):
        merge([BERLIN, OSLO, replace(ROME, name="oslo")], SETTINGS)


def test_sites_that_read_texts_differently_are_refused() -> None:
    table = replace(OSLO.codebook.text, model="another", dimensions=3)
    odd = replace(OSLO, codebook=seal(replace(OSLO.codebook, text=table)))
    with pytest.raises(CodebookError, match=r"the sites 'berlin' and 'oslo' .* \('another'\) with 3 numbers"):
        merge([BERLIN, odd], SETTINGS)
    with pytest.raises(CodebookError, match=r"text\.embedder"):
        merge([odd], SETTINGS)


def test_a_site_without_events_sends_nothing() -> None:
    with pytest.raises(InputError, match="no event to train"):
        site("empty", [])


SECRETS = ("ann@example.com", "10.20.30.40", "hunter2", "4111111111111111")


def test_nothing_private_leaves_a_site_whatever_the_settings_say() -> None:
    events = [
        log(1, text="mail to ann@example.com failed", service="mail"),
        log(2, text="login with password=hunter2 refused", attributes={"client": "10.20.30.40"}),
        log(3, text="paid", attributes={"card": "4111111111111111"}, resource={"user.mail": "ann@example.com"}),
    ]
    document = dump_site(site("s", events, Settings(privacy=PrivacySettings(mask=False)))).decode()
    assert "<email>" in document
    for secret in SECRETS:
        assert secret not in document


def test_no_text_leaves_a_site_but_those_of_its_medoids() -> None:
    """Of a hundred texts, of which few are medoids, the others are in no field, count or example."""
    rng = np.random.default_rng(0)
    words = ["".join(chr(97 + at) for at in rng.integers(0, 26, 9)) for _ in range(100)]
    events = [log(at, uid=f"uid-{at:03d}-x", text=f"{word} is gone") for at, word in enumerate(words)]
    told = site("s", events, settings(max_codewords=3))
    document = dump_site(told).decode()
    sent = {word.medoid.uid for word in told.codebook.codewords}
    assert len(sent) == 9
    for event in events:
        assert (event.uid in document) == (event.text in document) == (event.uid in sent)
    templates = told.codebook.reference.fields["template"].counts
    assert templates[OTHER] == 91
    assert sum(templates.values()) == 100


kinds = st.lists(st.sampled_from(KINDS), min_size=1, max_size=12)


@examples(max_examples=10, deadline=None)
@given(st.lists(kinds, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_events_are_neither_lost_nor_made(sites: list[list[dict[str, Any]]], random: Any) -> None:
    parts = [
        site(f"s{number}", [log(at * 2, uid=f"u{number}-{at}", **kind) for at, kind in enumerate(one)])
        for number, one in enumerate(sites)
    ]
    merged = merge(parts, SETTINGS)
    random.shuffle(parts)
    assert dump(merge(parts, SETTINGS)) == dump(merged)
    assert sum(word.weight for word in merged.codewords) == pytest.approx(sum(map(len, sites)))
    assert {word.medoid.text for word in merged.codewords} == {kind["text"] for one in sites for kind in one}
    assert merged.provenance.metrics["loss"] == pytest.approx(0, abs=1e-6)
    assert json.loads(dump(merged))["provenance"]["sites"] == [f"s{number}" for number in range(len(sites))]

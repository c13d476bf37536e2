from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from stormcell.codebook.assigning import Assigning
from stormcell.codebook.points import Texts, TraitReader, points
from stormcell.config import Settings, TextSettings
from stormcell.distance.mixed import explain
from stormcell.errors import CodebookError
from stormcell.types import Event, Signal
from tests.unit.codebook.made import SETTINGS, shop, trained
from tests.unit.features.build import log, rows_of

CODEBOOK = trained()
ASSIGNING = Assigning(CODEBOOK, SETTINGS)

TEXTS = st.one_of(
    st.sampled_from(["cannot reach the database", "GET /cart", "payment of 7 accepted", "", "???"]),
    st.text(max_size=30),
)


@st.composite
def events(draw: st.DrawFn) -> Event:
    return Event(
        uid="asked",
        signal=draw(st.sampled_from(Signal)),
        time=1,
        service=draw(st.sampled_from(["", "cart", "pay", "unknown"])),
        severity=draw(st.integers(0, 24)),
        text=draw(TEXTS),
        duration=draw(st.sampled_from([0, 1, 10**6, 10**12])),
        resource=draw(st.sampled_from([{}, {"k8s.namespace.name": "prod"}])),
    )


@given(events())
def test_it_is_the_nearest_by_brute_force_and_explained_exactly(event: Event) -> None:
    found = ASSIGNING.assign(event)
    reader = TraitReader(SETTINGS)
    traits = [reader.read(event), *(reader.read(word.medoid) for word in CODEBOOK.codewords)]
    compared = points(traits, CODEBOOK.fields, Texts(CODEBOOK.text, SETTINGS.text))
    far = compared.take(np.array([0])).cross(compared.take(np.arange(1, len(traits))))[0]
    ids = [word.id for word in CODEBOOK.codewords]
    assert found.dissimilarity == pytest.approx(far.min(), abs=1e-6)
    assert far[ids.index(found.nearest)] == pytest.approx(far.min(), abs=1e-6)
    assert found.runner_up_dissimilarity == pytest.approx(np.partition(far, 1)[1], abs=1e-6)
    assert found.margin >= 0
    assert sum(share.share for share in found.shares) == pytest.approx(found.dissimilarity, abs=1e-12)
    told = explain(compared, np.array([0]), np.array([1 + ids.index(found.nearest)]))[0]
    assert [share.name for share in found.shares] == [share.name for share in told]
    for ours, theirs in zip(found.shares, told, strict=True):
        assert ours.share == pytest.approx(theirs.share, abs=1e-6)
    assert found.codeword == ("" if found.dissimilarity > found.radius else found.nearest)


@examples(max_examples=30)
@given(st.lists(events(), min_size=1, max_size=8, unique_by=repr))
def test_rows_are_assigned_as_events_are(some: list[Event]) -> None:
    rows = rows_of([replace(event, uid=f"u{at}", time=at * 10**9) for at, event in enumerate(some)])
    found = ASSIGNING.assign_rows(rows)
    ids = [word.id for word in CODEBOOK.codewords]
    for at, event in enumerate(rows.events):
        one = ASSIGNING.assign(event, explained=False)
        assert (one.nearest, one.runner_up) == (ids[found.nearest[at]], ids[found.runner_up[at]])
        assert (one.dissimilarity, one.runner_up_dissimilarity) == (
            found.dissimilarity[at],
            found.runner_up_dissimilarity[at],
        )
        assert (one.codeword == "") == found.new[at]
        assert one.shares == ()


def test_a_medoid_is_its_own_codeword() -> None:
    for word in CODEBOOK.codewords:
        found = ASSIGNING.assign(word.medoid)
        assert (found.codeword, found.dissimilarity) == (word.id, 0.0)


def test_what_is_masked_and_what_is_not_belong_together() -> None:
    secret = log(0, service="pay", text="token=abcdef0123456789abcdef of ann@example.org was refused")
    rows = rows_of([secret])
    assert rows.events[0].text != secret.text
    assigning = Assigning(trained([secret, *shop()]), SETTINGS)
    assert assigning.assign(secret) == assigning.assign(rows.events[0])
    assert assigning.assign(secret).dissimilarity == 0


def test_no_rows_are_assigned_to_nothing() -> None:
    found = ASSIGNING.assign_rows(rows_of([]))
    assert len(found.nearest) == len(found.new) == 0


def test_another_embedder_is_refused() -> None:
    with pytest.raises(
        CodebookError, match=r"the embedder 'static', but text\.embedder and text\.model name 'none'"
    ):
        Assigning(CODEBOOK, Settings(text=TextSettings(embedder="none")))


def test_vectors_of_another_length_are_refused() -> None:
    other = replace(CODEBOOK, text=replace(CODEBOOK.text, dimensions=5))
    with pytest.raises(CodebookError, match="trained on vectors of 5 numbers"):
        Assigning(other, SETTINGS)


def test_a_codebook_of_nothing_is_refused() -> None:
    with pytest.raises(CodebookError, match="has no codeword"):
        Assigning(replace(CODEBOOK, codewords=()), SETTINGS)


def test_it_works_without_an_embedder() -> None:
    wanted = Settings(text=TextSettings(embedder="none"))
    codebook = trained(shop(), wanted)
    assert codebook.text.dimensions == 0
    assert not Assigning(codebook, wanted).assign_rows(rows_of(shop())).new.any()


def test_many_threads_get_what_one_gets() -> None:
    some = shop(90)
    expected = [ASSIGNING.assign(event) for event in some]
    shared = Assigning(CODEBOOK, SETTINGS)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(shared.assign, some)) == expected


def test_a_failure_of_what_never_failed_is_new_and_a_slower_call_is_not() -> None:
    usual = [*shop(), log(1, uid="fatal", service="ledger", severity=21, text="journal is corrupt")]
    assigning = Assigning(trained(usual), SETTINGS)
    call = next(event for event in usual if event.signal is Signal.SPAN)
    assert assigning.assign(replace(call, severity=17, status="error")).codeword == ""
    assert assigning.assign(replace(call, duration=call.duration * 10)).codeword != ""

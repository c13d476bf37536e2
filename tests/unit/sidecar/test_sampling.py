"""Which records go on, and for how many they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import Settings
from stormcell.sidecar.forward.sampling import Sampler
from stormcell.types import Assignment, Event, Record, Signal, record_of

Seen = tuple[Record, Assignment]

MINUTE = 60 * 10**9


def sampler(seed: int = 0, **settings: float | bool) -> Sampler:
    named = {f"sampling_{name}": value for name, value in settings.items()}
    return Sampler(Settings.model_validate({"forward": {"sampling": True, **named}}), seed)


def seen(
    uid: str,
    text: str = "usual 1",
    *,
    severity: int = 9,
    surprise: float = 0.0,
    exemplar: str = "",
    signal: Signal = Signal.LOG,
) -> Seen:
    record = record_of(Event(uid, signal, 5, "shop", severity, text))
    return record, Assignment("g" if exemplar else None, exemplar, 0.0, surprise, "nearest")


def weigh(chosen: Sampler, held: Sequence[Seen | None], received: int = 0) -> list[int]:
    return chosen.weigh([None if one is None else chosen.candidate(*one) for one in held], received)


records = st.builds(
    seen,
    uid=st.text(max_size=3),
    text=st.sampled_from(["usual 1", "usual 2", "another thing", ""]),
    severity=st.sampled_from([9, 13, 17]),
    surprise=st.sampled_from([0.0, 0.5, 3.0]),
    exemplar=st.sampled_from(["", "a"]),
    signal=st.sampled_from(Signal),
)
requests = st.lists(st.tuples(st.lists(st.none() | records, max_size=30), st.integers(0, 3 * MINUTE)), max_size=5)


@given(requests, st.integers(1, 4), st.booleans(), st.integers(0, 9))
def test_weights_sum_to_what_was_seen(
    requests: list[tuple[list[Seen | None], int]], most: int, spans: bool, seed: int
) -> None:
    chosen = sampler(per_template=most, spans=spans, seed=seed)
    for held, received in requests:
        weights = weigh(chosen, held, received)
        assert len(weights) == len(held)
        assert sum(weights) == len(held)
        assert min(weights, default=0) >= 0
        for one, weight in zip(held, weights, strict=True):
            if one is None or one[0].severity >= 17 or one[1].surprise >= 1.2 or one[0].uid == one[1].exemplar:
                assert weight == 1


@given(st.lists(records, max_size=20, unique_by=lambda one: one[0].uid), st.data())
def test_the_choice_is_the_same_in_whatever_order(held: list[Seen], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(held))

    def chosen(order: list[Seen]) -> dict[str, int]:
        weights = weigh(sampler(per_template=1), order)
        return {one[0].uid: weight for one, weight in zip(order, weights, strict=True)}

    assert chosen(held) == chosen(shuffled)


def kept(weights: list[int]) -> int:
    return len(weights) - weights.count(0)


def test_so_many_of_a_template_in_an_interval_and_one_of_each_request() -> None:
    crowd: list[Seen | None] = [seen(f"{n}", f"usual {n}") for n in range(10)]
    chosen = sampler(per_template=12)
    assert [kept(weigh(chosen, crowd, at)) for at in (0, 1, 2, MINUTE)] == [10, 2, 1, 10]


def test_templates_services_and_severities_are_counted_by_themselves() -> None:
    crowd: list[Seen | None] = [
        seen(f"{n}", text, severity=severity) for n in range(9) for text in ("a 1", "b 2") for severity in (9, 13)
    ]
    weights = weigh(sampler(per_template=2), crowd)
    by = Counter(
        (one[0].text, one[0].severity) for one, weight in zip(crowd, weights, strict=True) if one and weight
    )
    assert set(by.values()) == {2}
    assert len(by) == 4


def test_spans_are_left_alone_unless_they_are_asked_for() -> None:
    spans: list[Seen | None] = [seen(f"{n}", signal=Signal.SPAN) for n in range(9)]
    assert kept(weigh(sampler(per_template=1), spans)) == 9
    assert kept(weigh(sampler(per_template=1, spans=True), spans)) == 1


def test_each_record_stands_for_itself_on_average() -> None:
    """Over many seeds the mean weight of a record is 1: no sum over records is biased."""
    crowd: list[Seen | None] = [seen(f"{n}") for n in range(7)]
    runs = 4000
    sums = [0] * 7
    for seed in range(runs):
        for at, weight in enumerate(weigh(sampler(per_template=3, seed=seed), crowd)):
            sums[at] += weight
    # A weight is 0, 2 or 3, of a variance below 1.5: five standard errors.
    assert all(abs(total / runs - 1) < 5 * (1.5 / runs) ** 0.5 for total in sums)

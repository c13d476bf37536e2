"""Which traces are passed on, and for how many they stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stormcell.sdk.parts import Part, Rules
from stormcell.sdk.traces import TraceSampler, Weighed
from stormcell.types import NOTHING_KNOWN, Assignment, Event, Record, Signal, record_of

SECOND = 10**9
RULES: dict[str, Any] = {
    "surprise": 3.0,
    "one_in": 4,
    "per_kind": 2,
    "interval": 60 * SECOND,
    "hold": 15 * SECOND,
    "settle": 30 * SECOND,
    "patience": 100 * SECOND,
    "most": 1000,
}


@dataclass(frozen=True)
class Span:
    uid: str
    trace: str
    error: bool = False
    root: bool = True
    name: str = "GET /"


def read(spans: Sequence[Span]) -> Mapping[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for one in spans:
        event = Event(one.uid, Signal.SPAN, 5, "shop", 9, one.name, trace_id=one.trace)
        found[one.trace].append(record_of(event))
    return found


def nowhere(_: Record) -> Assignment:
    return NOTHING_KNOWN


class World:
    """A sampler, the time, and what was passed on."""

    def __init__(self, assign: Callable[[Record], Assignment] = nowhere, **rules: Any) -> None:
        self.rules = Rules(**{**RULES, **rules})
        self.sampler: TraceSampler[Span] = TraceSampler(self.rules, read, assign)
        self.now = 1000 * SECOND
        self.passed: list[Weighed[Span]] = []
        self.came: list[Span] = []

    def come(self, *spans: Span) -> list[Weighed[Span]]:
        self.came.extend(spans)
        parts = [Part(one, one.trace, one.error, ("shop", one.name) if one.root else None) for one in spans]
        return self._note(self.sampler.add(parts, self.now))

    def wait(self, seconds: float) -> list[Weighed[Span]]:
        """Let time pass as the exporter does, which looks every second."""
        passed = []
        for _ in range(int(seconds)):
            self.now += SECOND
            passed += self._note(self.sampler.due(self.now))
        return passed

    def flush(self) -> list[Weighed[Span]]:
        return self._note(self.sampler.flush())

    def weights(self) -> dict[str, int]:
        """Return for how many each trace that was passed on stands."""
        found: dict[str, int] = {}
        for span, weight in self.passed:
            found[span.trace] = max(weight, found.get(span.trace, 0))
        return found

    def _note(self, passed: list[Weighed[Span]]) -> list[Weighed[Span]]:
        self.passed += passed
        return passed


spans = st.builds(
    Span,
    uid=st.uuids(version=4).map(str),
    trace=st.integers(0, 30).map(str),
    error=st.sampled_from([False, False, False, False, True]),
    root=st.booleans(),
    name=st.sampled_from(["GET /", "PUT /"]),
)
steps = st.lists(st.tuples(st.lists(spans, max_size=8), st.integers(0, 40)), max_size=12)


def of_some(record: Record) -> Assignment:
    """Every third trace is surprising, every fifth in a group, whose exemplar is in the tenth."""
    number = int(record.trace_id)
    surprise = 5.0 if number % 3 == 0 else 0.1
    if number % 5:
        return Assignment(None, "", 0.0, surprise, "background")
    return Assignment("g", "x", 0.1, surprise, "key", traces=("10",))


@given(steps, st.integers(1, 5), st.integers(1, 3), st.sampled_from([3, 12, 1000]))
def test_weights_sum_to_the_traces_and_nothing_is_torn(
    steps: list[tuple[list[Span], int]], one_in: int, per_kind: int, most: int
) -> None:
    world = World(of_some, one_in=one_in, per_kind=per_kind, most=most)
    for coming, seconds in steps:
        world.come(*coming)
        assert world.sampler.spans <= most
        world.wait(seconds)
    world.flush()
    assert world.sampler.spans == 0
    traces = {one.trace for one in world.came}
    weights = world.weights()
    assert sum(weights.values()) == len(traces)
    passed = Counter(span.uid for span, _ in world.passed)
    assert set(passed.values()) <= {1}
    assert world.sampler.left_out == len(world.came) - len(world.passed)
    late = {span.trace for span, weight in world.passed if weight == 0}
    for trace in traces:
        own = {one.uid for one in world.came if one.trace == trace}
        kept = own & set(passed)
        assert {one.uid for one in world.came if one.trace == trace and one.error} <= kept
        # An error that comes when its trace was left out is all there is of it.
        assert kept in (set(), own) or trace in late


@given(steps)
def test_what_tells_is_passed_on(steps: list[tuple[list[Span], int]]) -> None:
    world = World(of_some)
    for coming, seconds in steps:
        # No trace goes on when it was decided.
        decided = {one.trace for one in world.came}
        world.come(*(one for one in coming if one.trace not in decided))
        world.wait(seconds)
    world.flush()
    weights = world.weights()
    for trace in {one.trace for one in world.came}:
        error = any(one.error for one in world.came if one.trace == trace)
        if error:
            assert weights[trace] == 1
        if trace == "10":  # others may have come to stand for it, or it for others
            assert trace in weights


def test_an_error_is_passed_on_at_once_with_all_of_its_trace() -> None:
    world = World()
    before = Span("a", "t", root=False)
    assert world.come(before) == []
    error = Span("b", "t", error=True)
    assert world.come(error) == [(before, 1), (error, 1)]
    late = Span("c", "t")
    assert world.come(late) == [(late, 1)]


def test_a_trace_is_looked_at_when_it_was_held_since_its_root_ended() -> None:
    asked: list[str] = []

    def assign(record: Record) -> Assignment:
        asked.append(record.uid)
        return Assignment(None, "", 0.0, 9.0 if record.uid == "root" else 0.0, "new")

    world = World(assign)
    world.come(Span("child", "t", root=False))
    world.wait(20)
    assert asked == []
    world.come(Span("root", "t"))
    world.wait(13)
    assert asked == []
    world.wait(4)
    assert asked == ["child", "root"]
    assert [span.uid for span, _ in world.passed] == ["child", "root"]


def test_a_trace_whose_root_never_ends_is_not_held_for_ever() -> None:
    world = World(lambda _: Assignment(None, "", 0.0, 9.0, "new"))
    world.come(Span("child", "t", root=False))
    world.wait(70)
    assert [span.uid for span, _ in world.passed] == ["child"]


class Showing:
    """Every trace is in one group, which is shown by one of them."""

    def __init__(self) -> None:
        self.shown = ""

    def __call__(self, record: Record) -> Assignment:
        return Assignment("g", "x", 0.1, 0.5, "key", traces=(self.shown,))


def test_an_exemplar_is_passed_on_once_it_is_no_longer_young() -> None:
    assign = Showing()
    world = World(assign, interval=1000 * SECOND)
    world.come(Span("a", "first"), Span("b", "second"))
    assign.shown = "first"
    world.wait(29)
    assert world.passed == []
    assign.shown = "second"
    world.wait(16)
    assert world.passed == [(Span("b", "second"), 1)]


def test_what_is_left_out_may_become_an_exemplar_while_it_waits() -> None:
    """The first one stands for both by then: the other is told as standing for none."""
    assign = Showing()
    world = World(assign, one_in=2, per_kind=1)
    world.come(Span("a", "first"), Span("b", "second"))
    world.wait(80)
    [(kept, weight)] = world.passed
    assert weight == 2
    [other] = {"first", "second"} - {kept.trace}
    late = Span("c", other)
    world.come(late)
    assign.shown = other
    world.wait(15)
    assert [(span.trace, weight) for span, weight in world.passed[1:]] == [(other, 0), (other, 0)]


def test_what_waits_is_dropped_in_the_end() -> None:
    assign = Showing()
    world = World(assign, one_in=2, per_kind=1)
    world.come(Span("a", "first"), Span("b", "second"))
    world.wait(80)
    assert world.sampler.spans == 1
    world.wait(40)
    assert (world.sampler.spans, world.sampler.left_out) == (0, 1)
    [(kept, _)] = world.passed
    assert world.come(Span("c", kept.trace)) == [(Span("c", kept.trace), 2)]
    [other] = {"first", "second"} - {kept.trace}
    assert world.come(Span("d", other)) == []


def test_an_exemplar_is_not_lost_when_room_is_made() -> None:
    assign = Showing()
    world = World(assign, most=10)
    assign.shown = "0"
    for number in range(40):
        world.come(Span(f"s{number}", str(number), name=f"GET /{number % 3}"))
        world.wait(2)
    assert "0" in world.weights()


def test_of_usual_traces_a_few_of_each_kind_stand_for_the_rest() -> None:
    world = World(interval=300 * SECOND, one_in=4, per_kind=2)
    for number in range(30):
        world.come(Span(f"a{number}", f"a{number}"), Span(f"b{number}", f"b{number}", name="PUT /"))
    world.come(Span("c", "c", name="HEAD /"))
    world.wait(400)
    by_kind = Counter(span.name for span, _ in world.passed)
    assert by_kind == {"GET /": 2, "PUT /": 2}
    assert sorted(world.weights().values()) == [15, 15, 15, 15]
    assert [(span.uid, weight) for span, weight in world.flush()] == [("c", 1)]


def test_few_of_a_kind_are_counted_until_one_of_them_can_stand_for_enough() -> None:
    world = World(one_in=4)
    for number in range(4):
        assert world.passed == []
        world.come(Span(str(number), str(number)))
        world.wait(60)
    world.wait(60)
    # It is of the last interval: nothing old is told as news.
    assert world.weights() == {"3": 4}


def test_services_choose_the_same_traces() -> None:
    """One sees half of what the other sees: all that the first passes on of these, the second does, too."""
    one, other = World(one_in=2, per_kind=5), World(one_in=2, per_kind=5)
    for number in range(40):
        span = Span(f"s{number}", f"t{number}")
        one.come(span)
        if number % 2:
            other.come(span)
    one.wait(100)
    other.wait(100)
    shared = {trace for trace in one.weights() if int(trace[1:]) % 2}
    assert shared
    assert shared <= other.weights().keys()


def test_what_cannot_be_read_is_counted_among_the_usual() -> None:
    world = World()
    sampler: TraceSampler[Span] = TraceSampler(world.rules, lambda _: {}, nowhere)
    world.sampler = sampler
    world.come(Span("a", "t"))
    assert [(span.uid, weight) for span, weight in world.flush()] == [("a", 1)]


def test_a_late_error_of_what_was_left_out_is_passed_on_and_counted_once() -> None:
    world = World(one_in=2, per_kind=1)
    for number in range(4):
        world.come(Span(f"s{number}", str(number)))
    world.wait(130)
    [(kept, weight)] = world.weights().items()
    assert weight == 4
    other = str((int(kept) + 1) % 4)
    assert world.come(Span("usual", other)) == []
    assert [weight for _, weight in world.come(Span("late", other, error=True))] == [0]
    assert [weight for _, weight in world.come(Span("later", other))] == [0]
    assert sum(world.weights().values()) == 4


def test_one_that_fails_while_it_may_stand_for_others_stands_for_itself() -> None:
    world = World(one_in=2, per_kind=2, interval=1000 * SECOND)
    world.come(Span("a", "a"), Span("b", "b"))
    world.wait(20)
    first, late = Span("a", "a"), Span("late", "a", error=True)
    assert world.come(late) == [(first, 1), (late, 1)]
    assert world.flush() == [(Span("b", "b"), 1)]


def test_of_what_surprises_a_few_of_each_template_are_passed_on_in_an_interval() -> None:
    world = World(lambda record: Assignment(None, "", 0.0, 9.0, "new", template=record.text), per_kind=2)
    for number in range(9):
        world.come(Span(f"a{number}", f"a{number}"))
    world.come(Span("b", "b"), Span("child", "b", root=False, name="SELECT"))
    world.wait(18)
    # What else there is in a trace does not hide what is new in it.
    assert world.weights() == {"a0": 1, "a1": 1, "b": 1}
    world.wait(60)
    world.come(Span("later", "later"))
    world.wait(18)
    assert world.weights()["later"] == 1
    world.flush()
    assert sum(world.weights().values()) == 11

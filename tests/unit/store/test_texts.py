from __future__ import annotations

from collections.abc import Sequence
from unittest import mock

from stormcell.store import codec, texts
from stormcell.store.texts import EventTexts
from stormcell.types import Event
from tests.unit.features.build import log

EVENTS = [log(at, text=f"event {at}") for at in range(3)]


def written(held: EventTexts, events: Sequence[Event]) -> int:
    """Return how many of the events are written out at a saving."""
    held.turn()
    with mock.patch.object(codec, "dump_event", side_effect=codec.dump_event) as dump:
        assert [codec.load_event(held.text(event)) for event in events] == events
        return dump.call_count


def test_what_is_stored_again_and_again_is_written_out_once() -> None:
    held = EventTexts()
    # A run over files stores once: nothing is held for it.
    assert [written(held, EVENTS) for _ in range(4)] == [3, 3, 0, 0]
    assert written(held, EVENTS[:1]) == 0
    assert written(held, EVENTS) == 2


def test_it_is_bounded() -> None:
    held = EventTexts()
    with mock.patch.object(texts, "_MOST", 2):
        assert [written(held, EVENTS) for _ in range(4)] == [3, 3, 1, 1]

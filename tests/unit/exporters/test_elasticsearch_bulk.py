"""Sending documents in bulk, to servers that a real one cannot be made to be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from elastic_transport import ConnectionError, TransportError
from elasticsearch import ApiError
from hypothesis import given
from hypothesis import strategies as st

from stormcell.errors import DeliveryError
from stormcell_exporters.elasticsearch import bulk
from stormcell_exporters.elasticsearch.bulk import Action, Caller, Outcome, Version, send
from stormcell_exporters.elasticsearch.connection import Credentials
from stormcell_exporters.elasticsearch.failures import told
from tests.unit.exporters.elasticsearch import refusal

Answers = Callable[[int, list[Any]], Any]


class Server:
    """Takes bulk requests; ``answers`` says, by the number of the request, what comes of its documents."""

    def __init__(self, answers: Answers = lambda number, ids: None) -> None:
        self.answers = answers
        self.bodies: list[bytes] = []
        self.taken: list[str] = []

    def bulk(self, operations: bytes, **_: Any) -> dict[str, Any]:
        self.bodies.append(operations)
        lines = [json.loads(line) for line in operations.splitlines()]
        heads = [line for line in lines if isinstance(line, dict) and line.keys() <= {"index", "create", "delete"}]
        ids = [about["_id"] for head in heads for about in head.values()]
        found = self.answers(len(self.bodies), ids)
        if isinstance(found, Exception):
            raise found
        statuses = found or [200] * len(ids)
        self.taken += [id for id, status in zip(ids, statuses, strict=True) if status == 200]
        return {
            "errors": any(status >= 300 for status in statuses),
            "items": [{"index": _item(status)} for status in statuses],
        }


def _item(status: int, kind: str = "some_exception") -> dict[str, Any]:
    return {"status": status} if status < 300 else {"status": status, "error": {"type": kind, "reason": "why"}}


class Clock:
    """Counts the seconds that are waited."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)


def explained(error: ApiError | TransportError) -> DeliveryError:
    return told(error, "there", Credentials({}))


def actions(count: int, size: int = 2) -> Iterator[Action]:
    for number in range(count):
        yield Action("index", "groups", f"{number}", b'"%b"' % (b"x" * (size - 2)))


def sent(server: Server, some: Any, patience: float = 60.0) -> tuple[list[tuple[str, Outcome]], list[float]]:
    clock = Clock()
    caller = Caller(explained, patience, clock.pause)
    client: Any = server
    return [(one.action.id, one.outcome) for one in send(client, some, caller)], clock.waited


@given(st.integers(0, 60), st.integers(2, 400))
def test_batches_are_small_in_bytes_and_in_number(count: int, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "MOST_BYTES", 2_000)
        patch.setattr(bulk, "MOST_ACTIONS", 7)
        server = Server()
        assert sent(server, actions(count, size)) == ([], [])
    assert server.taken == [str(number) for number in range(count)]
    assert all(len(body) <= 2_000 and body.count(b"\n") <= 14 for body in server.bodies)


def test_a_document_larger_than_a_batch_goes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MOST_BYTES", 300)
    server = Server()
    assert sent(server, actions(3, 1_000))[0] == []
    assert len(server.bodies) == 3


def test_no_more_is_made_than_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MOST_ACTIONS", 5)
    made: list[int] = []
    most: list[int] = []

    def counted() -> Iterator[Action]:
        for action in actions(100):
            made.append(1)
            yield action

    def look(number: int, ids: list[Any]) -> None:
        most.append(len(made) - 5 * (number - 1))

    assert sent(Server(look), counted())[0] == []
    assert max(most) <= 6


def test_what_is_not_taken_for_now_alone_is_sent_again() -> None:
    def answers(number: int, ids: list[Any]) -> list[int]:
        return [429 if number < 3 and int(id) % 2 else 200 for id in ids]

    server = Server(answers)
    found, waited = sent(server, actions(6))
    assert found == []
    assert server.taken == ["0", "2", "4", "1", "3", "5"]
    assert len(server.bodies) == 3
    assert len(waited) == 2
    assert waited[0] < waited[1] * 2


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(409, Outcome.CONFLICT), (400, Outcome.DEAD), (404, Outcome.DEAD), (413, Outcome.DEAD)],
)
def test_what_comes_of_a_document(status: int, outcome: Outcome) -> None:
    server = Server(lambda number, ids: [200, status, 200])
    found, waited = sent(server, actions(3))
    assert found == [("1", outcome)]
    assert waited == []
    assert len(server.bodies) == 1


def test_why_a_document_is_dead_is_said() -> None:
    client: Any = Server(lambda number, ids: [400])
    [one] = send(client, [Action("index", "members", "a\x1b[31m", b"{}")], Caller(explained))
    assert one.reason == "members/a [31m: some_exception: why"


@pytest.mark.parametrize("status", [401, 403])
def test_a_document_is_not_dead_for_want_of_a_privilege(status: int) -> None:
    with pytest.raises(DeliveryError, match="cannot be written") as failure:
        sent(Server(lambda number, ids: [200, status]), actions(2))
    assert failure.value.retryable


def test_what_is_too_large_is_halved_until_it_fits() -> None:
    server = Server(lambda number, ids: refusal(413) if len(ids) > 2 else None)
    assert sent(server, actions(8))[0] == []
    assert sorted(server.taken) == [str(number) for number in range(8)]


def test_one_that_is_too_large_alone_is_dead() -> None:
    server = Server(lambda number, ids: refusal(413) if "3" in ids else None)
    assert sent(server, actions(6))[0] == [("3", Outcome.DEAD)]
    assert sorted(server.taken) == ["0", "1", "2", "4", "5"]


@pytest.mark.parametrize(
    "failure", [refusal(503), refusal(429), ConnectionError("refused"), refusal(500)], ids=str
)
def test_a_server_that_is_down_is_waited_for(failure: Exception, caplog: pytest.LogCaptureFixture) -> None:
    server = Server(lambda number, ids: failure if number < 4 else None)
    found, waited = sent(server, actions(2))
    assert (found, server.taken, len(waited)) == ([], ["0", "1"], 3)
    [said] = caplog.messages  # once, whoever waits is not left in the dark
    assert said.endswith("(trying again for up to 60 s)")


def test_it_is_waited_for_as_long_as_there_is_patience() -> None:
    failure = refusal(429, **{"retry-after": "25"})
    with pytest.raises(DeliveryError) as raised:
        sent(Server(lambda number, ids: failure), actions(2))
    assert (raised.value.retryable, raised.value.retry_after) == (True, 25)
    with pytest.raises(DeliveryError):
        sent(Server(lambda number, ids: refusal(503)), actions(2), patience=0.0)


def test_patience_begins_anew_once_something_is_taken() -> None:
    server = Server(lambda number, ids: refusal(429, **{"retry-after": "40"}) if number % 2 else None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "MOST_ACTIONS", 1)
        found, waited = sent(server, actions(5))
    assert (found, waited) == ([], [40.0] * 5)


def test_what_no_other_try_mends_is_raised_at_once() -> None:
    with pytest.raises(DeliveryError, match="401") as failure:
        sent(Server(lambda number, ids: refusal(401)), actions(1))
    assert failure.value.retryable  # somebody may renew the secret


def test_a_condition_is_sent_with_what_it_is_for() -> None:
    server = Server()
    sent(server, [Action("delete", "groups", '"\n', at=Version(7, 2))])
    assert json.loads(server.bodies[0]) == {
        "delete": {"_index": "groups", "_id": '"\n', "if_seq_no": 7, "if_primary_term": 2}
    }

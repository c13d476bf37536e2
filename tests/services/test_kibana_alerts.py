"""Alert documents in a real Elasticsearch, as Kibana keeps them, come to the sidecar that fetches them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from stormcell.store import SqliteStore
from stormcell.times import rfc3339
from tests.services.actors import Sidecar, start_sidecar
from tests.services.elastic import VERSIONS, Elasticsearch, password
from tests.services.faults import Answer, CutResponse, Fault, Hang, between
from tests.services.servers import Servers, get, post, until
from tests.unit.decode.test_kibana import half_nested, nested

Document = dict[str, Any]

HASTY = {"tick_seconds": 1, "lateness_seconds": 0, "idle_seconds": 0.3, "settle_seconds": 1}
_KEYWORD, _DATE = {"type": "keyword", "ignore_above": 1024}, {"type": "date"}
MAPPINGS = {
    "dynamic": False,
    "properties": {
        "@timestamp": _DATE,
        "kibana.alert.uuid": _KEYWORD,
        "kibana.alert.status": _KEYWORD,
        "kibana.alert.start": _DATE,
        "kibana.alert.end": _DATE,
        "kibana.space_ids": _KEYWORD,
    },
}
SHAPES: tuple[Callable[[Document], Document], ...] = (dict, nested, half_nested)


class Rules:
    """Alerts of rules, kept as Kibana keeps them: one document each in a hidden index, behind an alias."""

    def __init__(self, node: Elasticsearch, name: str) -> None:
        self.node, self.alias = node, f".alerts-{name}.alerts-default"
        settings = {"index.hidden": True, "index.number_of_replicas": 0}
        alias = {"is_hidden": True, "is_write_index": True}
        index = {"settings": settings, "mappings": MAPPINGS, "aliases": {self.alias: alias}}
        node.call("PUT", f".internal{self.alias}-000001", index)

    def write(self, documents: Iterable[Document]) -> None:
        """Write documents, in the place of those of the same alerts, in all shapes there are by turns."""
        lines = []
        for document, shape in zip(documents, cycle(SHAPES), strict=False):
            lines += [{"index": {"_id": document["kibana.alert.uuid"]}}, shape(document)]
        found = self.node.call("POST", f"{self.alias}/_bulk", "".join(f"{json.dumps(line)}\n" for line in lines))
        assert not found["errors"], found["items"][0]


def alert(
    uuid: str, start: float, more: Document | None = None, *, at: float = 0, ended: bool = False
) -> Document:
    """Return an alert as the run of a rule writes it; times are seconds from now, that of the run ``at``."""
    made = {
        "@timestamp": _told(at),
        "kibana.alert.uuid": uuid,
        "kibana.alert.start": _told(start),
        "kibana.alert.status": "recovered" if ended else "active",
        "kibana.alert.rule.name": "Latency threshold",
        "kibana.alert.reason": "Latency is 3 s",
        "kibana.space_ids": ["default"],
        "service.name": "shop",
        **(more or {}),
    }
    return {**made, "kibana.alert.end": _told(at)} if ended else made


NOON = time.time_ns()


def _told(seconds: float) -> str:
    return rfc3339((NOON + int(seconds * 1e9)) // 10**6 * 10**6)


def uid(uuid: str, start: float) -> str:
    return f"{uuid}@{_told(start)}"


@pytest.fixture(params=VERSIONS)
def elasticsearch(request: pytest.FixtureRequest) -> Elasticsearch:
    """Return a node, of either major version in turn: no client of Elasticsearch's is used here."""
    node: Elasticsearch = request.getfixturevalue(f"elasticsearch_{request.param}")
    return node


@pytest.fixture
def name() -> str:
    """Return what the indices of a test are called."""
    return uuid4().hex[:8]


def fetching(servers: Servers, url: str, name: str, **options: Any) -> Sidecar:
    """Start a sidecar that fetches alerts."""
    fetched = {"url": url, "indices": [f".alerts-{name}*"], "every_seconds": 0.2, **options}
    return start_sidecar(servers, {"live": HASTY, "kibana_alerts": fetched})


def state(sidecar: Sidecar) -> Any:
    """Return what it says of fetching."""
    return sidecar.read("status")["kibana_alerts"]


def statuses(sidecar: Sidecar) -> list[str]:
    return [group["status"] for group in sidecar.pages("groups", "groups")]


def stored(sidecar: Sidecar) -> list[str]:
    """Return the uids of all events, in groups and apart, as often as they are stored."""
    path = sidecar.data / "stormcell.db"
    if not path.exists():
        return []
    with SqliteStore(path, create=False) as store:
        atoms = [*(atom for group in store.groups() for atom in store.memberships(group.id)), *store.background()]
    return sorted(uid for atom in atoms for row in atom.rows for uid in row.members)


def test_they_are_grouped_and_recover(servers: Servers, elasticsearch: Elasticsearch, name: str) -> None:
    rules = Rules(elasticsearch, name)
    rules.write(alert(f"a{n}", -10 + n, at=-5) for n in range(4))
    sidecar = fetching(servers, elasticsearch.url, name, overlap_seconds=0)
    uids = frozenset(uid(f"a{n}", -10 + n) for n in range(4))
    until("the alerts to be grouped", lambda: sidecar.members() == {uids})
    [group] = sidecar.pages("groups", "groups")
    for member in sidecar.pages(f"groups/{group['id']}/members", "members"):
        assert (member["event"]["service"], member["event"]["text"]) == ("shop", "Latency threshold")
    # The rule runs again: nothing is new.
    known = state(sidecar)["known"]
    rules.write(alert(f"a{n}", -10 + n, at=-4) for n in range(4))
    until("them to be looked at again", lambda: state(sidecar)["known"] > known + 8)
    assert statuses(sidecar) == ["open"]
    rules.write(alert(f"a{n}", -10 + n, at=-3, ended=True) for n in range(3))
    until("them to be fetched", lambda: state(sidecar)["taken"] == 7)
    # The last one's rule is switched off, which Kibana notes without dating the document anew.
    rules.write([alert("a3", -7, {"kibana.alert.status": "untracked", "kibana.alert.end": _told(0)}, at=-4)])
    until("the group to be resolved", lambda: statuses(sidecar) == ["resolved"])
    assert sidecar.members() == {uids}
    assert state(sidecar)["taken"] == 8
    assert sidecar.received("alerts") == 8


def test_odd_documents_are_counted_and_the_others_come(
    servers: Servers, elasticsearch: Elasticsearch, name: str
) -> None:
    rules = Rules(elasticsearch, name)
    rules.write([alert("a", -5), alert("odd", -5, {"kibana.alert.start": "2023-11-14"}), alert("b", -4)])
    # No alerts: without what an alert cannot be without.
    elasticsearch.call("POST", f"{rules.alias}/_doc", {"@timestamp": _told(0)})
    elasticsearch.call("POST", f"{rules.alias}/_doc", {"kibana.alert.uuid": "never"})
    rules.write([alert("large", -5, {"kibana.alert.reason": "x" * (9 << 20)})])
    sidecar = fetching(servers, elasticsearch.url, name)
    until("the alerts to be grouped", lambda: sidecar.members() == {frozenset((uid("a", -5), uid("b", -4)))})
    until("odd ones to be counted", lambda: state(sidecar)["odd"] == 2)
    assert state(sidecar)["problem"] == ""


def test_only_those_of_a_space(servers: Servers, elasticsearch: Elasticsearch, name: str) -> None:
    rules = Rules(elasticsearch, name)
    rules.write([alert(space, -5, {"kibana.space_ids": [space]}) for space in ("ops", "other", "*")])
    sidecar = fetching(servers, elasticsearch.url, name, space="ops")
    uids = frozenset((uid("ops", -5), uid("*", -5)))
    until("the alerts to be grouped", lambda: sidecar.members() == {uids})


def test_where_there_are_none_yet_it_waits(servers: Servers, elasticsearch_9: Elasticsearch, name: str) -> None:
    sidecar = fetching(servers, elasticsearch_9.url, name)
    until("it to have asked", lambda: state(sidecar)["rounds"] > 1)
    assert state(sidecar)["problem"] == ""
    Rules(elasticsearch_9, name).write([alert("a", -5), alert("b", -5)])
    until("the alerts to be grouped", lambda: len(stored(sidecar)) == 2)


FLOOD = 50_000


def test_a_flood_comes_whole_though_it_is_killed(
    servers: Servers, elasticsearch_9: Elasticsearch, name: str
) -> None:
    rules = Rules(elasticsearch_9, name)
    # All that one run of a rule writes has the same time.
    for start in range(0, FLOOD, 5000):
        rules.write([alert(f"{n:05}", -20, at=start // 25_000) for n in range(start, start + 5000)])
    elasticsearch_9.call("POST", f"{rules.alias}/_refresh")
    sidecar = fetching(servers, elasticsearch_9.url, name)
    for _ in range(2):
        until("a part of it", lambda: state(sidecar)["taken"] >= FLOOD // 5)
        sidecar.server.kill()
        sidecar.again(servers)
    until("all of it", lambda: state(sidecar)["rounds"] >= 1)
    until("all to be grouped", lambda: _count(sidecar) == FLOOD)
    found = stored(sidecar)
    assert len(found) == len(set(found)) == FLOOD


def _count(sidecar: Sidecar) -> int:
    return sum(group["count"] for group in sidecar.pages("groups", "groups"))


def test_what_comes_while_it_does_not_answer_is_not_lost(
    servers: Servers, elasticsearch_9: Elasticsearch, name: str
) -> None:
    rules = Rules(elasticsearch_9, name)
    rules.write([alert("a0", -9)])
    with between(elasticsearch_9.url) as proxy:
        sidecar = fetching(servers, proxy.url, name, timeout_seconds=1)
        until("the first alert", lambda: state(sidecar)["taken"] == 1)
        said: list[str] = []
        faults: tuple[Fault, ...] = (Answer(503), Answer(429, "1"), CutResponse(20), Hang())
        for number, fault in enumerate(faults, 1):
            proxy.fail(fault)
            until("it to fail", lambda: bool(state(sidecar)["problem"]))
            said.append(state(sidecar)["problem"])
            rules.write([alert(f"a{number}", -9 + number, at=number)])
            # All else goes on.
            post(f"{sidecar.http}/v1/alerts/kibana", json.dumps(alert(f"sent{number}", -9)).encode())
            assert json.loads(get(f"{sidecar.http}/readyz"))["status"] == "ready"
            proxy.mend()
            until("it to go on", lambda: state(sidecar)["taken"] == len(said) + 1)
            until("all to be well", lambda: not state(sidecar)["problem"])
        proxy.refuse()
        until("it to fail", lambda: bool(state(sidecar)["problem"]))
    until("all to be stored", lambda: len(stored(sidecar)) == 9)
    assert "503" in said[0]
    assert "429" in said[1]


@pytest.fixture
def secure(elasticsearch_secure: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return what lets a sidecar be a user of the node."""

    def be(user: str) -> None:
        monkeypatch.setenv("STORMCELL_ELASTICSEARCH_USERNAME", user)
        monkeypatch.setenv("STORMCELL_ELASTICSEARCH_PASSWORD", password(user))

    return be


def test_the_right_to_read_is_enough(
    servers: Servers, elasticsearch_secure: Elasticsearch, name: str, secure: Callable[[str], None]
) -> None:
    Rules(elasticsearch_secure, name).write([alert("a", -5), alert("b", -5)])
    secure("alerts-reader")
    sidecar = fetching(servers, elasticsearch_secure.url, name, ca_file=elasticsearch_secure.ca_file)
    until("the alerts to be grouped", lambda: len(stored(sidecar)) == 2)


def test_what_is_wrong_with_who_we_are_is_said(
    servers: Servers,
    elasticsearch_secure: Elasticsearch,
    name: str,
    secure: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    Rules(elasticsearch_secure, name).write([alert("a", -5)])
    file = tmp_path / "password"
    file.write_text("wrong", "utf-8")
    secure("stranger")
    monkeypatch.delenv("STORMCELL_ELASTICSEARCH_PASSWORD")
    monkeypatch.setenv("STORMCELL_ELASTICSEARCH_PASSWORD_FILE", str(file))
    sidecar = fetching(servers, elasticsearch_secure.url, name, ca_file=elasticsearch_secure.ca_file)
    until("it to say so", lambda: "401" in state(sidecar)["problem"])
    file.write_text(password("stranger"), "utf-8")
    until("it to say so", lambda: "privilege `read`" in state(sidecar)["problem"])
    untrusting = fetching(servers, elasticsearch_secure.url, name)
    until("it to say so", lambda: "SSL" in state(untrusting)["problem"])

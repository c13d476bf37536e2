"""stormcell elasticsearch similar, with a memory of the test's own in the place of a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stormcell import registry
from stormcell.features.portrait import portrait
from stormcell.protocols import Memory, Projection
from stormcell.store import SqliteStore
from stormcell.types import Remembered
from tests.integration.program import Ran, stormcell
from tests.integration.telemetry import alert, log, logs, webhook, write

DAY = 86_400
GONE = "g-gone\x1b[31m"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three times the same outage of the cart, a day apart, and once another of the mail."""
    folder = tmp_path_factory.mktemp("similar")
    documents = []
    for day in range(3):
        at = day * DAY
        records = [log(f"c{day}-{n}", f"connection {n} to redis refused", at=at + n) for n in range(9)]
        documents += [
            logs(*records, service="cart"),
            webhook(alert(f"a{day}", "CartErrors", starts=f"2023-11-{14 + day}T22:13:23Z", service="cart")),
        ]
    records = [log(f"m-{n}", f"queue of letters {n} is full", at=4 * DAY + n) for n in range(9)]
    write(folder / "in" / "x.jsonl", *documents, logs(*records, service="mail"))
    (folder / "all.yaml").write_text("grouping:\n  gate: 0\n  max_groups: 1\n")  # every day is one incident
    ran = stormcell("group", folder / "in", "--out", folder / "out", "--config", folder / "all.yaml")
    assert ran.code == 0, ran.err
    return folder / "out"


class Kept:
    """What keeps copies, and only that."""

    def nothing(self, *_: object, **__: object) -> Any:
        raise AssertionError("only looked into")

    export = setup = project = rebuild = compare = note = nothing


class Copies(Kept):
    """Copies of all groups of a store, and of one that the store has forgotten."""

    def __init__(self, store: Path) -> None:
        with SqliteStore(store / "stormcell.db", create=False) as opened:
            groups = list(opened.groups())
        self.held = [
            Remembered(one.id, one.title, one.status, one.first_seen, one.last_seen, one.profile) for one in groups
        ]
        self.held.append(
            replace(self.held[0], id=GONE, title="Long ago", status="resolved", runbook="# Do this\n")
        )
        self.asked: dict[str, Any] = {}

    def similar(
        self,
        question: Sequence[float],
        target: str | Path,
        *,
        service: str = "",
        since: int | None = None,
        until: int | None = None,
        most: int = 50,
        exclude: str = "",
    ) -> Sequence[Remembered]:
        self.asked = {"target": target, "service": service, "since": since, "most": most, "exclude": exclude}
        with_one = [one for one in self.held if one.profile is not None and one.id != exclude]
        fits = [float(np.array(question) @ portrait(one.profile)) for one in with_one if one.profile]
        return [with_one[at] for at in np.argsort(-np.array(fits), kind="stable")[:most]]


@pytest.fixture
def copies(store: Path, monkeypatch: pytest.MonkeyPatch) -> Copies:
    made = Copies(store)
    assert isinstance(made, Projection)
    assert isinstance(made, Memory)
    monkeypatch.setattr(registry, "exporter", lambda kind, options: made if kind == "elasticsearch" else None)
    return made


def similar(store: Path, *arguments: str) -> Ran:
    return stormcell("elasticsearch", "similar", *arguments, "--store", store, "--url", "http://es:9200")


def test_groups_that_the_store_forgot_are_found_with_their_runbooks(store: Path, copies: Copies) -> None:
    asked, *others = [one.id for one in copies.held]
    cart = [one.id for one in copies.held if one.title == copies.held[0].title or one.id == GONE]
    ran = similar(store, asked, "--top", "1")
    assert (ran.code, ran.err) == (0, "")
    # It is equal, and resolved. Its id cannot switch the terminal's colours.
    assert ran.out.startswith("1. g-gone\\x1b[31m  0.000 away  Long ago\n   resolved, from 2023-11-14T22:13:2")
    assert ", no longer in the store\n" in ran.out
    assert "runbook: in Elasticsearch; --json prints it" in ran.out
    found = similar(store, asked, "--json").json
    assert found["group"] == asked
    assert {each["id"] for each in found["similar"]} == set(others)
    first = found["similar"][0]
    assert (first["id"], first["in_store"], first["runbook"]) == (GONE, False, {"markdown": "# Do this\n"})
    assert [each["id"] in cart for each in found["similar"]] == sorted(
        (each["id"] in cart for each in found["similar"]), reverse=True
    )
    for each in found["similar"]:
        assert sum(field["share"] for field in each["fields"]) == pytest.approx(each["dissimilarity"])


def test_the_answer_is_that_of_the_store_itself(store: Path, copies: Copies) -> None:
    del copies.held[-1]
    for one in list(copies.held):
        there = similar(store, one.id, "--json").json["similar"]
        here = stormcell("groups", "similar", one.id, "--store", store, "--json").json["similar"]
        far = {each["id"]: each["dissimilarity"] for each in here}
        assert [each["id"] for each in there] == list(far)
        assert [each["dissimilarity"] for each in there] == pytest.approx(list(far.values()))
    # What is rare is known of the store's groups, too, and so not another with fewer copies.
    del copies.held[-1]
    asked, *others = copies.held
    found = similar(store, asked.id, "--json").json["similar"]
    far = {
        each["id"]: each["dissimilarity"]
        for each in stormcell("groups", "similar", asked.id, "--store", store, "--json").json["similar"]
    }
    assert {each["id"] for each in found} == {one.id for one in others}
    assert [each["dissimilarity"] for each in found] == pytest.approx([far[each["id"]] for each in found])


def test_what_is_asked_for_reaches_the_server(store: Path, copies: Copies) -> None:
    asked = copies.held[0].id
    assert similar(store, asked[:5], "--service", "cart", "--since", "1970-01-02").code == 0
    assert copies.asked == {
        "target": "http://es:9200",
        "service": "cart",
        "since": DAY * 10**9,
        "most": 50,
        "exclude": asked,
    }


def test_copies_without_a_profile_are_passed_over(store: Path, copies: Copies) -> None:
    asked = copies.held[0].id
    copies.similar = lambda *_, **__: [replace(one, profile=None) for one in copies.held]  # type: ignore[method-assign]
    ran = similar(store, asked)
    assert (ran.code, ran.out) == (0, "")
    assert "None is like it there; `stormcell elasticsearch push` brings" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("g-nothing",), 1, "no group 'g-nothing' in the store"),
        (("g-", "--since", "yesterday"), 2, "2026-01-31T22:00:00Z, found 'yesterday'"),
    ],
)
def test_wrong_use(store: Path, copies: Copies, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = similar(store, *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in " ".join(ran.err.split())


def test_an_exporter_that_finds_nothing(store: Path, copies: Copies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "exporter", lambda kind, options: Kept())
    ran = similar(store, copies.held[0].id)
    assert (ran.code, ran.out) == (2, "")
    assert "lacks the method `similar`" in ran.err

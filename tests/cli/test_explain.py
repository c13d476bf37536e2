"""stormcell explain."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from stormcell.store import SqliteStore
from stormcell.types import Membership
from tests.integration.program import stormcell
from tests.integration.telemetry import alert, log, logs, span, traces, webhook, write


@pytest.fixture(scope="module")
def atoms(grouped: Path) -> list[Membership]:
    with SqliteStore(grouped / "stormcell.db", create=False) as store:
        return [atom for group in store.groups() for atom in store.memberships(group.id)]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A store of one trace, three equal log records and an alert."""
    path = tmp_path / "in"
    write(path / "t.jsonl", traces(span(1, "GET /cart"), span(2, "SELECT", parent=1)))
    write(path / "l.jsonl", logs(*(log(f"log-{i}", "disk full", at=i / 10) for i in range(3))))
    write(
        path / "a.json",
        webhook(alert("fa11", "DiskFull"), alert("fa11", "DiskFull", starts="2023-11-14T22:30:00Z")),
    )
    assert stormcell("group", path, "--out", tmp_path / "out").code == 0
    return tmp_path / "out"


def test_shares_sum_to_the_dissimilarity(grouped: Path, atoms: list[Membership]) -> None:
    apart = [atom for atom in atoms if atom.dissimilarity > 0][::10]
    assert apart
    for atom in apart:
        told = stormcell("explain", atom.rows[0].event.uid, "--store", grouped, "--json").json
        assert sum(share["share"] for share in told["shares"]) == pytest.approx(told["dissimilarity"], abs=1e-6)
        assert told["group"] == atom.group
        assert atom.rows[0].event.uid in told["members"]


def test_words_name_the_links_the_shares_and_the_runner_up(grouped: Path, atoms: list[Membership]) -> None:
    atom = next(atom for atom in atoms if atom.runner_up and atom.dissimilarity > 0 and atom.links)
    link = atom.links[0]
    ran = stormcell("explain", link.a, "--store", grouped)
    assert (ran.code, ran.err) == (0, "")
    assert f"In group {atom.group}: " in ran.out
    assert f"Dissimilarity to the exemplar's atom {atom.dissimilarity:.4f}, the sum of:" in ran.out
    assert f"Runner-up {atom.runner_up}: " in ran.out
    assert f"margin {atom.margin:.4f}" in ran.out
    for share in atom.shares:
        assert share.name in ran.out
    assert link.key in ran.out
    assert link.b in ran.out


def test_the_exemplar_itself(grouped: Path) -> None:
    group = json.loads((grouped / "groups.json").read_bytes())["groups"][0]
    ran = stormcell("explain", group["medoid"]["uid"], "--store", grouped)
    assert "This atom holds the exemplar itself: dissimilarity 0." in ran.out


def test_a_background_event(grouped: Path) -> None:
    uid = json.loads((grouped / "groups.json").read_bytes())["background"][0]
    ran = stormcell("explain", uid, "--store", grouped)
    assert ran.code == 0
    assert "Background: its surprise is " in ran.out
    assert "In group" not in ran.out
    told = stormcell("explain", uid, "--store", grouped, "--json").json
    assert (told["event"], told["group"], told["runner_up"], told["shares"]) == (uid, None, None, [])


def test_an_alert_by_its_fingerprint(grouped: Path, atoms: list[Membership]) -> None:
    uids = [row.event.uid for atom in atoms for row in atom.rows if "@" in row.event.uid]
    fingerprints = [uid.partition("@")[0] for uid in uids]
    uid = next(
        uid for uid, fingerprint in zip(uids, fingerprints, strict=True) if fingerprints.count(fingerprint) == 1
    )
    told = stormcell("explain", uid.partition("@")[0], "--store", grouped, "--json").json
    assert told["event"] == uid
    assert f"alert {uid} of " in stormcell("explain", uid.partition("@")[0], "--store", grouped).out


def test_a_fingerprint_of_several_alerts(small: Path) -> None:
    ran = stormcell("explain", "fa11", "--store", small)
    assert (ran.code, ran.out) == (1, "")
    first, second = "fa11@2023-11-14T22:13:20.000Z", "fa11@2023-11-14T22:30:00.000Z"
    assert f"2 alerts are fa11: {first}, {second}; write one of these" in ran.err
    assert f"alert {second} of shop" in stormcell("explain", second, "--store", small).out


def test_the_reason_of_a_link_in_words(small: Path) -> None:
    ran = stormcell("explain", "0000000000000002", "--store", small)
    assert "same trace 5b8efff798038103d269b633813fc600" in ran.out
    told = stormcell("explain", "0000000000000002", "--store", small, "--json").json
    trace = [link for link in told["links"] if link["reason"] == "trace"]
    assert [sorted((link["a"], link["b"])) for link in trace] == [["0000000000000001", "0000000000000002"]]


def test_an_event_that_another_stands_for(small: Path) -> None:
    ran = stormcell("explain", "log-2", "--store", small)
    assert "log log-0 of shop" in ran.out
    assert "It stands for 3 equal events of one moment, log-2 among them." in ran.out
    assert stormcell("explain", "log-2", "--store", small, "--json").json["event"] == "log-2"


@pytest.mark.parametrize("options", [[], ["--json"]], ids=str)
def test_an_unknown_event(options: list[str], grouped: Path) -> None:
    ran = stormcell("explain", "nobody", "--store", grouped, *options)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "stormcell: no event 'nobody' in the store; was its file among those that were grouped?\n"


def test_json_is_complete(small: Path) -> None:
    told: dict[str, Any] = stormcell("explain", "0000000000000001", "--store", small, "--json").json
    keys = "event group surprise stray members links dissimilarity shares runner_up runner_up_dissimilarity margin"
    assert set(told) == {*keys.split(), "feedback", "rules", "template"}


def test_tells_the_values_of_its_template_and_which_vary(grouped: Path) -> None:
    groups = json.loads((grouped / "groups.json").read_bytes())["groups"]
    group = next(group for group in groups if "ticketExecute" in group["medoid"]["text"])
    uid = group["medoid"]["uid"]
    template = stormcell("explain", uid, "--store", grouped, "--json").json["template"]
    [slot] = template["slots"]
    assert (slot["name"], slot["kind"], slot["constant"]) == ("orderId", "uuid", False)
    assert slot["value"] in group["medoid"]["text"]
    ran = stormcell("explain", uid, "--store", grouped)
    assert f"orderId = {slot['value']} (varies)" in ran.out


def test_a_runner_up_that_has_gone_is_still_named(grouped: Path, tmp_path: Path) -> None:
    out = shutil.copytree(grouped, tmp_path / "out")
    groups = json.loads((out / "groups.json").read_bytes())["groups"]
    group = next(group for group in groups if group["margin"] is not None)
    uid = group["members"][0]
    runner_up = stormcell("explain", uid, "--store", out, "--json").json["runner_up"]
    with sqlite3.connect(out / "stormcell.db") as store:
        store.execute("PRAGMA foreign_keys = OFF")
        store.execute("DELETE FROM groups WHERE id = ?", (runner_up,))
    store.close()
    ran = stormcell("explain", uid, "--store", out)
    assert (ran.code, ran.err) == (0, "")
    assert f"Runner-up {runner_up}: (grouped anew since)" in ran.out

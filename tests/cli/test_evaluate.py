"""stormcell evaluate."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import jsonschema
import pytest

from stormcell.render import schema
from tests.integration.program import EXAMPLE, ROOT, Ran, stormcell
from tests.integration.telemetry import good

pytestmark = pytest.mark.slow

DATA = ROOT / "benchmarks" / "data" / "trainticket-overlap"
TRUTH = DATA / "truth.csv.gz"


@pytest.fixture(scope="module")
def predictions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("predictions") / "new"


@pytest.fixture(scope="module")
def ran(predictions: Path) -> Ran:
    """The example, scored with the truth of the whole data that it is cut from."""
    return stormcell("evaluate", EXAMPLE, "--truth", TRUTH, "--json", "--predictions", predictions)


def test_json_has_both_modes_beside_the_baseline(ran: Ran) -> None:
    assert ran.code == 0
    modes = ran.json["modes"]
    assert set(modes) == {"A", "B"}
    for mode in modes.values():
        for method in ("stormcell", "silence"):
            scores = mode[method]
            assert -1 <= scores["ari"] <= 1
            for name in ("precision", "recall", "f1", "homogeneity", "completeness", "contamination"):
                assert 0 <= scores[name] <= 1
        assert 0 <= mode["services"]["blamed_at_1"] <= mode["services"]["blamed_at_3"] <= 1
    assert modes["A"]["stormcell"]["contamination"] == 0


def test_json_counts_the_events(ran: Ran) -> None:
    truth = _truth()
    assert ran.json["events"] == stormcell("group", EXAMPLE, "--json").json["events"]
    assert ran.json["labelled"] + ran.json["unlabelled"] == ran.json["events"]
    assert ran.json["labelled"] + ran.json["unmatched"] == len(truth)
    assert ran.json["unmatched"] > 0


def test_predictions_are_valid_and_spell_uids_as_the_truth_does(ran: Ran, predictions: Path) -> None:
    truth = _truth()
    assert {path.name for path in predictions.iterdir()} == {"A.json", "B.json"}
    for name, kept in (("A", {uid for uid in truth if truth[uid] != "noise"}), ("B", set(truth))):
        document = json.loads((predictions / f"{name}.json").read_bytes())
        jsonschema.validate(document, schema(), cls=jsonschema.Draft202012Validator)
        grouped = [uid for group in document["groups"] for uid in group["members"]]
        placed = [*grouped, *document["background"]]
        assert len(placed) == len(set(placed)) == document["events"]
        assert len(set(placed) & kept) > 0.9 * len(placed)
        for group in document["groups"]:
            assert {group["medoid"]["uid"], group["earliest"], group["most_severe"]} <= set(group["members"])
    assert set(placed) & kept == {uid for uid in placed if "@" not in uid}


def test_the_table_says_what_json_says(ran: Ran) -> None:
    table = stormcell("evaluate", EXAMPLE, "--truth", TRUTH)
    assert table.code == 0
    rows = [line.split() for line in table.out.splitlines()]
    for mode in ("A", "B"):
        for method in ("stormcell", "silence"):
            row = next(row for row in rows if row[:2] == [mode, method])
            scores = ran.json["modes"][mode][method]
            assert [float(cell) for cell in row[2:6]] == [
                round(scores[name], 3) for name in ("ari", "precision", "recall", "f1")
            ]
    assert f"{ran.json['events']:,} events" in table.out
    assert "\x1b" not in table.out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "truth.csv:1: expected the columns uid, signal, incident, class, found no uid"),
        (
            "uid,signal,class\n",
            "truth.csv:1: expected the columns uid, signal, incident, class, found no incident",
        ),
        ("uid,signal,incident,class\n", "truth.csv:2: expected a line for each event, found none"),
        ("uid,signal,incident,class\na,log,1,x\nb,log\n", "truth.csv:3: expected a uid and an incident"),
        ("uid,signal,incident,class\n,log,1,x\n", "truth.csv:2: expected a uid and an incident"),
        ("uid,signal,incident,class\n\x1b[31m,log,,x\n", "truth.csv:2: expected a uid and an incident"),
        ("uid,signal,incident,class\nnobody,log,1,x\n", "none of the 2 events is in an incident of the truth"),
        ("uid,signal,incident,class\ngood-1,log,noise,x\n", "none of the 2 events is in an incident of the truth"),
    ],
)
def test_a_bad_truth_exits_2_and_says_where(text: str, message: str, tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text(text)
    ran = stormcell("evaluate", good(tmp_path / "in"), "--truth", truth)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert "\x1b" not in ran.err


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\x1f\x8b\x08 cut", gzip.compress(b"uid" * 999, mtime=0)[:-9]])
def test_a_truth_that_cannot_be_read_exits_2(data: bytes, tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_bytes(data)
    ran = stormcell("evaluate", good(tmp_path / "in"), "--truth", truth)
    assert ran.code == 2
    assert f"cannot read the truth {truth}" in ran.err


def test_a_missing_truth_exits_2(tmp_path: Path) -> None:
    ran = stormcell("evaluate", good(tmp_path), "--truth", tmp_path / "gone.csv")
    assert ran.code == 2
    assert "gone.csv" in ran.err


def _truth() -> dict[str, str]:
    with gzip.open(TRUTH, "rt", encoding="utf-8", newline="") as file:
        return {row["uid"]: row["incident"] for row in csv.DictReader(file)}


@pytest.mark.slow
def test_feedback_is_tried(tmp_path: Path, grouped: Path) -> None:
    lines = tmp_path / "feedback.jsonl"
    groups = json.loads((grouped / "groups.json").read_bytes())["groups"]
    background = json.loads((grouped / "groups.json").read_bytes())["background"]

    def pinned(*uids: str) -> str:
        mark = {"uids": uids, "fingerprint": "x", "signal": "log", "service": "", "template": "\x1b[31m"}
        return json.dumps({"id": f"f-{uids[0]}", "kind": "pin", "marks": [mark]}) + "\n"

    lines.write_text(pinned(groups[0]["members"][0]) + "\n" + pinned("gone"))
    ran = stormcell("evaluate", EXAMPLE, "--truth", TRUTH, "--feedback", lines, "--json")
    assert ran.code == 0, ran.err
    assert [found["state"] for found in ran.json["feedback"]] == ["honoured", "absent"]
    for mode in ran.json["modes"].values():
        # A pin moves no event.
        assert mode["without feedback"] == mode["stormcell"]
    lines.write_text(pinned(background[0]))
    ran = stormcell("evaluate", EXAMPLE, "--truth", TRUTH, "--feedback", lines)
    assert ran.code == 1
    assert "without feedback" in ran.out
    assert "impossible: the events of which it was said are background now" in ran.out


@pytest.mark.slow
def test_feedback_of_a_store(grouped: Path) -> None:
    ran = stormcell("evaluate", EXAMPLE, "--truth", TRUTH, "--feedback", grouped, "--json")
    assert (ran.code, ran.json["feedback"]) == (0, [])


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        '{"id": "f", "kind": "pin", "marks": []}',
        '{"id": "f", "kind": "nothing", "marks": []}',
        '{"id": "f", "kind": "pin", "marks": [{"uids": [1], "fingerprint": ""}]}',
        '{"id": "f", "kind": "merge", "marks": [{"uids": ["a"]}, {"uids": ["b"]}]}',
    ],
)
def test_broken_feedback_names_the_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(f"\n{line}\n")
    ran = stormcell("evaluate", EXAMPLE, "--truth", TRUTH, "--feedback", path)
    assert (ran.code, ran.out) == (2, "")
    assert f"{path}:2: expected a line of `stormcell groups feedback --json`" in ran.err

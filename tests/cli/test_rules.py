"""The rules of the house on the command line: config check --against, group and explain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.program import EXAMPLE, ROOT, stormcell
from tests.integration.telemetry import alert, log, logs, webhook, write


def settings(folder: Path, **sections: Any) -> Path:
    """Write a settings file."""
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump(sections))
    return file


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Logs of shop and an alert on it at the same time."""
    folder = tmp_path / "in"
    write(folder / "logs.jsonl", logs(*(log(f"log-{at}", f"refused {at}", at=at) for at in range(8))))
    down = alert("down", "ShopDown", starts="2023-11-14T22:13:24Z", tenant="acme")
    write(folder / "alerts.jsonl", webhook(down))
    return folder


APART = {"name": "alerts", "when": {"signal": "alert"}, "from": {"signal": "log"}}


def test_against_tells_what_each_rule_does(tmp_path: Path, events: Path) -> None:
    file = settings(
        tmp_path,
        rules={
            "same": ["zone"],
            "together": [
                {"name": "refusals", "when": {"text": "~refused"}},
                {"name": "none", "when": {"service": "x"}},
            ],
            "apart": [APART],
        },
        notifications={
            "exporters": [{"name": "page", "kind": "ndjson", "target": "out", "when": {"severity": "critical"}}],
            "silences": [
                {
                    "name": "move",
                    "when": {"service": "shop"},
                    "starts": "2023-11-14T22:00:00Z",
                    "ends": "2023-11-14T23:00:00Z",
                }
            ],
            "maintenance": [{"name": "nights", "days": ["sat"], "from": "22:00", "to": "04:00"}],
        },
    )
    ran = stormcell("config", "check", "--config", file, "--against", events, "--json")
    assert ran.code == 0, ran.err
    found = ran.json
    assert (found["events"], found["groups"], found["without"]) == (9, 2, 1)
    told = {one["rule"]: one for one in found["rules"]}
    assert [told[name]["state"] for name in told] == ["absent", "honoured", "absent", "honoured"]
    assert (told["refusals"]["events"], told["refusals"]["moved"]) == (8, 0)
    assert told["alerts"]["events"] == 9
    [split] = found["regrouped"]
    assert (split["merged"], split["rules"]) == (False, ["alerts"])
    assert sorted(part["events"] for part in split["parts"]) == [1, 8]
    assert {part["example"] for part in split["parts"]} == {"log-0", "down@2023-11-14T22:13:24.000Z"}
    matched = {one["name"]: (one["kind"], one["groups"], one["now"]) for one in found["matched"]}
    assert matched == {"page": ("route", 1, 1), "move": ("silence", 2, 2), "nights": ("maintenance", 2, 0)}

    table = stormcell(
        "config", "check", "--config", file, "--against", events / "logs.jsonl", events / "alerts.jsonl"
    )
    assert table.code == 0
    assert "Split by alerts: " in table.out
    assert "Matches nothing: rule zone, rule none" in table.out
    assert "9 events: 2 groups with these rules, 1 without." in table.err


def test_a_rule_that_cannot_be_kept_exits_1_and_group_says_so(tmp_path: Path, events: Path) -> None:
    both = {"name": "both", "when": {"signal": "alert"}, "from": {"service": "shop"}}
    file = settings(tmp_path, rules={"apart": [both]})
    ran = stormcell("config", "check", "--config", file, "--against", events)
    why = "an event is on both sides of it: down@2023-11-14T22:13:24.000Z"
    assert ran.code == 1
    assert f"Rule both cannot be kept: {why}" in ran.out
    grouped = stormcell("group", events, "--config", file)
    assert grouped.code == 0
    assert f"Rule both impossible: {why}" in grouped.err


def test_explain_names_the_rule(tmp_path: Path, events: Path) -> None:
    file = settings(tmp_path, rules={"apart": [APART]})
    out = tmp_path / "out"
    assert stormcell("group", events, "--config", file, "--out", out).code == 0
    moved = stormcell("explain", "down", "--store", out)
    stayed = stormcell("explain", "log-0", "--store", out)
    said = "Put there by rule alerts of the house (rules)."
    assert [said in one.out for one in (moved, stayed)].count(True) == 1
    uid = "down" if said in moved.out else "log-0"
    found = stormcell("explain", uid, "--store", out, "--json").json
    assert found["rules"] == ["alerts"]
    assert found["dissimilarity"] == pytest.approx(sum(share["share"] for share in found["shares"]))


def test_a_condition_reads_hostile_text_and_prints_it_harmless(tmp_path: Path) -> None:
    file = write(tmp_path / "in.jsonl", logs(log("u\x1b[31m", "boom \x1b]0;x", at=0), log("v", "calm", at=1)))
    rules = settings(
        tmp_path, rules={"apart": [{"name": "a", "when": {"text": "~boom"}, "from": {"text": "calm"}}]}
    )
    ran = stormcell("config", "check", "--config", rules, "--against", file)
    assert ran.code == 0
    assert "\x1b" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        (
            {"rules": {"together": [{"name": "a", "when": {"servce": "x"}}]}},
            "rules.together.0.when (STORMCELL_RULES__TOGETHER__0__WHEN): Value error, servce: no such field",
        ),
        ({"rules": {"together": [{"name": "a", "when": {}}]}}, "expected at least one field"),
        ({"rules": {"apart": [{"name": "a", "when": {"service": "x"}}]}}, "rules.apart.0.from"),
        (
            {"rules": {"apart": [APART], "together": [{"name": "alerts", "when": {"text": "x"}}]}},
            "'alerts' comes twice",
        ),
        ({"rules": {"together": [{"name": "A b", "when": {"text": "x"}}]}}, "rules.together.0.name"),
        ({"rules": {"same": [""]}}, "rules.same.0.name"),
        ({"notifications": {"severity": []}}, "notifications.severity"),
        (
            {"rules": {"apart": [{"name": "a", "when": {"text": "x"}, "from": {"any": [{"text": "~(a+)+b"}]}}]}},
            "rules.apart[0].from.any[0].text (~(a+)+b): takes more than 0.5 s",
        ),
        (
            {
                "notifications": {
                    "exporters": [{"name": "e", "kind": "k", "target": "t", "when": {"title": "~(x|xx)+c"}}]
                }
            },
            "notifications.exporters[0].when.title (~(x|xx)+c): takes more than 0.5 s",
        ),
    ],
)
def test_wrong_rules_exit_2_and_say_where(tmp_path: Path, sections: dict[str, Any], message: str) -> None:
    ran = stormcell("config", "check", "--config", settings(tmp_path, **sections))
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_rules_are_shown_as_they_are_written(tmp_path: Path) -> None:
    file = settings(tmp_path, rules={"apart": [APART], "same": ["tenant"]})
    shown = stormcell("config", "show", "--config", file)
    assert yaml.safe_load(shown.out)["rules"]["apart"] == [APART]
    again = tmp_path / "again.yaml"
    again.write_text(shown.out)
    assert stormcell("config", "show", "--config", again).out == shown.out


def test_wrong_use_exits_2(tmp_path: Path, events: Path) -> None:
    for arguments in ([str(events)], ["--against", "-"], ["--against", str(tmp_path / "gone")]):
        ran = stormcell("config", "check", *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err
    assert stormcell("config", "check", "--json").json == {"valid": True, "not_here": []}


@pytest.mark.slow
def test_the_document_shows_what_is_printed(tmp_path: Path) -> None:
    document = (ROOT / "docs" / "rules.md").read_text()
    [written] = re.findall(r"<!-- settings -->\n```yaml\n(.*?)```", document, re.DOTALL)
    [shown] = re.findall(r"<!-- output -->\n```\n(.*?)```", document, re.DOTALL)
    file = tmp_path / "stormcell.yaml"
    file.write_text(written)
    ran = stormcell("config", "check", "--config", file, "--against", EXAMPLE)
    assert ran.code == 0
    assert [line.rstrip() for line in (ran.out + ran.err).splitlines()] == shown.splitlines()


def test_every_condition_of_the_document_is_one(tmp_path: Path) -> None:
    document = (ROOT / "docs" / "rules.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)
    assert len(blocks) > 6
    for number, block in enumerate(blocks):
        file = tmp_path / f"{number}.yaml"
        condition = yaml.safe_load(block).get("when")
        file.write_text(
            block
            if condition is None
            else yaml.safe_dump({"rules": {"together": [{"name": "a", "when": condition}]}})
        )
        ran = stormcell("config", "check", "--config", file)
        assert ran.code == 0, ran.err

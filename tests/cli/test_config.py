"""stormcell config."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from stormcell.config import Settings
from tests.integration.program import stormcell
from tests.integration.telemetry import good, log, logs, write


def test_show_is_a_settings_file_of_its_own(tmp_path: Path) -> None:
    shown = stormcell("config", "show")
    assert (shown.code, shown.err) == (0, "")
    assert yaml.safe_load(shown.out) == Settings().model_dump(mode="json")
    file = tmp_path / "stormcell.yaml"
    file.write_text(shown.out)
    assert stormcell("config", "show", "--config", file).out == shown.out


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stormcell.yaml").write_text("grouping: {gate: 2, max_groups: 7}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORMCELL_GROUPING__GATE", "3")
    shown = stormcell("config", "show", "--json").json["grouping"]
    assert (shown["gate"], shown["max_groups"]) == (3, 7)


def test_check_of_good_settings(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("grouping: {gate: 2}\n")
    ran = stormcell("config", "check", "--config", file)
    assert (ran.code, ran.out, ran.err) == (0, "", "The settings are valid.\n")


def test_check_tells_what_is_not_here(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = {
        "receivers": {
            "tokens_file": str(tmp_path / "tokens.json"),
            "tokens": [{"name": "a", "variable": "STORMCELL_TEST_NOBODY_SETS"}],
            "tls_certificate": str(tmp_path / "no.crt"),
            "tls_key": str(tmp_path),
        },
        "drafts": {"runbooks": [str(tmp_path / "runbooks"), str(tmp_path)]},
        "store": {"path": str(tmp_path / "none" / "s.db")},
        "live": {"data": str(tmp_path / "file")},
    }
    file = tmp_path / "mine.yaml"
    file.write_text(json.dumps(settings))
    expected = [
        f"receivers.tokens_file: {tmp_path}/tokens.json is not here",
        f"receivers.tls_certificate: {tmp_path}/no.crt is not here",
        f"receivers.tls_key: {tmp_path} is no file",
        "receivers.tokens, a: the variable STORMCELL_TEST_NOBODY_SETS is not set here",
        f"drafts.runbooks: the folder {tmp_path}/runbooks is not here",
        f"store.path: the folder {tmp_path}/none is not here",
        f"live.data: the folder {tmp_path}/file is none",
    ]
    ran = stormcell("config", "check", "--config", file, "--json")
    assert (ran.code, ran.json) == (0, {"valid": True, "not_here": expected})
    assert ran.err.splitlines() == expected


@pytest.mark.parametrize(
    ("receivers", "message"),
    [
        ({"tokens_file": "tokens.json"}, "is no file of tokens as `stormcell token` writes it"),
        ({"http_host": "0.0.0.0"}, "receivers.http_host is 0.0.0.0, which others can reach"),
        ({"tls_certificate": "tokens.json", "tls_key": "tokens.json"}, "expected two PEM files that belong"),
        ({"tls_client_ca": "tokens.json"}, "tls_client_ca needs TLS"),
    ],
)
def test_what_a_sidecar_would_not_start_with_is_wrong(
    tmp_path: Path, receivers: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tokens.json").write_text("{}")
    (tmp_path / "stormcell.yaml").write_text(json.dumps({"receivers": receivers}))
    ran = stormcell("config", "check")
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "grouping: {gate: -1}",
            "grouping.gate (STORMCELL_GROUPING__GATE): Input should be greater than or equal",
        ),
        ("grouping: {gate: .nan}", "grouping.gate"),
        ("grouping: {gats: 1}", "grouping.gats (STORMCELL_GROUPING__GATS): no such setting"),
        ("nonsense: 1", "nonsense (STORMCELL_NONSENSE): no such setting"),
        ("- a list", "expected sections such as `grouping:`, found list"),
        ("a: [", "is not valid YAML"),
        ("grouping: \x1b[31m", "is not valid YAML"),
    ],
)
@pytest.mark.parametrize("command", [["config", "check"], ["config", "show"], ["group"]], ids=" ".join)
def test_wrong_settings_exit_2_and_say_where(command: list[str], text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    paths = [good(tmp_path)] if command == ["group"] else []
    ran = stormcell(*command, *paths, "--config", file)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert str(file) in ran.err
    assert "\x1b" not in ran.err


@pytest.mark.parametrize(
    ("exporter", "message"),
    [
        (
            "{name: a, kind: nosuch, target: b}",
            "no exporter is called 'nosuch'; there are: console, elasticsearch",
        ),
        ("{name: a, kind: console, target: b, options: {colour: 1}}", "has no option 'colour'; it takes none"),
        ("{name: a, kind: console, target: b, options: {colour: [1]}}", "options.colour"),
        ("{name: a, kind: console, target: b, options: {share: .inf}}", "found float"),
    ],
)
@pytest.mark.parametrize("command", [["config", "check"], ["sidecar"]], ids=" ".join)
def test_exporters_that_cannot_be_used_exit_2(
    command: list[str], exporter: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stormcell.yaml").write_text(f"notifications: {{exporters: [{exporter}]}}\n")
    ran = stormcell(*command)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_a_wrong_variable_exits_2_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORMCELL_ROWS__BUCKET_SECONDS", "soon")
    ran = stormcell("config", "check")
    assert ran.code == 2
    assert "STORMCELL_ROWS__BUCKET_SECONDS" in ran.err


def test_a_missing_file_exits_2(tmp_path: Path) -> None:
    ran = stormcell("config", "check", "--config", tmp_path / "gone.yaml")
    assert ran.code == 2
    assert "gone.yaml: No such file or directory" in ran.err


def test_reference_tells_every_setting_with_its_default() -> None:
    rows = [
        line.split("|") for line in stormcell("config", "reference").out.splitlines() if line.startswith("| `")
    ]
    told = {row[3].strip(" `"): row[2].strip(" `") for row in rows}
    settings = Settings().model_dump(mode="json")
    assert told == {
        f"STORMCELL_{section}__{name}".upper(): str(value)
        for section, values in settings.items()
        for name, value in values.items()
    }
    assert all(row[4].strip() for row in rows)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "disk",
            "---\ntitle: T\nmatch: [{signal: log}]\n---\n{% broken %}",
            "disk.md.j2:5: Encountered unknown tag",
        ),
        ("default", "# Mine", "default.md.j2:1: expected front matter with a title"),
    ],
)
def test_a_broken_template_of_ones_own_exits_2_and_writes_nothing(
    name: str, text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORMCELL_DRAFTS__TEMPLATES", json.dumps([str(tmp_path)]))
    (tmp_path / f"{name}.md.j2").write_text(text)
    ran = stormcell("group", good(tmp_path / "in"), "--out", tmp_path / "out")
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert not (tmp_path / "out").exists()


ORDER = {"name": "order", "pattern": "ord [a-z]{3}", "examples": {"lost ord abc": "lost <order>"}}


OTHER = {"name": "other", "pattern": "x+y", "examples": {"axxy b": "a<other> b", "xx": "xx"}}


def masks(folder: Path, *masks: object) -> Path:
    """Write a settings file with masks."""
    file = folder / "mine.yaml"
    file.write_text(yaml.safe_dump({"text": {"masks": list(masks)}}))
    return file


def test_masks_of_ones_own_are_tried_and_shown(tmp_path: Path) -> None:
    file = masks(tmp_path, ORDER, OTHER)
    ran = stormcell("config", "check", "--config", file)
    assert (ran.code, ran.out, ran.err) == (0, "", "The settings are valid.\n")
    shown = stormcell("config", "show", "--config", file, "--json").json["text"]["masks"]
    assert shown == [ORDER, OTHER]


WRONG_MASKS = {
    "wrong example": (
        {"examples": {"lost ord abc": "lost <mine>", "ord abc": "gone"}},
        "text.masks[1] (mine): expected 'ord abc' to become 'gone', found '<mine>'",
    ),
    "wrong name in an example": (
        {"examples": {"ord abc": "<order>"}},
        "text.masks[1] (mine): expected 'ord abc' to become '<order>', found '<mine>'",
    ),
    "ends never": (
        {"pattern": "(a+)+b", "examples": {"x aab": "x <mine>"}},
        "text.masks[1] (mine): takes more than 0.5 s for the text 'a",
    ),
    "ends never on its example": (
        {"pattern": "(a+)+b", "examples": {"a" * 40: "a" * 40}},
        f"text.masks[1] (mine): takes more than 0.5 s for the text '{'a' * 40}'",
    ),
    "alternatives that overlap": (
        {"pattern": "(?:a|aa)+c", "examples": {"x aac": "x <mine>"}},
        "text.masks[1] (mine): takes more than 0.5 s",
    ),
    "no regular expression": (
        {"pattern": "(order"},
        "text.masks.1.pattern (STORMCELL_TEXT__MASKS__1__PATTERN): Value error, not a regular expression: missing",
    ),
    "matches the empty text": ({"pattern": "a*"}, "Value error, matches the empty text, and so everywhere"),
    "empty": ({"pattern": ""}, "text.masks.1.pattern"),
    "too long": ({"pattern": "a" * 1001}, "text.masks.1.pattern"),
    "name with capitals": ({"name": "Order"}, "text.masks.1.name"),
    "name with a sign": ({"name": "a>b"}, "text.masks.1.name"),
    "name with a line end": ({"name": "order\n"}, "text.masks.1.name"),
    "no name": ({"name": ""}, "text.masks.1.name"),
    "name too long": ({"name": "a" * 33}, "text.masks.1.name"),
    "no example": ({"examples": {}}, "text.masks.1.examples"),
    "an example that is none": ({"examples": ["ord abc"]}, "text.masks.1.examples"),
    "no such setting": (
        {"patern": "x"},
        "text.masks.1.patern (STORMCELL_TEXT__MASKS__1__PATERN): no such setting",
    ),
}


@pytest.mark.parametrize(("change", "message"), WRONG_MASKS.values(), ids=WRONG_MASKS)
def test_a_wrong_mask_exits_2_and_is_named(change: dict[str, object], message: str, tmp_path: Path) -> None:
    mine = {"name": "mine", "pattern": "ord [a-z]{3}", "examples": {"lost ord abc": "lost <mine>"}, **change}
    ran = stormcell("config", "check", "--config", masks(tmp_path, ORDER, mine))
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


@pytest.mark.parametrize("command", [["config", "show"], ["group"]], ids=" ".join)
def test_masks_are_tried_by_whatever_reads_the_settings(command: list[str], tmp_path: Path) -> None:
    wrong = {**ORDER, "examples": {"ord abc": "ord abc"}}
    paths = [good(tmp_path)] if command == ["group"] else []
    ran = stormcell(*command, *paths, "--config", masks(tmp_path, wrong))
    assert (ran.code, ran.out) == (2, "")
    assert "text.masks[0] (order): expected 'ord abc' to become 'ord abc', found '<order>'" in ran.err


def test_a_mask_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORMCELL_TEXT__MASKS", json.dumps([ORDER]))
    assert stormcell("config", "show", "--json").json["text"]["masks"] == [ORDER]
    monkeypatch.setenv("STORMCELL_TEXT__MASKS", json.dumps([{**ORDER, "pattern": "("}]))
    assert stormcell("config", "check").code == 2


def test_group_uses_the_masks(tmp_path: Path) -> None:
    file = write(tmp_path / "in.jsonl", logs(log("a", "disk full for ord abc"), log("b", "disk full for ord xyz")))
    plain = stormcell("group", file, "--out", tmp_path / "plain")
    masked = stormcell("group", file, "--out", tmp_path / "masked", "--config", masks(tmp_path, ORDER))
    assert (plain.code, masked.code) == (0, 0)

    def template(uid: str, folder: str) -> object:
        found = stormcell("explain", uid, "--store", tmp_path / folder, "--json").json["template"]
        return found and (found["text"], [slot["value"] for slot in found["slots"]])

    assert template("a", "plain") == ("disk full for ord abc", [])
    assert template("a", "masked") == template("b", "masked") == ("disk full for <*>", ["ord abc"])

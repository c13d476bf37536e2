"""Help, version and wrong use."""

from __future__ import annotations

import pytest

from stormcell import __version__
from tests.integration.program import process, stormcell

COMMANDS = [
    ["demo"],
    ["group"],
    ["explain"],
    ["report"],
    ["evaluate"],
    ["groups", "list"],
    ["groups", "show"],
    ["groups", "similar"],
    ["groups", "background"],
    ["groups", "history"],
    ["learn"],
    ["families"],
    ["families", "show"],
    *(
        ["groups", name]
        for name in ("merge", "split", "move", "pin", "feedback", "undo", "ack", "resolve", "reopen")
    ),
    *(["outbox", name] for name in ("list", "retry", "drop")),
    *(
        ["drafts", name]
        for name in ("list", "show", "diff", "history", "start", "edit", "redraft", "submit", "comment")
    ),
    *(["drafts", name] for name in ("send-back", "approve", "publish")),
    *(["kibana", name] for name in ("export", "install", "check", "cases")),
    *(["runbooks", name] for name in ("list", "match", "amend")),
    *(["codebook", name] for name in ("list", "show", "diff", "verify", "notes")),
    *(["codebook", name] for name in ("promote", "rollback", "reject", "export", "import")),
    ["config", "show"],
    ["config", "check"],
    ["config", "reference"],
    ["config", "metrics"],
    ["embedder", "show"],
    ["embedder", "export"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_says_how_with_an_example(command: list[str], option: str) -> None:
    ran = stormcell(*command, option)
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: stormcell {' '.join(command)}" in ran.out
    examples = ran.out.partition("Examples:")[2]
    assert f"stormcell {' '.join(command)}" in " ".join(examples.split())


@pytest.mark.parametrize(
    "command", [[], ["groups"], ["outbox"], ["drafts"], ["kibana"], ["config"], ["embedder"]], ids=str
)
def test_help_lists_the_commands(command: list[str]) -> None:
    ran = stormcell(*command, "--help")
    assert ran.code == 0
    for listed in COMMANDS:
        if listed[:-1] == command:
            assert listed[-1] in ran.out


@pytest.mark.parametrize("command", [[], ["groups"], ["outbox"], ["drafts"], ["kibana"], ["config"]], ids=str)
def test_a_command_is_needed(command: list[str]) -> None:
    ran = stormcell(*command)
    assert ran.code == 2
    assert "Usage: stormcell" in ran.out + ran.err


def test_version() -> None:
    assert stormcell("--version").out == f"stormcell {__version__}\n"
    assert process("--version").out == f"stormcell {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["nonsense"], "nonsense"),
        (["group"], "PATH"),
        (["group", "x", "--nonsense"], "--nonsense"),
        (["explain"], "EVENT"),
        (["evaluate", "x"], "--truth"),
        (["evaluate", "--truth", "x.csv"], "PATH"),
        (["groups", "show"], "GROUP"),
        (["groups", "similar"], "GROUP"),
        (["groups", "similar", "g", "--top", "0"], "--top"),
        (["families", "show"], "FAMILY"),
        (["groups", "list", "--status", "closed"], "'closed' is not one of"),
        (["demo", "extra"], "extra"),
        (["config", "show", "--config"], "--config"),
    ],
    ids=str,
)
def test_wrong_use_exits_2_and_names_what_is_wrong(arguments: list[str], named: str) -> None:
    ran = stormcell(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert named in ran.err

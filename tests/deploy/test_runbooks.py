"""What the runbooks of our own alerts name is there: commands, their options, settings, links."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from stormcell.cli.main import app
from stormcell.config import Settings
from tests.deploy.files import ROOT
from tests.deploy.test_prometheus import anchors

PAGES = [ROOT / "docs/slo.md", *sorted((ROOT / "docs/alerts").glob("*.md"))]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@each_page
def test_every_command_is_one_of_ours(page: Path) -> None:
    root: Any = typer.main.get_command(app)
    for line in re.findall(r"`stormcell ([^`]+)`", page.read_text("utf-8")):
        command, words = root, shlex.split(line)
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        assert not hasattr(command, "commands"), line
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known, line


@each_page
def test_every_setting_is_one_of_ours(page: Path) -> None:
    sections = Settings.model_fields
    for section, name in re.findall(r"`(\w+)\.(\w+)(?:: \w+)?`", page.read_text("utf-8")):
        if section in sections:
            kind: Any = sections[section].annotation
            assert name in kind.model_fields, f"{section}.{name}"


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link

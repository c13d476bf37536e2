"""The document for authors of templates lists what there is to print."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from stormcell.render.context import LAZY, Context
from tests.unit.render.test_postmortems import SECTIONS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "drafts.md").read_text()


def test_every_fact_is_in_the_table() -> None:
    table = DOCUMENT.partition("## Facts for templates")[2]
    cells = re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE)
    listed = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    there = [field.name for field in fields(Context) if not field.name.startswith("_")]
    assert sorted(listed) == sorted([*there, *LAZY])


def test_the_layouts_are_in_the_table() -> None:
    for name, sections in SECTIONS.items():
        [row] = re.findall(rf"^\| `{name}` \| ([^;|]*)", DOCUMENT, re.MULTILINE)
        assert row.strip().split(", ") == list(sections)

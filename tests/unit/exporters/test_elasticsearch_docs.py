"""docs/elasticsearch.md is what the code says; UPDATE_GOLDEN=1 writes it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stormcell_exporters.elasticsearch.mappings import field_table
from stormcell_exporters.elasticsearch.names import Names
from stormcell_exporters.elasticsearch.roles import requests

DOCS = Path(__file__).parents[3] / "docs" / "elasticsearch.md"
PARTS = {"fields": field_table().strip(), "roles": f"```\n{requests(Names()).strip()}\n```"}


@pytest.mark.parametrize("part", PARTS)
def test_what_is_made_from_the_code_is_current(part: str) -> None:
    text = DOCS.read_text("utf-8")
    before, start, rest = text.partition(f"<!-- {part} -->\n")
    held, end, after = rest.partition("<!-- end -->")
    expected = f"\n{PARTS[part]}\n\n"
    if os.environ.get("UPDATE_GOLDEN"):
        DOCS.write_text(f"{before}{start}{expected}{end}{after}", "utf-8")
        return
    assert held == expected

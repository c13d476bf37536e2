"""What users read stays as it is until somebody decides otherwise; see README.md."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict

from stormcell.render import Drafter, groups_json
from stormcell_exporters.ndjson import NdjsonExporter
from stormcell_exporters.otlp_document import record
from stormcell_exporters.slack import message
from tests.unit.render.samples import SAMPLES, grouping

HERE = Path(__file__).parent


def compare(name: str, data: bytes) -> None:
    golden = HERE / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.write_bytes(data)
    assert data.decode() == golden.read_bytes().decode()


def test_groups_json() -> None:
    compare("groups.json", groups_json(grouping()))


def test_groups_ndjson(tmp_path: Path) -> None:
    NdjsonExporter().export(grouping().groups, tmp_path / "groups.ndjson")
    compare("groups.ndjson", (tmp_path / "groups.ndjson").read_bytes())


def test_groups_over_otlp() -> None:
    records = [MessageToDict(record(one, observed, "before")) for observed, one in enumerate(grouping().groups, 1)]
    compare("groups-otlp.json", (json.dumps(records, indent=1) + "\n").encode())


def test_groups_as_messages() -> None:
    link = "https://host/groups?of=shop&id={id}"
    made = [message(one, link) for one in grouping().groups]
    compare("groups-slack.json", (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode())


@pytest.mark.parametrize("name", SAMPLES)
def test_drafts(name: str) -> None:
    made, atom = SAMPLES[name]()
    compare(f"draft-{name}.md", Drafter().draft(made, [atom]).markdown.encode())

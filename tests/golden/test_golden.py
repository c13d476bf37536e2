"""What users read stays as it is until somebody decides otherwise; see README.md."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict

from stormcell import __version__
from stormcell.config import DraftsSettings
from stormcell.render import RUNBOOK, Drafter, groups_json
from stormcell.render.report import report_html
from stormcell.types import Material
from stormcell_exporters.elasticsearch.capabilities import Capabilities
from stormcell_exporters.elasticsearch.documents import documents, totals_document
from stormcell_exporters.elasticsearch.names import Names
from stormcell_exporters.elasticsearch.setup import setup
from stormcell_exporters.ndjson import NdjsonExporter
from stormcell_exporters.otlp_document import record
from stormcell_exporters.slack import message
from tests.unit.exporters.dossiers import TOTALS, full
from tests.unit.exporters.elasticsearch import Scripted
from tests.unit.render.report.storms import small
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


def test_report() -> None:
    page = report_html(small()).replace(f"Stormcell {__version__}", "Stormcell VERSION")
    for name in ("style", "script"):
        page = re.sub(f"<{name}>.*?</{name}>", f"<{name}></{name}>", page, flags=re.DOTALL)
    compare("report.html", re.sub("sha256-[^&]*", "sha256-HASH", page).encode())


def test_groups_over_otlp() -> None:
    records = [MessageToDict(record(one, observed, "before")) for observed, one in enumerate(grouping().groups, 1)]
    compare("groups-otlp.json", (json.dumps(records, indent=1) + "\n").encode())


def test_documents_for_elasticsearch() -> None:
    made = documents(full())
    said = [made.group, *made.members, *made.history, totals_document(TOTALS)]
    shown = [{"_id": one.id, "_source": json.loads(one.source)} for one in said]
    compare("elasticsearch-documents.json", (json.dumps(shown, indent=1) + "\n").encode())


def test_what_is_made_in_elasticsearch_of_all_its_modules() -> None:
    steps = setup(Scripted(), Names(), Capabilities(), 90, dry_run=True)
    shown = [{"step": f"{step.method} {step.path}", "body": step.body and json.loads(step.body)} for step in steps]
    compare("elasticsearch-setup.json", (json.dumps(shown, indent=1) + "\n").encode())


def test_groups_as_messages() -> None:
    link = "https://host/groups?of=shop&id={id}"
    made = [message(one, link) for one in grouping().groups]
    compare("groups-slack.json", (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode())


@pytest.mark.parametrize("name", SAMPLES)
def test_drafts(name: str) -> None:
    made, atom = SAMPLES[name]()
    compare(f"draft-{name}.md", Drafter(DraftsSettings()).draft(RUNBOOK, Material(made, [atom])).markdown.encode())


def test_what_a_draft_says_of_the_runbook_of_the_team() -> None:
    made, atom = SAMPLES["latency"]()
    drafter = Drafter(DraftsSettings(runbooks=(HERE / "runbooks",)))
    markdown = re.sub(r"\[\^\d+\]", "[^]", drafter.draft(RUNBOOK, Material(made, [atom])).markdown)
    parts = re.findall(
        r"^(?:\*\*Your runbook|## What this incident adds).*?(?=^- \*\*|^## E)", markdown, re.M | re.S
    )
    compare("draft-known-runbook.md", "".join(parts).encode())

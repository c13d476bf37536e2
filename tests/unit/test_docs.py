"""What the documents show runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
import yaml

from stormcell.config import Settings
from stormcell.errors import SettingsError
from stormcell.registry import exporter, publisher

ROOT = Path(__file__).parents[2]
CLUSTERING = ROOT / "docs" / "clustering.md"
PUBLISHING = ROOT / "docs" / "publishing.md"
EXPORTERS = ROOT / "docs" / "exporters.md"
TICKETS = ROOT / "examples" / "tickets-exporter"
SDK = ROOT / "docs" / "sdk.md"
OF_A_SERVICE = ROOT / "tests" / "unit" / "sdk" / "test_of_a_service.py"


def test_the_example_of_the_engine_runs() -> None:
    [program] = re.findall(r"```python\n(.*?)```", CLUSTERING.read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(program, names)  # our own document
    far, shares = names["far"], names["shares"]
    assert isinstance(far, np.ndarray)
    assert isinstance(shares, tuple)
    assert sum(share.share for share in shares) == pytest.approx(far[1, 3], abs=1e-6)


def test_the_test_of_a_service_is_one_of_ours() -> None:
    _, _, section = SDK.read_text().partition("## Testing\n")
    [program] = re.findall(r"```python\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    assert program == OF_A_SERVICE.read_text()


@pytest.mark.parametrize(
    ("page", "group", "made"),
    [(EXPORTERS, "stormcell.exporters", exporter), (PUBLISHING, "stormcell.publishers", publisher)],
    ids=["exporters", "publishers"],
)
def test_everyone_is_in_the_table_with_its_options(page: Path, group: str, made: Callable[..., object]) -> None:
    rows = re.findall(r"^\| `([\w-]+)` \|[^|]*\|([^|]*)\|[^|]*\|$", page.read_text(), re.MULTILINE)
    ours = [point.name for point in entry_points(group=group) if "stormcell" in point.value]
    assert sorted(name for name, _ in rows) == sorted(ours)
    for name, options in rows:
        with pytest.raises(SettingsError) as caught:
            made(name, {"": ""})
        _, _, there = str(caught.value).partition("; there are: ")
        assert re.findall(r"`(\w+)`", options) == (there.split(", ") if there else [])


def test_the_publishers_that_are_shown_can_be_used() -> None:
    shown = re.findall(r"```yaml\n(.*?)```", PUBLISHING.read_text(), re.DOTALL)
    kinds = set()
    for settings in (Settings.model_validate(yaml.safe_load(one)) for one in shown):
        for one in settings.drafts.publish:
            kinds.add(one.kind)
            publisher(one.kind, one.options)
    assert kinds == {"folder", "git", "kibana-case", "kibana-guide", "webhook"}


def test_the_exporters_that_are_shown_can_be_used() -> None:
    shown = re.findall(r"```yaml\n(.*?)```", EXPORTERS.read_text(), re.DOTALL)
    kinds = set()
    for settings in (Settings.model_validate(yaml.safe_load(one)) for one in shown):
        for one in settings.notifications.exporters:
            kinds.add(one.kind)
            if one.kind != "tickets":
                exporter(one.kind, one.options)
    assert {"webhook", "ndjson-append", "tickets"} <= kinds


def test_what_is_said_of_a_wrong_option_is_said() -> None:
    [said] = re.findall(r"^stormcell: (the exporter .*)$", EXPORTERS.read_text(), re.MULTILINE)
    with pytest.raises(SettingsError) as caught:
        exporter("webhook", {"colour": "red"})
    assert str(caught.value) == said


def test_the_exporter_of_ones_own_is_the_example() -> None:
    text = EXPORTERS.read_text()
    [program] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert program == (TICKETS / "stormcell_tickets.py").read_text()
    [points] = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert points in (TICKETS / "pyproject.toml").read_text()

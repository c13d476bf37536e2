"""What docs/templates.md says of templates is true."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from stormcell.config import DraftsSettings
from stormcell.render import Drafter
from stormcell.render.context import LAZY, Context
from stormcell.render.environment import _FILTERS
from stormcell.render.front_matter import _CONDITIONS, _KEYS
from stormcell.render.templates import load
from stormcell.render.trying import blocks, problems
from stormcell.types import Material
from tests.unit.render.samples import SAMPLES

DOCUMENT = (Path(__file__).parents[3] / "docs/templates.md").read_text()


def first_column(head: str) -> list[str]:
    """Return the words in code in the first column of the table whose first cell is ``head``."""
    _, _, table = DOCUMENT.partition(f"\n| {head} |")
    rows = table.partition("\n\n")[0].splitlines()[2:]
    return [word for row in rows for word in re.findall(r"`([\w-]+)`", row.split(" | ")[0])]


def test_every_fact_is_told() -> None:
    there = {field.name for field in fields(Context) if not field.name.startswith("_")} | {*LAZY, "places"}
    assert set(first_column("fact of `group`")) == there


def test_every_block_shape_key_and_filter_is_told() -> None:
    library = load((), "runbook")
    assert set(first_column("block")) == blocks(library, "base.md.j2")
    assert sorted(first_column("shape")) == sorted(template.name for template in library.templates)
    assert first_column("key") == list(_KEYS)
    assert first_column("entry") == list(_CONDITIONS)
    _, _, told = DOCUMENT.partition("Of Jinja2's own there are ")
    assert re.findall(r"`(\w+)`", told.partition("\n\n")[0]) == list(_FILTERS)


def test_priorities_of_shipped_templates_are_within_what_is_told() -> None:
    priorities = [template.priority for template in load((), "runbook").templates]
    assert (min(priorities), max(priorities)) == (0, 102)


def test_the_worked_example_works(tmp_path: Path) -> None:
    [example] = re.findall(r"```jinja\n(.*?)```", DOCUMENT, re.DOTALL)
    (tmp_path / "checkout.md.j2").write_text(example)
    settings = DraftsSettings(templates=(tmp_path,))
    assert problems(settings) == ()
    made, atom = SAMPLES["span"]()
    draft = Drafter(settings).draft("runbook", Material(made, [atom]))
    assert draft.template == "checkout"
    for said in (
        "# Checkout fails: ",
        "- **Owner:** team shop, \\#shop-oncall, or page shop-primary\n- Call the provider",
        "Users notice: nobody can pay.",
        'kubectl --namespace=shop exec "${POD:?to fill in}" -- checkoutctl providers --failing',
        "Read the innermost error",
    ):
        assert said in draft.markdown

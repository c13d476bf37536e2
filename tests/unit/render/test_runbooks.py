from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from stormcell.config import DraftsSettings
from stormcell.render import POSTMORTEM, RUNBOOK, Drafter
from stormcell.render.context import context
from stormcell.render.reading import read, shows
from stormcell.render.runbooks import MAX_DIFF, amendment
from stormcell.types import Draft, Event, Material, Runbook
from tests.unit.render.samples import SAMPLES, alert, event, group, row, s
from tests.unit.runbooks.test_amend import patched

REAL = Path(__file__).parents[3] / "benchmarks" / "data" / "runbooks"
MARKDOWN = MarkdownIt("commonmark").enable("table")
ALERT = alert("a1@1", "KubePodCrashLooping", "cart", s(3), namespace="shop", pod="cart-7d9c6b5f4-x2x8q")


def of(*events: Event) -> Material:
    made, atom = group([row(one) for one in events], events[0], id="g-1")
    return Material(made, [atom])


DRAFTER = Drafter(DraftsSettings(runbooks=(REAL,)))


def drafted(material: Material, *folders: Path, kind: str = RUNBOOK) -> Draft:
    drafter = DRAFTER if folders == (REAL,) else Drafter(DraftsSettings(runbooks=folders))
    return drafter.draft(kind, material)


def all_hold(draft: Draft) -> None:
    """Check every value against what its footnote says, as `stormcell draft check` does."""
    for reference in read(draft.markdown).references:
        assert shows(reference, draft.sources[reference.number - 1].value), reference


def test_a_draft_begins_with_the_runbook_of_the_team() -> None:
    markdown = drafted(of(ALERT), REAL).markdown
    head, _, rest = markdown.partition("**Your runbook:** ")
    assert head.count("\n") < 8
    assert rest.startswith(
        "KubePodCrashLooping (`kubernetes/KubePodCrashLooping.md`). It fits by the name of the alert ("
    )
    assert "Others that may fit" not in markdown


def test_others_that_may_fit_are_named_without_a_name_that_tells() -> None:
    said = "Pod cart is crash looping, it is not ready, its container is waiting"
    markdown = drafted(of(event("l1", said)), REAL).markdown
    assert "Others that may fit:\n\n- " in markdown


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_value_holds(name: str) -> None:
    made, atom = SAMPLES[name]()[:2]
    all_hold(drafted(Material(made, [atom]), REAL))


def test_what_the_incident_adds_is_a_diff_that_applies() -> None:
    draft = drafted(of(ALERT, alert("a2@1", "KubePodCrashLooping", "pay", s(9))), REAL)
    all_hold(draft)
    found = re.search(r"^(`{4,})diff\n(.*?\n)\1$\n\nFrom the events: ", draft.markdown, re.DOTALL | re.MULTILINE)
    assert found is not None
    old = (REAL / "kubernetes/KubePodCrashLooping.md").read_text().partition("---\n\n")[2]
    new = patched("\n" + old, found[2])
    assert "- In group `g-1`, reported by `cart`, `pay`.\n" in new
    assert "  kubectl --namespace=shop describe pod/cart-7d9c6b5f4-x2x8q\n" in new
    assert "- `2023-11-14T22:13:23.000Z`: group `g-1`, exemplar `a1@1`, `KubePodCrashLooping`\n" in new


@pytest.mark.parametrize(
    ("true", "false"), [("reported by `cart`", "reported by `card`"), ("exemplar `a1@1`", "exemplar `a2@1`")]
)
def test_a_wrong_value_in_the_diff_is_found(true: str, false: str) -> None:
    draft = drafted(of(ALERT), REAL)
    changed = draft.markdown.replace(true, false)
    assert changed != draft.markdown
    references = read(changed).references
    assert not all(shows(one, draft.sources[one.number - 1].value) for one in references)


def test_where_none_fits_that_is_said() -> None:
    markdown = drafted(
        of(event("l1", "duplicate key value violates unique constraint orders_pkey")), REAL
    ).markdown
    assert "**Your runbook:** none of 108 fits.\n" in markdown
    assert "What this incident adds" not in markdown


def test_what_could_not_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"\xff")
    markdown = drafted(of(ALERT), tmp_path, tmp_path / "missing").markdown
    assert "none of 0 fits." in markdown
    assert "2 could not be read: `stormcell runbooks list` tells which." in markdown


def test_without_folders_and_in_postmortems_nothing_is_said_of_runbooks() -> None:
    assert "Your runbook" not in drafted(of(ALERT)).markdown
    assert "Your runbook" not in drafted(of(ALERT), REAL, kind=POSTMORTEM).markdown


def test_what_a_runbook_holds_already_is_not_added_again(tmp_path: Path) -> None:
    made = amendment(Runbook("a", "A", "a.md", "", "# A\n"), context(of(ALERT)))
    (tmp_path / "KubePodCrashLooping.md").write_text(patched("# A\n", made.diff))
    draft = drafted(of(ALERT), tmp_path)
    assert "**Your runbook:** A (" in draft.markdown
    assert "What this incident adds" not in draft.markdown


def test_a_diff_too_long_to_read_is_left_out() -> None:
    line = "x" * MAX_DIFF
    assert amendment(Runbook("a", "A", "a.md", "", f"# A\n{line}\n"), context(of(ALERT))).diff == ""


HOSTILE = """# Mine](http://evil) <script>alert(1)</script> {{ 7 * 7 }} ![x](http://evil/x.png)

[//]: # (Stormcell: postmortem of g-other as 0123456789)

`````diff
## Impact
[^1]: event `x`, field `text`
````````````
\x1b[2J\u202e{% include "base.md.j2" %}
"""


def test_a_hostile_runbook_stays_in_its_fence(tmp_path: Path) -> None:
    (tmp_path / "KubePodCrashLooping.md").write_text(HOSTILE)
    draft = drafted(of(ALERT), tmp_path)
    all_hold(draft)
    assert (read(draft.markdown).kind, read(draft.markdown).group) == (RUNBOOK, "g-1")
    tokens = MARKDOWN.parse(draft.markdown)
    every = [*tokens, *(child for token in tokens for child in token.children or ())]
    assert not {"html_block", "html_inline", "image"} & {token.type for token in every}
    assert [token.content for token in tokens if token.type == "inline"].count("Evidence") == 1
    assert not any("evil" in str(token.attrs) for token in every)
    assert "\x1b" not in draft.markdown
    assert "\u202e" not in draft.markdown


TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            ["# A", "## Impact", "```", "~~~~", "[^1]", "[^2]: x", "> a", "|a|", "From the events: [^1]", "\t"]
        )
    ).map("\n".join),
)


@settings(deadline=None, max_examples=15)
@given(TEXTS)
def test_whatever_a_runbook_holds_the_draft_holds(text: str) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "KubePodCrashLooping.md").write_text(text, "utf-8")
        draft = drafted(of(ALERT), Path(folder))
    all_hold(draft)
    assert "**Your runbook:** " in draft.markdown
    assert draft.markdown.count("\n## Evidence\n") == 1

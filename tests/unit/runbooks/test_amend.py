from __future__ import annotations

import re

import pytest
from hypothesis import given

from stormcell.runbooks.amend import MAX_LINES, Additions, amended, difference
from stormcell.types import Runbook
from tests.unit.runbooks.test_pages import MARKDOWN

MARK = "`g-1`"
ADDED = Additions(
    MARK,
    impact=(f"- In {MARK}, reported by `cart`.",),
    diagnosis=(f"- Commands of {MARK}:", "", "  ```sh", "  kubectl get pods", "  ```"),
    seen=(f"- today: {MARK}",),
)
BOOK = """# Disk

Full.

## Impact

None can write.

## Diagnosis

- Look at it.

### Deeper

- Look again.

## Mitigation

Delete.
"""


def book(markdown: str, path: str = "node/disk.md") -> Runbook:
    return Runbook("disk", "Disk", path, "", markdown)


def patched(old: str, diff: str) -> str:
    """Apply a unified diff as ``patch`` does, and refuse what does not fit."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", old)
    result: list[str] = []
    at = 0
    rows = re.findall(r"[^\n]*\n", diff)
    assert not rows or (rows[0].startswith("--- ") and rows[1].startswith("+++ "))
    for number, line in enumerate(rows[2:], 2):
        if hunk := re.match(r"@@ -(\d+)(?:,(\d+))? ", line):
            start = int(hunk[1]) - (hunk[2] != "0")
            result += lines[at:start]
            at = start
        elif not line.startswith("\\"):
            bare = number + 1 < len(rows) and rows[number + 1].startswith("\\")
            text = line[1:].removesuffix("\n") if bare else line[1:]
            if line[0] in " -":
                assert lines[at] == text
                at += 1
            if line[0] in " +":
                result.append(text)
    return "".join(result + lines[at:])


def test_what_is_added_stands_under_its_headings() -> None:
    assert amended(book(BOOK), ADDED) == (
        """# Disk

Full.

## Impact

None can write.

- In `g-1`, reported by `cart`.

## Diagnosis

- Look at it.

### Deeper

- Look again.
- Commands of `g-1`:

  ```sh
  kubectl get pods
  ```

## Mitigation

Delete.

## Seen

- today: `g-1`
"""
    )


def test_what_was_seen_is_added_to_what_was_seen_before() -> None:
    old = "# Disk\n\n### Past incidents\n\n- yesterday: `g-0`\n\n### More\n"
    new = amended(book(old), Additions(MARK, seen=ADDED.seen))
    assert new == old.replace("`g-0`\n", "`g-0`\n- today: `g-1`\n")


def test_a_missing_section_is_made_at_the_level_of_the_others() -> None:
    old = "# Disk\n\n### A\n\n### B\n\n## C\n"
    assert amended(book(old), Additions(MARK, seen=ADDED.seen)) == f"{old}\n### Seen\n\n- today: `g-1`\n"


def test_an_empty_runbook_gets_all() -> None:
    assert amended(book(""), Additions(MARK, seen=ADDED.seen)) == "## Seen\n\n- today: `g-1`\n"


def test_one_heading_may_hold_several_parts() -> None:
    old = "# Disk\n\n## Impact\n\n### Diagnosis\n\nlook\n"
    new = amended(book(old), ADDED)
    assert new.index("reported by") < new.index("Commands of") < new.index("## Seen")


def test_an_incident_is_told_once() -> None:
    once = amended(book(BOOK), ADDED)
    assert amended(book(once), ADDED) == once
    assert difference(book(once), once) == ""


def test_nothing_is_added_where_there_is_nothing_to_add_or_too_much_to_read() -> None:
    assert amended(book("# Disk"), Additions(MARK)) == "# Disk"
    long = "# Disk\n" * (MAX_LINES + 1)
    assert amended(book(long), ADDED) == long


def test_a_diff_names_its_file_on_one_line() -> None:
    odd = book("# Disk\n", path="a\n+++ b/../x\x1b[2J.md")
    assert difference(odd, amended(odd, ADDED)).split("\n")[:2] == [
        r"--- a/a +++ b/../x\x1b[2J.md",
        r"+++ b/a +++ b/../x\x1b[2J.md",
    ]


@pytest.mark.parametrize("old", ["# Disk", "# Disk\n\n## Seen\n\n- `g-0`", "\n\n\n", "a\r\nb\u2028c\x0cd\n"])
def test_the_diff_applies(old: str) -> None:
    new = amended(book(old), ADDED)
    assert patched(old, difference(book(old), new)) == new


@given(MARKDOWN)
def test_of_any_runbook_nothing_is_lost_and_the_diff_applies(old: str) -> None:
    new = amended(book(old), ADDED)
    assert patched(old, difference(book(old), new)) == new
    rest = iter(new.split("\n"))
    kept = old.removesuffix("\n").split("\n") if old else []
    assert all(any(line == other for other in rest) for line in kept)
    assert amended(book(new), ADDED) == new

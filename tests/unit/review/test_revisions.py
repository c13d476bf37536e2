"""How revisions differ."""

from __future__ import annotations

import difflib
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.errors import NotFoundError
from stormcell.review import revisions, states
from stormcell.review.revisions import MOST, difference, hunks, revision_of
from stormcell.types import Review
from tests.unit.review.samples import begun

lines = st.lists(
    st.sampled_from(["one", "two", "", "- x", "+ y", "--- a", "@@ b", "a\u2028b", "c\x0cd"]), max_size=8
)
written = st.builds(lambda all: "\n".join(all) + "\n", lines)


def of(*texts: str) -> Review:
    first, *others = texts
    review = begun(first)
    for text in others:
        review = states.edited(review, text, "bob", 1)
    return review


def test_a_unified_diff() -> None:
    review = of("# A\nold\nend", "# A\nnew\nend\n")
    assert difference(review, 1, 2) == (
        "--- revision 1\tann\n+++ revision 2\tbob\n@@ -1,3 +1,3 @@\n # A\n-old\n+new\n end\n"
    )
    assert difference(review, 2, 1).endswith("\n # A\n-new\n+old\n end\n")
    assert difference(review, 1, 1) == ""


@pytest.mark.skipif(not shutil.which("patch"), reason="takes the program patch")
@settings(max_examples=30, deadline=None)
@given(written, written, st.sampled_from([0, MOST]))
def test_patch_makes_the_new_of_the_old(old: str, new: str, most: int) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(revisions, "MOST", most)
        path = Path(folder, "text")
        path.write_bytes(old.encode())
        changes = difference(of(old, new), 1, 2).encode()
        if changes:
            subprocess.run(["patch", "-s", str(path)], input=changes, check=True)
        assert (path.read_bytes() if path.exists() else b"") in (new.encode(), new.encode().removesuffix(b"\n"))


def test_long_texts_that_differ_all_over_are_not_matched_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    count = MOST // 2 + 1
    old = ["same", *(f"{'same' if at % 2 else 'old'} {at}" for at in range(count)), "end"]
    new = ["same", *(f"{'same' if at % 2 else 'new'} {at}" for at in range(count)), "end"]
    with monkeypatch.context() as patched:
        # It would take hours for the longest drafts.
        patched.setattr(difflib.SequenceMatcher, "find_longest_match", None)
        found = hunks(old, new)
    assert found[0] == f"@@ -1,{count + 2} +1,{count + 2} @@"
    assert found[1:] == [
        *(" same", *(f"-{line}" for line in old[1:-1]), *(f"+{line}" for line in new[1:-1])),
        " end",
    ]


def test_long_texts_that_differ_at_one_place_are_told_by_it() -> None:
    old = [f"{at % 150}" for at in range(100_000)]
    assert hunks(old, [*old[:50_000], "new", *old[50_000:]]) == [
        "@@ -49998,6 +49998,7 @@",
        *(f" {line}" for line in old[49_997:50_000]),
        "+new",
        *(f" {line}" for line in old[50_000:50_003]),
    ]


@pytest.mark.parametrize("number", [-1, 0, 3])
def test_a_revision_that_is_not_there(number: int) -> None:
    review = of("a", "b")
    assert revision_of(review, 2).markdown == "b"
    with pytest.raises(NotFoundError, match="there are 1 to 2"):
        difference(review, 1, number)
    with pytest.raises(NotFoundError, match="there is 1 only"):
        difference(of("a"), 2, 1)

"""How revisions differ."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.errors import NotFoundError
from stormcell.review import states
from stormcell.review.revisions import difference, revision_of
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
@given(written, written)
def test_patch_makes_the_new_of_the_old(old: str, new: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "text")
        path.write_bytes(old.encode())
        changes = difference(of(old, new), 1, 2).encode()
        if changes:
            subprocess.run(["patch", "-s", str(path)], input=changes, check=True)
        assert (path.read_bytes() if path.exists() else b"") in (new.encode(), new.encode().removesuffix(b"\n"))


@pytest.mark.parametrize("number", [-1, 0, 3])
def test_a_revision_that_is_not_there(number: int) -> None:
    review = of("a", "b")
    assert revision_of(review, 2).markdown == "b"
    with pytest.raises(NotFoundError, match="there are 1 to 2"):
        difference(review, 1, number)
    with pytest.raises(NotFoundError, match="there is 1 only"):
        difference(of("a"), 2, 1)

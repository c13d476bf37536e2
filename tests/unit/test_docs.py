"""What the documents show runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

CLUSTERING = Path(__file__).parents[2] / "docs" / "clustering.md"


def test_the_example_of_the_engine_runs() -> None:
    [program] = re.findall(r"```python\n(.*?)```", CLUSTERING.read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(program, names)  # our own document
    far, shares = names["far"], names["shares"]
    assert isinstance(far, np.ndarray)
    assert isinstance(shares, tuple)
    assert sum(share.share for share in shares) == pytest.approx(far[1, 3], abs=1e-6)

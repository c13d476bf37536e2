"""What the documents show runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
CLUSTERING = ROOT / "docs" / "clustering.md"
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

from __future__ import annotations

import gc

import pytest

from stormcell.engine.pausing import without_collecting


@pytest.mark.parametrize("collecting", [True, False])
def test_it_leaves_python_as_it_was_whatever_happens(*, collecting: bool) -> None:
    was = gc.isenabled()
    try:
        (gc.enable if collecting else gc.disable)()
        with without_collecting():
            assert not gc.isenabled()
        assert gc.isenabled() is collecting
        with pytest.raises(ZeroDivisionError), without_collecting():
            _ = 1 / 0
        assert gc.isenabled() is collecting
    finally:
        (gc.enable if was else gc.disable)()

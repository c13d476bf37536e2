"""What the pages bring into the sidecar: no more than they must, before somebody looks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_way_in_loads_the_pages_once_somebody_looks(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.unit.web.client import Browser\n"
        "browser = Browser(Path(sys.argv[1]))\n"
        "def loaded(): return [name for name in ('jinja2', 'stormcell.web.serving') if name in sys.modules]\n"
        "print(loaded(), browser.get('/').status_code, loaded())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "none.db"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[] 200 ['jinja2', 'stormcell.web.serving']\n"

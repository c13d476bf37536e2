"""What importing loads: little, so that the command answers at once."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"numpy", "numba", "sklearn", "pydantic", "jinja2", "google.protobuf"}


def loaded_by(code: str) -> set[str]:
    """Return the modules that code adds to a fresh interpreter.

    Not those that site loads beforehand, which are the environment's: the .pth files of other packages.
    """
    script = f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_import_loads_the_standard_library_only() -> None:
    modules = loaded_by("import stormcell")
    assert "stormcell" in modules
    others = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - {"stormcell"}
    assert not others


def test_help_loads_nothing_heavy() -> None:
    modules = loaded_by(
        "import contextlib, os\n"
        "from stormcell.cli.main import main\n"
        "sys.argv = ['stormcell', '--help']\n"
        "with open(os.devnull, 'w') as null, contextlib.redirect_stdout(null):\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit as exit:\n"
        "        assert not exit.code, exit.code\n"
    )
    assert "stormcell.cli.main" in modules
    assert not modules & HEAVY


def test_what_keeps_and_tells_loads_no_numpy() -> None:
    rooms = ("types", "protocols", "config", "journal", "store", "notify", "decode.requests")
    modules = loaded_by("\n".join(f"import stormcell.{room}" for room in rooms))
    assert "stormcell.store.sqlite" in modules
    assert "numpy" not in modules

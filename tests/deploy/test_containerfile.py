"""What matters about the image, as far as its recipe shows it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY, ROOT, instructions


def arguments(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def copied() -> list[str]:
    """Return what is copied out of the checkout."""
    copies = [shlex.split(rest) for rest in arguments("COPY")]
    return [source for words in copies if not words[0].startswith("--from") for source in words[:-1]]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    [*_, start] = [at for at, (name, _) in enumerate(found) if name == "FROM"]
    return found[start:]


def test_the_tools_of_the_build_stay_behind() -> None:
    assert len(arguments("FROM")) == 2
    assert not [rest for name, rest in last_stage() if "pip" in rest or "apt" in rest]


def test_its_base_has_a_version() -> None:
    [default] = [rest.partition("=")[2] for rest in arguments("ARG") if rest.startswith("PYTHON=")]
    assert re.fullmatch(r"3\.\d+-slim-\w+", default)
    assert all(re.fullmatch(r"python:\$\{PYTHON\}( AS \w+)?", rest) for rest in arguments("FROM"))


def test_it_does_not_run_as_root() -> None:
    users = [rest for name, rest in last_stage() if name == "USER"]
    assert users
    assert all(int(part) > 1000 for part in users[-1].split(":"))


def test_nothing_is_fetched_but_packages_and_no_secret_is_built_in() -> None:
    assert not arguments("ADD")
    assert not re.search(r"(?i)curl|wget|password|secret|token", (DEPLOY / "Containerfile").read_text("utf-8"))


def test_it_gets_the_signals_itself() -> None:
    assert json.loads(arguments("ENTRYPOINT")[-1]) == ["stormcell"]
    assert json.loads(arguments("CMD")[-1])[0] == "sidecar"


def test_the_build_sees_what_it_copies_and_no_more() -> None:
    rules = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").splitlines()
    seen = {line[1:] for line in rules if line.startswith("!")}
    assert "*" in rules
    assert seen == set(copied())


@pytest.mark.slow
def test_what_is_copied_is_enough_for_a_wheel(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in copied():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "--wheel-dir", tmp_path, source], check=True)
    [wheel] = tmp_path.glob("stormcell-*.whl")
    assert wheel.stat().st_size > 100_000

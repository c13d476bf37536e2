"""What deploy/README.md names is there."""

from __future__ import annotations

import re

from tests.deploy.files import DEPLOY, ROOT, document

README = (DEPLOY / "README.md").read_text("utf-8")


def test_every_path_exists() -> None:
    paths = re.findall(r"deploy/[\w./-]*\w", README)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_folder_is_described() -> None:
    described = set(re.findall(r"^\| `([\w-]+)/?` \|", README, re.MULTILINE))
    assert described == {path.name for path in DEPLOY.iterdir() if path.is_dir() or path.name == "Containerfile"}


def test_it_makes_the_tokens_that_the_settings_name() -> None:
    [made] = set(re.findall(r"for name in ([\w ]+); do", README))
    for name in ("kubernetes/stormcell.yaml", "systemd/stormcell.yaml"):
        tokens = [token["name"] for token in document(name)["receivers"]["tokens"]]
        assert sorted(tokens) == sorted(made.split())
    assert re.findall(r"--from-file=(\w+)", README) == made.split()


def test_it_names_every_variable_of_the_collector() -> None:
    used = set(re.findall(r"\$\{env:(\w+)", (DEPLOY / "collector" / "collector.yaml").read_text("utf-8")))
    assert used == set(re.findall(r"`([A-Z_]{5,})`", README))

"""What pyproject.toml asks for fits together."""

from __future__ import annotations

import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())


def test_the_oldest_sdk_that_is_tested_is_the_oldest_that_is_allowed() -> None:
    asked = dict(line.split(">=", 1) for line in PROJECT["project"]["dependencies"])
    pinned = dict(line.split("==", 1) for line in PROJECT["dependency-groups"]["sdk-oldest"] if "==" in line)
    of_the_sdk = {name: f"{version}.0" for name, version in asked.items() if name.startswith("opentelemetry-")}
    assert len(of_the_sdk) == 3
    assert {name: pinned.get(name) for name in of_the_sdk} == of_the_sdk

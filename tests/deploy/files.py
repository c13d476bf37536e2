"""The files of deploy/, read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def document(name: str) -> dict[str, Any]:
    """Return the one document of a YAML file."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text("utf-8"))
    return found


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Containerfile, each with its arguments on one line."""
    text = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    return [(line.split()[0], line.partition(" ")[2]) for line in lines if line and not line.startswith("#")]


def manifests() -> list[dict[str, Any]]:
    """Return all manifests of Kubernetes, before kustomize."""
    names = document("kubernetes/kustomization.yaml")["resources"]
    return [document(f"kubernetes/{name}") for name in names if name.endswith(".yaml")]


def containers() -> Iterator[dict[str, Any]]:
    """Yield the containers of the pod."""
    yield from pod()["containers"]


def pod() -> dict[str, Any]:
    """Return the specification of the pod."""
    spec: dict[str, Any] = document("kubernetes/statefulset.yaml")["spec"]["template"]["spec"]
    return spec

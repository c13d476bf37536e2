"""A codebook as a Kubernetes ConfigMap."""

from __future__ import annotations

import base64
import gzip
import re
from typing import Any, Final

from stormcell.errors import InputError

MOST: Final = 1024 * 1024
"""Bytes that Kubernetes lets a ConfigMap hold."""
NAME: Final = "stormcell-codebook"
PLAIN: Final = "codebook.json"
PACKED: Final = "codebook.json.gz"
VERSION_LABEL: Final = "stormcell/codebook-version"

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")


def config_map(version: str, document: bytes, *, name: str = NAME, namespace: str = "") -> dict[str, Any]:
    """Return the manifest of a ConfigMap that holds a codebook.

    It is in ``data`` as ``codebook.json`` where it fits, else in ``binaryData`` as ``codebook.json.gz``.

    Parameters
    ----------
    version : str
    document : bytes
        Its document, ASCII.
    name, namespace : str
        Of the ConfigMap; "" names no namespace.

    Raises
    ------
    InputError
        If a name is none of Kubernetes, or the codebook is too large however it is packed.
    """
    for what, given in (("name", name), ("namespace", namespace)):
        if _NAME.match(given) is None and (given or what == "name"):
            raise InputError(
                f"{what}: {given[:100]!a} cannot be used; expected at most 63 small letters, digits and "
                "dashes, a letter or digit first and last"
            )
    metadata: dict[str, Any] = {"name": name} | ({"namespace": namespace} if namespace else {})
    labels = {
        "app.kubernetes.io/name": "stormcell",
        "app.kubernetes.io/component": "codebook",
        VERSION_LABEL: version,
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {**metadata, "labels": labels},
        **_contents(version, document),
    }


def _contents(version: str, document: bytes) -> dict[str, dict[str, str]]:
    if len(PLAIN) + len(document) <= MOST:
        return {"data": {PLAIN: document.decode("ascii")}}
    packed = gzip.compress(document, mtime=0)  # equal codebooks give equal manifests
    if len(PACKED) + len(packed) <= MOST:
        return {"binaryData": {PACKED: base64.b64encode(packed).decode("ascii")}}
    raise InputError(
        f"{version} has {len(packed):,} bytes even when packed, and a ConfigMap holds at most {MOST:,}; train it "
        "with fewer codewords (codebook.max_codewords), or hand it over as a file or through a registry"
    )

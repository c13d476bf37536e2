"""A codebook as a ConfigMap: it reads back, fits, or is refused."""

from __future__ import annotations

import base64
import gzip
import random

import pytest
import yaml

from stormcell.errors import InputError
from stormcell.operate.config_map import MOST, config_map
from tests.unit.store.codebooks import codebook_of

CODEBOOK, DOCUMENT = codebook_of('it\'s: a "text" # with\nmarkup', "\ud800 \x00 {{ }}", "é")


def test_a_codebook_reads_back_from_the_manifest() -> None:
    manifest = config_map(CODEBOOK.version, DOCUMENT, namespace="storm")
    read = yaml.safe_load(yaml.safe_dump(manifest, sort_keys=False, width=2**31))
    assert read == manifest
    assert read["data"]["codebook.json"].encode() == DOCUMENT
    assert read["metadata"] == {
        "name": "stormcell-codebook",
        "namespace": "storm",
        "labels": {
            "app.kubernetes.io/name": "stormcell",
            "app.kubernetes.io/component": "codebook",
            "stormcell/codebook-version": CODEBOOK.version,
        },
    }
    assert "namespace" not in config_map(CODEBOOK.version, DOCUMENT)["metadata"]


def test_a_large_one_is_packed_and_equal_ones_give_equal_manifests() -> None:
    large = b"[" + b"1, " * MOST + b"1]"
    manifest = config_map(CODEBOOK.version, large)
    assert "data" not in manifest
    assert gzip.decompress(base64.b64decode(manifest["binaryData"]["codebook.json.gz"])) == large
    assert config_map(CODEBOOK.version, large) == manifest


def test_one_that_does_not_fit_even_so_is_refused() -> None:
    noise = random.Random(0).randbytes(2 * MOST).hex().encode()
    with pytest.raises(InputError, match=r"holds at most 1,048,576; train it with fewer codewords"):
        config_map(CODEBOOK.version, noise)


@pytest.mark.parametrize("name", ["", "Storm", "-a", "a-", "a b", "a\n", "x" * 64])
def test_names_are_checked(name: str) -> None:
    with pytest.raises(InputError, match="name: "):
        config_map(CODEBOOK.version, DOCUMENT, name=name)
    if name:
        with pytest.raises(InputError, match="namespace: "):
            config_map(CODEBOOK.version, DOCUMENT, namespace=name)

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from stormcell.sidecar.counts import Reason
from stormcell.sidecar.intake import RejectedError, inflate

LIMIT = 1 << 20
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "zstd": zstandard.compress,
}


@given(st.sampled_from(sorted(COMPRESS)), st.binary(max_size=5000))
def test_gives_back_what_was_compressed(encoding: str, body: bytes) -> None:
    assert inflate(COMPRESS[encoding](body), encoding, LIMIT) == body


@pytest.mark.parametrize("encoding", sorted(COMPRESS))
def test_takes_what_just_fits(encoding: str) -> None:
    compress = COMPRESS[encoding]
    assert inflate(compress(bytes(LIMIT)), encoding, LIMIT) == bytes(LIMIT)
    with pytest.raises(RejectedError, match="larger than 1,048,576 bytes") as caught:
        inflate(compress(bytes(LIMIT + 1)), encoding, LIMIT)
    assert caught.value.reason is Reason.SIZE


def _deep(compress: Callable[[bytes], bytes]) -> bytes:
    """Return 1 GiB of zeros, compressed in many members."""
    return compress(bytes(64 << 20)) * 16


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_not_held(encoding: str) -> None:
    bomb = _deep(COMPRESS[encoding])
    assert len(bomb) < 2 * LIMIT
    tracemalloc.start()
    try:
        with pytest.raises(RejectedError) as caught:
            inflate(bomb, encoding, LIMIT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.reason is Reason.SIZE
    # Of zstd 512 bytes are decompressed at a time, run-length blocks of 128 KiB in 4 bytes each.
    assert peak < LIMIT + (20 << 20)


@given(st.sampled_from(["gzip", "zstd"]), st.binary(max_size=300))
def test_other_bytes_are_bad_data(encoding: str, body: bytes) -> None:
    with pytest.raises(RejectedError) as caught:
        inflate(b"!" + body, encoding, LIMIT)
    assert caught.value.reason is Reason.CONTENT


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, zstd", "\x00"])
def test_other_encodings_are_named(encoding: str) -> None:
    with pytest.raises(RejectedError, match="gzip, zstd or identity") as caught:
        inflate(zlib.compress(b"x"), encoding, LIMIT)
    assert caught.value.reason is Reason.ENCODING

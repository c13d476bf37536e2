"""A few of many, each with for how many it stands.

Those with the smallest hashes of their ids are a simple random sample (of a fixed size, without replacement), the
same in whatever order they come and whoever draws it. Of n things m stand for n/m each, rounded so that the sum is
n: each is counted as 1 on average (Horvitz & Thompson 1952, doi:10.1080/01621459.1952.10483446).
"""

from __future__ import annotations

from hashlib import blake2b


def rank(id: str, seed: int = 0) -> bytes:
    """Return by what things are put in order; of each seed there is another order."""
    return blake2b(f"{seed}/{id}".encode("utf-8", "surrogatepass"), digest_size=8).digest()


def shares(count: int, kept: int) -> list[int]:
    """Return for how many each of those that are kept stands, so that the sum is the count."""
    share, rest = divmod(count, kept)
    return [share + (place < rest) for place in range(kept)]

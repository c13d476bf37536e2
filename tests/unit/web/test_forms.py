"""A form is read, however it comes, and not more of it than may come."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from stormcell.web import forms
from stormcell.web.problems import Problem

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def request(chunks: Iterable[bytes]) -> Request:
    """Return a request whose body comes in pieces."""
    pieces = iter(chunks)
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]

    async def receive() -> dict[str, Any]:
        piece = next(pieces, None)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


@given(st.lists(st.tuples(texts, texts), max_size=20), st.integers(1, 7))
def test_a_form_reads_back_in_whatever_pieces_it_comes(pairs: list[tuple[str, str]], size: int) -> None:
    sent = urlencode(pairs).encode()
    found = asyncio.run(forms.form(request(sent[at : at + size] for at in range(0, len(sent), size))))
    assert found == {name: tuple(value for other, value in pairs if other == name) for name, _ in pairs}


def test_it_is_refused_as_soon_as_it_is_too_large() -> None:
    def endless() -> Iterable[bytes]:
        yield from (b"a=1", b"&b=2", b"&c=3")
        pytest.fail("more was read than may come")

    with pytest.raises(Problem, match="larger than 8 bytes"):
        asyncio.run(forms.form(request(endless()), 8))

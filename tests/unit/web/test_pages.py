"""What pages do to texts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from stormcell.web.pages import ticked


def test_commands_in_messages_are_code() -> None:
    told = ticked("none is live; see `stormcell codebook list`, or `a < b`.")
    assert told == "none is live; see <code>stormcell codebook list</code>, or <code>a &lt; b</code>."


@given(st.text("`<>&a \n"))
def test_nothing_else_of_a_message_is_changed(text: str) -> None:
    told = ticked(text)
    assert told.replace("<code>", "`").replace("</code>", "`") == escape(text)

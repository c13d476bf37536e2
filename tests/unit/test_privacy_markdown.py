"""Masks in Markdown."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from stormcell.escape import code, markdown, terminal
from stormcell.privacy import conceal, conceal_markdown

SECRETS = [
    "ada@example.com",
    "https://ada:hunter2@db.example.com/x",
    "password=hunter2 token=abc123def",
    "10.1.2.3 and 10.1.2.4",
    "Authorization: Bearer abc.def-ghi_jkl",
    "4111 1111 1111 1111",
]
texts = st.one_of(st.sampled_from(SECRETS), st.text("ab_*`[]()<>&|~#:/.@=\\ 1", max_size=12), st.text(max_size=8))
lines = st.lists(texts, min_size=1, max_size=4).map(" ".join)


def shown(text: str) -> str:
    """Return what a reader sees of inline Markdown."""
    parts = MarkdownIt("commonmark").parseInline(text)[0].children or []
    return "".join(part.content for part in parts)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail ada\\@example.com[^3] now", "mail &lt;email>[^3] now"),
        ("**Bold** ada\\@example.com and `bob@example.com`", "**Bold** &lt;email> and `<email>`"),
        ("| password=hunter2[^1] | a\\_b |", "| password=&lt;password>[^1] | a\\_b |"),
        ("at 10.1.2.3, 10.1.2.4[^1]!", "at &lt;ip>, &lt;ip>[^1]!"),
        ("nothing \\[here\\] &amp; `there`", "nothing \\[here\\] &amp; `there`"),
        ("```sh\ncurl -u ada@example.com\n```\nada\\@example.com", "```sh\ncurl -u <email>\n```\n&lt;email>"),
        ("a\n-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\nb", "a\n<key>\nb"),
    ],
)
def test_masks_stand_where_the_secrets_stood(text: str, masked: str) -> None:
    assert conceal_markdown(text) == masked
    assert conceal_markdown(masked) == masked


def test_the_ids_of_events_stay() -> None:
    # This one would pass for the number of a card.
    uid = "4111111111111111"
    assert conceal(uid) == "<card>"
    text = f"From event `{uid}`[^1], not {uid}.\n\n[^1]: event `{uid}`, field `text`; of ada\\@example.com\n"
    assert conceal_markdown(text) == (
        f"From event `{uid}`[^1], not &lt;card>.\n\n[^1]: event `{uid}`, field `text`; of &lt;email>\n"
    )


@given(lines)
@example("ada@example.com,10.1.2.3,ada@example.com")
def test_what_is_escaped_is_masked_as_the_text_is(text: str) -> None:
    clean = terminal(text).strip()
    assert shown(conceal_markdown(markdown(clean))) == conceal(clean)


@given(lines)
def test_what_is_code_is_masked_as_the_text_is(text: str) -> None:
    clean = terminal(text).strip() or "a"
    masked = conceal_markdown(code(clean))
    assert shown(masked) in (conceal(clean), conceal(clean).strip(" "))


def test_the_id_of_an_alert_stays() -> None:
    text = "[^1]: event `4111111111111111@2023-11-15T00:28:44.452Z`, field `text`"
    assert conceal_markdown(text) == text


def test_a_footnote_hides_no_secret() -> None:
    assert conceal_markdown("[^1]: ask `ada@example.com`") == "[^1]: ask `<email>`"


@given(st.lists(lines, max_size=5).map("\n".join))
def test_masked_again_nothing_changes(text: str) -> None:
    masked = conceal_markdown(text)
    assert conceal_markdown(masked) == masked

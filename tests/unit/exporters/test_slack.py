"""Messages about groups are within what Slack takes, and nothing that telemetry says is markup in them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stormcell.errors import DeliveryError, SettingsError
from stormcell.escape import terminal
from stormcell.registry import exporter
from stormcell.types import Blame, Group
from stormcell_exporters.slack import message
from stormcell_exporters.webhook import WebhookExporter
from tests.unit.render.samples import event, group, latency, row
from tests.unit.wire.servers import Answer, HttpReceiver

LINK = "https://host/groups/{id}?a=1&b=2"
GROUP, _ = latency()

_SYNTAX = """
` `` ``` ```` * _ ~ > & < > &lt; &amp; <!here> <!channel> <@U024BE7LR> <#C024BE7LR|a> <http://x|y> |
@here @everyone
a@b.c http://a.b :fire: \\ [a](http://b) ![a](b) <!date^1^{date}|x> a \u00e9 \U0001f525
"""
PIECES = st.sampled_from(
    [*_SYNTAX.split(), " ", "\n", "\n\n", "\r", "\u2028", "\x1b[31m", "\u202e", "\ud800", "\0"]
)
SHORT = st.one_of(st.text(max_size=50), st.lists(PIECES, max_size=5).map("".join))
HOSTILE = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join), PIECES.map(lambda one: one * 5000))


def told(title: str, text: str = "it broke", *names: str, trace: str = "", id: str = "g-1") -> Group:
    medoid = event("a", text)
    services = tuple(Blame(name, 1 / len(names)) for name in names)
    return group([row(medoid)], medoid, id=id, title=title, services=services, trace=trace)[0]


def texts(made: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield each text of the blocks of a message, with the most characters that it may have."""
    for block in made["blocks"]:
        if block["type"] == "header":
            assert block["text"]["type"] == "plain_text"
            yield block["text"]["text"], 150
            continue
        held = block.get("fields") or block.get("elements") or [block["text"]]
        assert len(held) <= 10
        for one in held:
            assert (one["type"], one["verbatim"]) == ("mrkdwn", True)
            yield one["text"], 2000 if "fields" in block else 3000


def markup(made: dict[str, Any]) -> list[str]:
    """Return what is left of the texts of a message without what stands in code."""
    said = [made["text"], *(text for text, _ in texts(made))]
    return [re.sub(r"`[^`\n]+`", "C", re.sub(r"```\n[^`]+\n```", "B", one)) for one in said]


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE, SHORT)
@example("`", "``` <!here>", "*`a`*", "&lt;", "g-1|x>")
def test_nothing_that_telemetry_says_is_markup(title: str, text: str, name: str, trace: str, id: str) -> None:
    made = message(told(f"a{title}", f"b{text}", name, trace=f"c{trace}", id=id), LINK)
    plain = message(told("a", "b", "name", trace="c", id="g-1"), LINK)
    link = re.compile(r"<https://host/groups/[^<>|`\s]*\?a=1&amp;b=2\|Look at the group>")
    assert [link.sub("L", one) for one in markup(made)] == [link.sub("L", one) for one in markup(plain)]
    assert "@" not in made["text"]
    # Slack reads what stands in angles even in code.
    assert not any(set("<>") & set(link.sub("", one)) for one, _ in texts(made))
    assert not set("<>") & set(made["text"])
    assert not re.search(r"&(?!amp;|lt;|gt;)", json.dumps(made))


@given(HOSTILE, st.lists(HOSTILE, max_size=12), st.integers(1, 10**12))
@example("&" * 10_000, ["&" * 1000] * 12, 10**12)
@example("\n" * 10_000, [], 1)
@example("\x1b" * 10_000, [], 1)
@example("\U0001f525" * 10_000, ["\U0001f525" * 1000] * 6, 1)
def test_it_is_within_the_limits(hostile: str, names: list[str], count: int) -> None:
    one = replace(told(hostile, hostile + "x", *names, trace=hostile, id=hostile), count=count)
    made = message(one, LINK)
    assert len(made["blocks"]) <= 50
    total = len(made["text"].encode("utf-16-le")) // 2
    assert total <= 1000
    for text, most in texts(made):
        units = len(text.encode("utf-16-le")) // 2  # how it is counted is not said: this is the most
        assert 1 <= units <= most
        total += units
    assert total <= 12_000


@given(SHORT)
def test_code_shows_what_was_said(text: str) -> None:
    [shown] = [
        found[1]
        for one, _ in texts(message(told("title", text)))
        if (found := re.match(r"```\n(.*)\n```", one, re.S))
    ]
    lines = [terminal(line).replace("`", "\u02cb") for line in text.splitlines()]
    expected = "\n".join(lines)
    assert html.unescape(shown) == (expected if expected.strip() else "-")


def test_a_long_text_is_cut() -> None:
    cut = [text for text, _ in texts(message(told("title", "line\n" * 30)))][2]
    assert cut == "```\n" + "line\n" * 20 + "\u2026\n```"
    cut = [text for text, _ in texts(message(told("&" * 301)))][1]
    assert cut == f"`{'&amp;' * 59}\u2026`"


def test_a_title_that_is_the_text_is_said_once() -> None:
    assert [text for text, _ in texts(message(told("it broke")))][:2] == [
        "Error, open: 1 event",
        "```\nit broke\n```",
    ]


def test_the_services_most_blamed_come_first() -> None:
    fields = [text for text, most in texts(message(told("a", "b", *"stuvwxyz"))) if most == 2000]
    assert fields[0] == "*Services by blame*\n" + "".join(f"`{name}` 12%\n" for name in "stuvw") + "and 3 more"


@pytest.mark.parametrize(
    ("severity", "word"),
    [(0, "Info"), (12, "Info"), (13, "Warning"), (17, "Error"), (21, "Critical"), (24, "Critical")],
)
def test_the_header_tells_how_severe_it_is(severity: int, word: str) -> None:
    medoid = event("a", severity=severity)
    assert next(texts(message(group([row(medoid)], medoid)[0])))[0] == f"{word}, open: 1 event"


def test_it_is_posted_without_the_token_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORMCELL_WEBHOOK_TOKEN", "s3cret")
    made = exporter("webhook", {"format": "slack", "link": LINK})
    assert isinstance(made, WebhookExporter)
    with HttpReceiver(Answer(body=b"ok"), Answer(429, {"retry-after": "30"})) as receiver, closing(made):
        made.export([GROUP], f"{receiver.url}/services/T0/B0/x")
        with pytest.raises(DeliveryError) as caught:
            made.export([GROUP], f"{receiver.url}/services/T0/B0/x")
    assert (caught.value.retryable, caught.value.retry_after) == (True, 30)
    assert "T0" not in str(caught.value)
    first, _ = receiver.requests
    assert (first.path, json.loads(first.body)) == ("/services/T0/B0/x", message(GROUP, LINK))
    assert first.headers["content-type"] == "application/json"
    assert "s3cret" not in str(first.headers)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"format": "teams"}, "the option 'format': expected json or slack, found 'teams'"),
        ({"link": LINK}, "the option 'link': it is for messages"),
        ({"format": "slack", "link": "https://host/groups"}, "found none with {id}"),
        ({"format": "slack", "link": "https://host/{id} x"}, "without blanks"),
        ({"format": "slack", "link": "https://host/{id}|x"}, "without blanks"),
        ({"format": "slack", "link": "https://host/{id}>"}, "without blanks"),
        ({"format": "slack", "link": "https://host/{id}" + "x" * 1000}, "1,000 characters"),
        ({"format": "slack", "link": "javascript:alert({id})"}, "the option 'link': expected a URL"),
        ({"format": "slack", "link": "https://ann:s3cret@host/{id}"}, "without a user and a password"),
        ({"format": "slack", "link": "/groups/{id}"}, "the option 'link': expected a URL"),
    ],
    ids=str,
)
def test_options_that_are_wrong(options: dict[str, str | float | bool], said: str) -> None:
    with pytest.raises(SettingsError, match=r"the exporter 'webhook' \(.*\): ") as caught:
        exporter("webhook", options)
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_an_id_is_escaped_in_a_link() -> None:
    said = [text for text, _ in texts(message(told("a", id="g/1&x>"), LINK))]
    assert "<https://host/groups/g%2F1%26x%3E?a=1&amp;b=2|Look at the group>" in said

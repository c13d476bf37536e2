"""Nothing that a page prints is markup, hides, or reorders what is beside it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.exceptions import TemplateNotFound, UndefinedError

from stormcell import escape
from stormcell.render.html import html_environment

ENVIRONMENT = html_environment("report")


def render(template: str, **names: object) -> str:
    return ENVIRONMENT.from_string(template).render(**names)


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{ x }}", "&lt;b&gt;\\x1b \\u202e&amp;\na"),
        ("{{ x | clean }}", "&lt;b&gt;\\x1b \\u202e&amp;  a"),
        ("{{ x ~ x }}", "&lt;b&gt;\\x1b \\u202e&amp;\na" * 2),
        ("{{ x | e }}", "&lt;b&gt;\\x1b \\u202e&amp;\na"),
        ("{% macro m(y) %}<i>{{ y }}</i>{% endmacro %}{{ m(x) }}", "<i>&lt;b&gt;\\x1b \\u202e&amp;\na</i>"),
        ('{{ 1 | counted("event") }}, {{ 1204 | counted("event") }}', "1 event, 1,204 events"),
        ('{{ 2 | counted("entry", "entries") }}', "2 entries"),
        ("{{ 1767323045123456789 | iso }}", "2026-01-02T03:04:05.123456789Z"),
        ("{{ 1767323045123456789 | utc }}", "2026-01-02 03:04:05 UTC"),
        ("{{ 252000000000 | spoken }}", "4 min 12 s"),
        ("{% for p in (0, 0.001, 0.5, 0.999, 1) %}{{ p | percent }} {% endfor %}", "0% &lt;1% 50% &gt;99% 100% "),
        ("{{ 3 }} {{ 0.5 }}", "3 0.5"),
    ],
)
def test_what_is_printed(template: str, shown: str) -> None:
    assert render(template, x="<b>\x1b \u202e&\r\na") == shown


@pytest.mark.parametrize("value", [None, True, ["a"], {"a": 1}, b"a"])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=type(value).__name__):
        render("{{ value }}", value=value)


def test_what_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'nothing' is undefined"):
        render("{{ nothing }}")


@pytest.mark.parametrize("name", ["../runbook/base.md.j2", "nothing.html.j2", ".", ""])
def test_only_files_of_the_folder_are_templates(name: str) -> None:
    with pytest.raises(TemplateNotFound):
        ENVIRONMENT.get_template(name)


@given(st.text())
def test_a_text_comes_back_from_text_and_attribute(text: str) -> None:
    found: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append(tag + "".join(value or "" for _, value in attrs))

        def handle_data(self, data: str) -> None:
            found.append(data)

    parser = Parser()
    parser.feed(render('<p title="{{ x }}">{{ x }}</p>', x=text))
    parser.close()
    assert found[0] == f"p{escape.visible(text)}"
    assert "".join(found[1:]) == escape.visible(text)

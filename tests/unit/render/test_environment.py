"""No template can print text that is not escaped, nor a fact without its footnote."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader
from jinja2.exceptions import SecurityError, TemplateAssertionError, UndefinedError

from stormcell.render.beyond import Link
from stormcell.render.context import context
from stormcell.render.environment import environment, footnotes
from stormcell.render.facts import Blank
from stormcell.render.footnotes import Footnotes
from stormcell.types import Fact, Material
from tests.unit.render.samples import error_log

EVIL = "[x](javascript:y)"
SAFE = r"\[x\](javascript:y)"
FACT = Fact(EVIL, "u1", "text")


def render(template: str, notes: Footnotes | None = None, parts: dict[str, str] | None = None) -> str:
    sandbox = environment(DictLoader({"main": template} | (parts or {})))
    with footnotes() as collected:
        text = sandbox.get_template("main").render(
            evil=EVIL, fact=FACT, other=Fact("b", "u2", "text"), blank=Blank("pod name")
        )
    if notes is not None:
        notes.__dict__.update(collected.__dict__)
    return text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ evil }}", SAFE),
        ("{{ '[x](y)' }}", r"\[x\](y)"),
        ("{{ fact }}", SAFE + "[^1]"),
        ("{{ fact }}{{ fact }}{{ other }}", f"{SAFE}[^1]{SAFE}[^1]b[^2]"),
        ("{{ blank }}", "*to fill in: pod name*"),
        ("{{ [evil, 'b', 'c'] | head(2) | list | length }}", "2"),
        ("{{ 7 * 6 }} {{ 1.5 }}", "42 1.5"),
        ("{{ evil + evil }}", SAFE + SAFE),
        (
            "{{ fact | code }} {{ evil | code }} {{ blank | code }}",
            f"`{EVIL}`[^1] `{EVIL}` *to fill in: pod name*",
        ),
        ("{% macro m(x) %}**{{ x }}**{% endmacro %}{{ m(fact) }}", f"**{SAFE}[^1]**"),
        ("{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ evil }}{% endcall %}", SAFE),
        ("{% set x %}*{{ evil }}*{% endset %}{{ x }}", f"*{SAFE}*"),
        ("{% extends 'base' %}{% block b %}{{ super() }}{{ evil }}{% endblock %}", f"*base {SAFE}*{SAFE}"),
        ("{% from 'lib' import m %}{{ m(fact) }}", f"<{SAFE}[^1]>"),
        ("{{ evil is known }} {{ fact is known }} {{ blank is known }}", "False True False"),
    ],
)
def test_whatever_is_printed_is_escaped_once(template: str, text: str) -> None:
    parts = {
        "base": "{% block b %}*base {{ evil }}*{% endblock %}",
        "lib": "{% macro m(x) %}<{{ x }}>{% endmacro %}",
    }
    assert render(template, parts=parts) == text


@pytest.mark.parametrize(
    "template",
    [
        "{% macro m() %}x{% endmacro %}{{ m() + evil }}",
        "{% macro m() %}x{% endmacro %}{{ m().format(evil) }}",
        "{% macro m() %}x{% endmacro %}{{ m().join([evil]) }}",
        "{% macro m() %}x{% endmacro %}{{ m()[0] }}",
        "{% set x %}%s{% endset %}{{ x % evil }}",
        "{{ (fact | code) * 3 }}",
        "{{ ''.__class__ }}",
        "{{ fact.__init__ }}",
    ],
)
def test_nothing_can_be_glued_to_what_is_safe(template: str) -> None:
    with pytest.raises((SecurityError, UndefinedError)):
        render(template)


@pytest.mark.parametrize("name", ["head(1)", "reverse"])
def test_the_letters_of_a_text_stay_in_their_order(name: str) -> None:
    assert render(f"{{{{ (['b', 'a'] | {name} | list)[-1] }}}}") == "b"
    with pytest.raises(TypeError, match="takes a list, not a text"):
        render(f"{{% set x %}}{{{{ evil }}}}{{% endset %}}{{{{ x | {name} }}}}")


@pytest.mark.parametrize(
    "template",
    [
        "{{ fact ~ evil }}",
        "{% macro m() %}x{% endmacro %}{{ m()[0:1] }}",
        "{% macro m() %}{{ evil ~ 'x' }}{% endmacro %}",
        "{{ evil | safe }}",
        "{{ [evil] | join }}",
        "{{ evil | escape }}",
        "{{ evil | tojson }}",
        "{{ evil | urlize }}",
    ],
)
def test_what_skips_the_escape_is_no_template(template: str) -> None:
    with pytest.raises(TemplateAssertionError):
        render(template)


@pytest.mark.parametrize(
    "template", ["{{ [fact] }}", "{{ none }}", "{{ {'a': 1} }}", "{{ [1] | shell }}", "{{ none | code }}"]
)
def test_only_values_are_printed(template: str) -> None:
    with pytest.raises(TypeError, match=r"cannot (print|put) a"):
        render(template)


def test_links_of_the_settings_are_links_and_nothing_else_is() -> None:
    sandbox = environment(DictLoader({"main": "{{ link | link }}", "other": "{{ link.url | link }}"}))
    link = Link("[a]", Fact("https://x.example/?a=(1)", "u", "uid", "the link"))
    with footnotes():
        assert sandbox.get_template("main").render(link=link) == r"[\[a\]](<https://x.example/?a=(1)>)[^1]"
        with pytest.raises(TypeError, match="only the links of the settings"):
            sandbox.get_template("other").render(link=link)


def test_what_our_values_hide_is_not_told() -> None:
    made, atom = error_log()
    facts = context(Material(made, [atom]))
    sandbox = environment(DictLoader({"main": "{{ group._rows }}", "other": "{{ group.__dict__ }}"}))
    for name in ("main", "other"):
        with footnotes(), pytest.raises((SecurityError, UndefinedError)):
            sandbox.get_template(name).render(group=facts)


def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'nothing' is undefined"):
        render("{{ nothing }}")
    with pytest.raises(UndefinedError, match="has no attribute 'nothing'"):
        render("{{ fact.nothing }}")


def test_commands_are_cited_after_their_block() -> None:
    notes = Footnotes()
    text = render("a {{ fact | shell }} {{ blank | shell }} {{ other | shell }}\n{{ sources() }}", notes)
    first, second = text.splitlines()
    assert first == f"a '{EVIL}' \"${{POD_NAME:?to fill in}}\" b"
    assert second == "From the events: [^1] [^2] · *to fill in: pod name*"
    assert notes.settled
    assert notes.definitions() == "[^1]: event `u1`, field `text`\n[^2]: event `u2`, field `text`\n"


def test_a_command_without_sources_is_noticed() -> None:
    notes = Footnotes()
    render("a {{ fact | shell }}", notes)
    assert not notes.settled


def test_an_empty_value_is_shown_as_such() -> None:
    sandbox = environment(DictLoader({"main": "{{ fact }}: x"}))
    with footnotes():
        assert sandbox.get_template("main").render(fact=Fact(" ", "u", "text")) == "*empty*[^1]: x"


def test_a_footnote_says_how_a_value_was_derived() -> None:
    notes = Footnotes()
    notes.cite(Fact("12", "a`b|c", 'attributes["x"]', "counted *over* 12"))
    assert notes.definitions() == '[^1]: event ``a`b|c``, field `attributes["x"]`; counted \\*over\\* 12\n'

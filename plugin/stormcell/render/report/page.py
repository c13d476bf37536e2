"""The page itself: what is shown, put into its template, with its style and script inside."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from markupsafe import Markup

from stormcell import __version__, escape, files
from stormcell.render.html import html_environment
from stormcell.render.report.maps import HEIGHT, WIDTH, group_map, heat
from stormcell.render.report.sections import numbers, sections
from stormcell.render.report.storm import Storm, by_severity
from stormcell.render.report.timeline import BINS, LEVELS, timeline

if TYPE_CHECKING:
    from jinja2 import Environment


def report_html(storm: Storm) -> str:
    """Return the report: one HTML document that loads nothing, and is whole without its script.

    Equal storms give equal documents.
    """
    groups = [each.group for each in storm.materials]
    shown = sections(storm)
    style, script = (
        _asset(*names) for names in (("web/static/tokens.css", "report/report.css"), ("report/report.js",))
    )
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            storm=storm,
            groups=groups,
            severities=by_severity(storm),
            sections=shown,
            numbers=numbers(shown),
            timeline=timeline(storm.materials),
            bins=BINS,
            levels=LEVELS,
            map=group_map(groups, storm.far),
            map_size=(WIDTH, HEIGHT),
            heat=heat(groups, storm.far),
            version=__version__,
            policy=policy,
            style=style,
            script=script,
        )
    )


@cache
def _environment() -> Environment:
    return html_environment("report")


@cache
def _asset(*names: str) -> Markup:
    """Return shipped files, put together as they stand in the page."""
    root = files.shipped("templates")
    texts = (root.joinpath(*name.split("/")).read_text(encoding="utf-8") for name in names)
    return Markup(escape.visible("".join(texts)))  # noqa: S704  files of ours


def _hash(text: str) -> str:
    """Return what a content security policy knows an inline text by."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"

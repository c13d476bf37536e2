"""Links into Kibana: below its address and a space, or relative to the page of any of its apps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from stormcell_exporters.elasticsearch.names import MEMBERS
from stormcell_exporters.kibana.boards import MEMBER_EVENTS
from stormcell_exporters.kibana.panels import TIME, Ids

SINCE: Final = "now-1y"
"""Longer than anything is kept: a group's events are to be seen whatever time the reader looks at."""

_BARE: Final = re.compile(r"[A-Za-z_./~][A-Za-z0-9_./~-]*\Z")
_KEPT: Final = "!'(),:*@~/{}"
"""What need not be escaped behind the #; braces are where Kibana puts a value in."""


def rison(value: Any) -> str:
    """Return JSON types in the notation of Kibana's URLs, not yet escaped."""
    if isinstance(value, Mapping):
        return f"({','.join(f'{rison(name)}:{rison(one)}' for name, one in sorted(value.items()))})"
    if isinstance(value, list | tuple):
        return f"!({','.join(map(rison, value))})"
    if isinstance(value, str):
        return value if _BARE.match(value) else "'" + value.replace("!", "!!").replace("'", "!'") + "'"
    if isinstance(value, bool) or value is None:
        return {True: "!t", False: "!f", None: "!n"}[value]
    return f"{value}"


def events_of(ids: Ids, group: str) -> str:
    """Return a link to the events of a group in Discover, relative to an app's page.

    Parameters
    ----------
    ids : Ids
    group : str
        Its id, or ``{{value}}`` where Kibana is to put that in.
    """
    state = {
        "columns": MEMBER_EVENTS.columns,
        "dataSource": {"dataViewId": ids.of(MEMBERS), "type": "dataView"},
        "query": _one_group(group),
        "sort": [[TIME, "asc"]],
    }
    return f"../app/discover#/?{_state(_g=_times(SINCE), _a=state)}"


def dashboard(ids: Ids, name: str, group: str = "") -> str:
    """Return a link to a dashboard, relative to an app's page, narrowed to a group where one is named."""
    about: dict[str, Any] = {}
    if group:
        about["_g"] = _times(SINCE)
        about["_a"] = {"query": _one_group(group)}
    return f"../app/dashboards#/view/{ids.of(name)}{f'?{_state(**about)}' if about else ''}"


def absolute(link: str, base: str) -> str:
    """Return a relative link as one that works from anywhere.

    Parameters
    ----------
    link : str
    base : str
        The address of Kibana, with the path of the space.
    """
    return base.rstrip("/") + link.removeprefix("..")


def _one_group(group: str) -> dict[str, str]:
    text = group.replace("\\", "\\\\").replace('"', '\\"')
    return {"language": "kuery", "query": f'incident_group.id:"{text}"'}


def _times(since: str) -> dict[str, Any]:
    return {"time": {"from": since, "to": "now"}}


def _state(**parts: Any) -> str:
    return "&".join(f"{name}={quote(rison(value), safe=_KEPT)}" for name, value in parts.items())

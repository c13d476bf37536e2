"""Peers: whom failed spans say they called, where nobody who was called is heard here."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import numpy as np

from stormcell.features.calls import CallGraph
from stormcell.features.spans import Tree
from stormcell.types import Attributes, Rows

_NAMED: Final = ("service.peer.name", "peer.service")
_SERVED: Final = ("http.route", "http.target", "url.path")
"""What only the span of a server has, whose address is its own."""
_URLS: Final = ("url.full", "http.url")
_DATABASES: Final = ("db.system.name", "db.system")
_ADDRESS: Final = re.compile(r"<|:|^[0-9.]+$")


def find_peers(rows: Rows, calls: CallGraph, spans: Tree, heard: frozenset[str]) -> dict[int, str]:
    """Return the peer of each row of failed spans without failed children whose operation calls nobody known.

    Only the whole event tells of its peer: what fails is looked at, and of it what is not known otherwise.
    """
    at = rows.spans.row
    failed = np.unique(at[rows.failed[at] & (spans.has_failed_child == 0)])
    found: dict[int, str] = {}
    for row in failed.tolist():
        template = rows.templates[rows.template[row]]
        if calls.callee(template.service, template.text) is None:
            named = peer(rows.events[row].attributes)
            if named:
                short = named.partition(".")[0]
                found[row] = short if short in heard else named
    return found


def peer(attributes: Attributes) -> str:
    """Return whom a span says it called: a service, a host, a kind of database; "" if it does not say."""
    named = _first(attributes, _NAMED)
    if named or any(name in attributes for name in _SERVED):
        return named
    database = _first(attributes, _DATABASES)
    if database:
        return _name(_first(attributes, ("server.address",))) or database
    try:
        return _name(urlsplit(_first(attributes, _URLS)).hostname or "")
    except ValueError:
        return ""


def _name(host: str) -> str:
    """Return a host, or "" where it is an address, masked or not, or this machine: neither names who is there."""
    return "" if host == "localhost" or _ADDRESS.search(host) else host


def _first(attributes: Attributes, names: tuple[str, ...]) -> str:
    """Return the first of some attributes that holds a text."""
    return next((value for name in names if isinstance(value := attributes.get(name), str) and value), "")

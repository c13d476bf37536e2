"""What a server can do: its editions and its minimal build leave things out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from stormcell_exporters.elasticsearch.names import Names

_JSON: Final = {"accept": "application/json"}
_SENT: Final = {**_JSON, "content-type": "application/json"}
_ABSENT: Final = (400, 405, 410)
"""How a server answers for what it does not have; 404 is for a thing of a kind that it has."""


_HIGHEST: Final = 1_000_000
"""A priority that no other template has."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a server has of what we use where it is there.

    Attributes
    ----------
    match_only_text : bool
        Texts that take less space.
    data_streams : bool
    lifecycle_policies : bool
        Which take out what is old.
    """

    match_only_text: bool = True
    data_streams: bool = True
    lifecycle_policies: bool = True


def probe(client: Elasticsearch, names: Names) -> Capabilities:
    """Ask a server what it can do; nothing is changed.

    Raises
    ------
    elasticsearch.ApiError, elastic_transport.TransportError
        If it cannot be asked.
    """
    return Capabilities(
        match_only_text=_knows(client, names, "match_only_text"),
        data_streams=_has(client, f"/_data_stream/{names.alias('history')}"),
        lifecycle_policies=_has(client, f"/_ilm/policy/{names.policy}"),
    )


def _has(client: Elasticsearch, path: str) -> bool:
    from elasticsearch import ApiError

    try:
        client.perform_request("GET", path, headers=_JSON)
    except ApiError as error:
        if error.meta.status == 404:
            return True
        if error.meta.status in _ABSENT:
            return False
        raise
    return True


def _knows(client: Elasticsearch, names: Names, type: str) -> bool:
    """Tell whether a field may be of a type, by a template that is tried and not kept."""
    from elasticsearch import BadRequestError

    template = {
        "index_patterns": [f"{names.prefix}-probe"],
        "priority": _HIGHEST,
        "template": {"mappings": {"properties": {"probe": {"type": type}}}},
    }
    try:
        client.perform_request("POST", "/_index_template/_simulate", headers=_SENT, body=template)
    except BadRequestError as error:
        if f"[{type}]" in str(error.body):
            return False
        raise
    return True

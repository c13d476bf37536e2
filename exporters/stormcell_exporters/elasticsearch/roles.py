"""The least that a user of Elasticsearch needs, for each thing we do."""

from __future__ import annotations

from typing import Any, Final

from stormcell_exporters.elasticsearch.names import Names

SETUP: Final = "stormcell_setup"
WRITER: Final = "stormcell_writer"
READER: Final = "stormcell_reader"

_CLUSTER: Final = {SETUP: ("manage_index_templates", "manage_ilm"), WRITER: (), READER: ()}
_INDEX: Final = {
    SETUP: ("view_index_metadata", "create_index", "manage", "read", "index", "delete", "delete_index"),
    WRITER: ("view_index_metadata", "read", "index", "delete", "maintenance"),
    READER: ("view_index_metadata", "read"),
}


def roles(names: Names) -> dict[str, dict[str, Any]]:
    """Return the roles by their names, as ``roles.yml`` and the security API take them."""
    return {
        role: {
            "cluster": list(_CLUSTER[role]),
            "indices": [{"names": [f"{names.prefix}-*"], "privileges": list(_INDEX[role])}],
        }
        for role in (SETUP, WRITER, READER)
    }


def granting(role: str, scope: str) -> tuple[str, ...]:
    """Return the privileges that a role has in a scope, "cluster" or "index"."""
    return _CLUSTER[role] if scope == "cluster" else _INDEX[role]

"""The least that a user of Elasticsearch needs, for each thing we do."""

from __future__ import annotations

import json
from typing import Any, Final

from stormcell_exporters.elasticsearch.names import Names

SETUP: Final = "stormcell_setup"
"""Of whoever sets up and rebuilds."""
WRITER: Final = "stormcell_writer"
"""Of the sidecar, and of whoever pushes and checks."""
READER: Final = "stormcell_reader"
"""Of people who look at groups in Kibana."""

_CLUSTER: Final = {SETUP: ("manage_index_templates", "manage_ilm"), WRITER: (), READER: ()}
_INDEX: Final = {
    SETUP: ("manage", "read", "index", "delete"),
    WRITER: ("read", "index", "delete", "maintenance", "view_index_metadata"),
    READER: ("read", "view_index_metadata"),
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


def requests(names: Names) -> str:
    """Return what makes the roles, as Kibana's console takes it."""
    made = (
        f"PUT /_security/role/{role}\n{json.dumps(rights, indent=2)}\n" for role, rights in roles(names).items()
    )
    return "\n".join(made)


def granting(role: str, scope: str) -> tuple[str, ...]:
    """Return the privileges that a role has in a scope, "cluster" or "index"."""
    return _CLUSTER[role] if scope == "cluster" else _INDEX[role]

"""Users of a running Elasticsearch: with the roles that we document, and with all but one privilege of them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from elasticsearch import AuthenticationException

from stormcell_exporters.elasticsearch.connection import Credentials, connect, server
from stormcell_exporters.elasticsearch.names import Names
from stormcell_exporters.elasticsearch.roles import roles
from tests.services.elastic import ADMIN, Elasticsearch, password
from tests.services.servers import until

OURS: Final[Mapping[str, dict[str, Any]]] = roles(Names())
"""By name; they reach as far as the indices of tests do."""
PASSWORD: Final = password(ADMIN)


def lacking(role: str, privilege: str) -> dict[str, Any]:
    """Return a role of ours without one of its privileges."""
    found = deepcopy(OURS[role])
    for names in (found["cluster"], *(part["privileges"] for part in found["indices"])):
        if privilege in names:
            names.remove(privilege)
    return found


def every_lack() -> dict[str, dict[str, Any]]:
    """Return all roles of ours and all that lack one privilege, by what their users are called."""
    found = dict(OURS)
    for role, rights in OURS.items():
        for privilege in (
            *rights["cluster"],
            *(name for part in rights["indices"] for name in part["privileges"]),
        ):
            found[f"{role}-without-{privilege}"] = lacking(role, privilege)
    return found


def hire(node: Elasticsearch, names: list[str]) -> None:
    """Give a node that runs some users more, each with the role that is called like it, and one password."""
    users, roles = node.home / "config" / "users", node.home / "config" / "users_roles"
    hashed = next(line for line in users.read_text().splitlines() if line.startswith(f"{ADMIN}:"))
    hashed = hashed.partition(":")[2]
    users.write_text(users.read_text() + "".join(f"{name}:{hashed}\n" for name in names))
    roles.write_text(roles.read_text() + "".join(f"{name}:{name}\n" for name in names))
    until("they may come in", lambda: all(_known(node, name) for name in names))


def _known(node: Elasticsearch, name: str) -> bool:
    """Tell whether a node knows a user with their role."""
    with connect(server(node.url, node.ca_file), Credentials({"basic_auth": (name, PASSWORD)})) as client:
        try:
            found = client.perform_request(
                "GET", "/_security/_authenticate", headers={"accept": "application/json"}
            )
        except AuthenticationException:
            return False
        return name in found.body["roles"]

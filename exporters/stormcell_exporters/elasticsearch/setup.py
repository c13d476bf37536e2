"""Makes ready what the documents go into: templates, indices, aliases. What is there already stays as it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stormcell.errors import SettingsError
from stormcell.types import Step
from stormcell_exporters.elasticsearch.capabilities import Capabilities
from stormcell_exporters.elasticsearch.mappings import (
    MANAGED_BY,
    index_template,
    mapping,
    mappings_component,
    policy,
    settings_component,
)
from stormcell_exporters.elasticsearch.names import HISTORY, KINDS, SCHEMA_VERSION, Names

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

_JSON: Final = {"accept": "application/json", "content-type": "application/json"}

_THERE: Final = "there"

Found = Mapping[str, Any]


class _Part(NamedTuple):
    """A template or a policy: its name, where it is, what it should be, and its ``_meta`` in an answer."""

    what: str
    path: str
    body: dict[str, Any]
    meta: Callable[[Found], Any]


def setup(
    client: Elasticsearch, names: Names, server: Capabilities, retention_days: int, *, dry_run: bool = False
) -> list[Step]:
    """Make ready what the documents of a prefix go into; running it again does nothing.

    Parameters
    ----------
    client : Elasticsearch
    names : Names
    server : Capabilities
    retention_days : int
        How long the history is kept.
    dry_run : bool
        Only tell what would be done; what is there is read all the same.

    Raises
    ------
    SettingsError
        If something of such a name is not ours, or of a later version.
    elasticsearch.ApiError, elastic_transport.TransportError
        If the server does not do it.
    """
    # All is looked at before anything is done: what is not ours is to stop us before we are halfway.
    steps = [_put(client, part) for part in _parts(names, server, retention_days)]
    steps += [_place(client, kind, names, server) for kind in KINDS]
    return steps if dry_run else [_done(client, step) for step in steps]


def _parts(names: Names, server: Capabilities, retention_days: int) -> Iterator[_Part]:
    if server.data_streams and server.lifecycle_policies:
        yield _Part(
            f"lifecycle policy {names.policy}",
            f"/_ilm/policy/{names.policy}",
            policy(retention_days),
            lambda found: found[names.policy]["policy"].get("_meta"),
        )
    components = {names.settings: settings_component()}
    components |= {names.mappings(kind): mappings_component(kind, server) for kind in KINDS}
    for name, body in components.items():
        yield _Part(
            f"component template {name}",
            f"/_component_template/{name}",
            body,
            lambda found: found["component_templates"][0]["component_template"].get("_meta"),
        )
    for kind in KINDS:
        yield _Part(
            f"index template {names.template(kind)}",
            f"/_index_template/{names.template(kind)}",
            index_template(kind, names, server, retention_days),
            lambda found: found["index_templates"][0]["index_template"].get("_meta"),
        )


def _put(client: Elasticsearch, part: _Part) -> Step:
    found = _get(client, part.path)
    if found is None:
        return _step(part.what, "create", part.path, part.body)
    if _current(part.meta(found), part.body, f"the {part.what}"):
        return Step(part.what, _THERE, "PUT", part.path)
    return _step(part.what, "change", part.path, part.body)


def _place(client: Elasticsearch, kind: str, names: Names, server: Capabilities) -> Step:
    """Make the index of a kind with its alias, or its data stream; one that is there gets fields that it lacks."""
    alias = names.alias(kind)
    found = _get(client, f"/{alias}")
    wanted = mapping(kind, server)
    if found is not None:
        _check_alias(alias, found)
        metas = [index["mappings"].get("_meta") for index in found.values()]
        what = f"mapping of {alias}"
        current = [_current(meta, wanted, f"the index behind {alias}") for meta in metas]
        if all(current):
            return Step(what, _THERE, "PUT", f"/{alias}/_mapping")
        return _step(what, "change", f"/{alias}/_mapping", wanted)
    if kind == HISTORY and server.data_streams:
        return _step(f"data stream {alias}", "create", f"/_data_stream/{alias}", None)
    left = _get(client, f"/{names.pattern(kind)}") or {}
    for index, about in left.items():
        _current(about["mappings"].get("_meta"), wanted, f"the index {index}")
    if left:
        # The highest, if somebody took the alias away: what it lacks the next push brings.
        body: dict[str, Any] = {"is_write_index": True}
        return _step(f"alias {alias} of {max(left)}", "create", f"/{max(left)}/_alias/{alias}", body)
    body = {"aliases": {alias: {"is_write_index": True}}}
    index = names.index(kind)
    return _step(f"index {index} behind {alias}", "create", f"/{index}", body)


def _get(client: Elasticsearch, path: str) -> Any:
    """Return what is there; None where nothing is."""
    from elasticsearch import NotFoundError

    try:
        return client.perform_request("GET", path, headers=_JSON).body
    except NotFoundError:
        return None


def _step(what: str, how: str, path: str, body: dict[str, Any] | None) -> Step:
    return Step(what, f"to {how}", "PUT", path, "" if body is None else json.dumps(body))


def _done(client: Elasticsearch, step: Step) -> Step:
    if step.state == _THERE:
        return step
    client.perform_request(step.method, step.path, headers=_JSON, body=step.body or None)
    return replace(step, state=f"{step.state.removeprefix('to ')}d")


def _current(meta: Any, wanted: Mapping[str, Any], what: str) -> bool:
    """Tell whether something that is there is as it should be, by its ``_meta``; raise where it is not ours."""
    if not isinstance(meta, dict) or meta.get("managed_by") != MANAGED_BY:
        raise SettingsError(
            f"{what} is there and not Stormcell's; take another prefix, or remove it if nobody needs it"
        )
    version = meta.get("schema_version")
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise SettingsError(
            f"{what} is of schema version {version!a}, and this Stormcell knows {SCHEMA_VERSION}; update it,"
            " or take another prefix"
        )
    own = wanted.get("policy", wanted)["_meta"]
    return bool(meta.get("digest") == own["digest"])


def _check_alias(alias: str, found: Found) -> None:
    if alias in found:
        raise SettingsError(
            f"{alias} is an index, where Stormcell needs an alias; take another prefix,"
            " or remove it if nobody needs it"
        )

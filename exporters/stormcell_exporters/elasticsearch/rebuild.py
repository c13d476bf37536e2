"""Making all copies anew: into indices of their own, which take the place of the old ones in one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stormcell.errors import DeliveryError, SettingsError
from stormcell_exporters.elasticsearch.bulk import Caller
from stormcell_exporters.elasticsearch.mappings import MANAGED_BY
from stormcell_exporters.elasticsearch.names import GROUPS, MEMBERS, Names

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

_KINDS = (GROUPS, MEMBERS)


def fresh(client: Elasticsearch, caller: Caller, names: Names) -> dict[str, str]:
    """Return by kind the indices that copies are made in: new ones, or those of a rebuild that was broken off.

    Raises
    ------
    SettingsError
        If an index of such a name is not ours.
    DeliveryError
        If there is nothing to take the place of.
    """
    made = {}
    for kind in _KINDS:
        current = max(names.number(kind, index) or 0 for index in _behind(client, caller, names.alias(kind)))
        left = [number for number in _numbers(client, caller, names, kind) if number > current]
        made[kind] = names.index(kind, max(left, default=current + 1))
        if not left:
            caller.call(_creation(client, made[kind]))
    return made


def swap(client: Elasticsearch, caller: Caller, names: Names, made: dict[str, str]) -> None:
    """Let the new indices take the place of the old ones, for all readers at once, and take the old ones out."""
    actions: list[dict[str, Any]] = []
    replaced: list[str] = []
    for kind, index in made.items():
        alias = names.alias(kind)
        old = [other for other in _behind(client, caller, alias) if other != index]
        actions.append({"add": {"index": index, "alias": alias, "is_write_index": True}})
        actions += [{"remove": {"index": other, "alias": alias}} for other in old]
        # And what is left of rebuilds that were broken off after this.
        numbers = (names.index(kind, number) for number in _numbers(client, caller, names, kind))
        replaced += {*old, *(other for other in numbers if other < index)}
    caller.call(lambda: client.indices.update_aliases(actions=actions))
    if replaced:
        caller.call(lambda: client.indices.delete(index=replaced))


def _behind(client: Elasticsearch, caller: Caller, alias: str) -> list[str]:
    """Return the indices behind an alias."""
    found = caller.call(lambda: client.options(ignore_status=404).indices.get_alias(name=alias)).body
    indices = [
        index for index, held in found.items() if isinstance(held, dict) and alias in held.get("aliases", ())
    ]
    if not indices:
        raise DeliveryError(f"there is no {alias}; run `stormcell elasticsearch setup`", retryable=True)
    return indices


def _numbers(client: Elasticsearch, caller: Caller, names: Names, kind: str) -> list[int]:
    """Return the numbers of all our indices of a kind."""
    found = caller.call(lambda: client.indices.get_mapping(index=names.pattern(kind))).body
    numbers = []
    for index, held in found.items():
        number = names.number(kind, index)
        if number is None:
            continue
        owner = held["mappings"].get("_meta", {}).get("managed_by")
        if owner != MANAGED_BY:
            raise SettingsError(
                f"the index {index} is there and not Stormcell's; take another prefix, or remove it if nobody"
                " needs it"
            )
        numbers.append(number)
    return numbers


def _creation(client: Elasticsearch, index: str) -> Callable[[], Any]:
    return lambda: client.indices.create(index=index)

"""All for Kibana behind one door (see ``stormcell.protocols.Assets``)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any, Final

from stormcell.types import Dossier, Step
from stormcell_exporters.kibana.boards import TRIAGE
from stormcell_exporters.kibana.dashboards_api import body
from stormcell_exporters.kibana.objects import ndjson, saved_objects
from stormcell_exporters.kibana.panels import Ids
from stormcell_exporters.kibana.rule import rule
from stormcell_exporters.kibana.validate import misnamed, parse, problems

IMPORT: Final = "stormcell.ndjson"
"""The file that Kibana imports."""
_FOLDER: Final = "objects/"
_ENCODED: Final = frozenset(
    (
        *("panelsJSON", "optionsJSON", "searchSourceJSON"),
        *("fields", "fieldFormatMap", "runtimeFieldMap", "sourceFilters", "fieldAttrs"),
    )
)
"""Attributes that are JSON within JSON; in a file of its own an object is easier to read without."""


class KibanaAssets:
    """Data views, Discover sessions, dashboards and a rule, for groups that the exporter ``elasticsearch`` wrote.

    Parameters
    ----------
    prefix : str
        That of the indices.
    space : str
        The space they are for; "" for the default one.
    ca_file : str
        Who may have signed Kibana's certificate; "" for whom the system trusts.

    Raises
    ------
    SettingsError
        If nothing can be called so.
    """

    def __init__(self, prefix: str = "stormcell", space: str = "", ca_file: str = "") -> None:
        self._ids, self._ca_file = Ids(prefix, space), ca_file

    def files(self) -> Mapping[str, bytes]:
        """Return the file to import, each object in a file of its own, and the bodies for two APIs."""
        objects = saved_objects(self._ids)
        return {
            IMPORT: ndjson(objects),
            **{f"{_FOLDER}{one['type']}/{one['id']}.json": _pretty(_decoded(one)) for one in objects},
            "dashboards-api/triage.json": _pretty(body(self._ids, TRIAGE)),
            "alerting/rule.json": _pretty(rule(self._ids)),
        }

    def problems(self, files: Mapping[str, bytes]) -> Sequence[str]:
        """Return what is wrong with exports of Kibana (``.ndjson``) and objects in ``objects/TYPE/ID.json``."""
        found: list[str] = []
        single: dict[str, dict[str, Any]] = {}
        for path in sorted(files):
            if path.endswith(".ndjson"):
                objects, wrong = parse(files[path], path)
                found += [*wrong, *(f"{path}: {problem}" for problem in problems(objects))]
            elif f"/{path}".rpartition(f"/{_FOLDER}")[1]:
                try:
                    value = json.loads(files[path])
                except ValueError as error:
                    found.append(f"{path}: no JSON: {error}")
                    continue
                if isinstance(value, dict):
                    single[path] = _encoded(value)
                else:
                    found.append(f"{path}: expected an object")
        return [*found, *misnamed(single), *problems(list(single.values()))]

    def install(self, target: str, *, dry_run: bool = False) -> Sequence[Step]:
        """Put all of it into Kibana at a URL."""
        from stormcell_exporters.kibana.client import Kibana
        from stormcell_exporters.kibana.install import install

        with closing(Kibana(target, space=self._ids.space, ca_file=self._ca_file)) as kibana:
            return install(kibana, self._ids, dry_run=dry_run)

    def missing(self, target: str) -> Sequence[str]:
        """Return which objects Kibana does not have."""
        from stormcell_exporters.kibana.client import Kibana
        from stormcell_exporters.kibana.install import missing

        with closing(Kibana(target, space=self._ids.space, ca_file=self._ca_file)) as kibana:
            return missing(kibana, self._ids)

    def cases(self, dossiers: Iterable[Dossier], target: str, *, dry_run: bool = False) -> Sequence[Step]:
        """Open a case for each group that has none."""
        from stormcell_exporters.kibana.client import Kibana
        from stormcell_exporters.kibana.install import cases

        with closing(Kibana(target, space=self._ids.space, ca_file=self._ca_file)) as kibana:
            return cases(kibana, self._ids, dossiers, dry_run=dry_run)


def _pretty(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _decoded(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _decoded(one, key) for key, one in value.items()}
    return json.loads(value) if name in _ENCODED and isinstance(value, str) else value


def _encoded(value: Any, name: str = "") -> Any:
    """Return an object as Kibana has it, of one as a file of ours has it."""
    if name in _ENCODED:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return {key: _encoded(one, key) for key, one in value.items()} if isinstance(value, dict) else value

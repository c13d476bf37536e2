"""Putting our objects into Kibana: what is there is found first, and only what differs is written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from urllib3 import encode_multipart_formdata

from stormcell.errors import DeliveryError
from stormcell.types import Dossier, Step
from stormcell.wire.said import shorten
from stormcell_exporters.kibana import cases as drafted
from stormcell_exporters.kibana import dashboards_api
from stormcell_exporters.kibana.boards import TRIAGE
from stormcell_exporters.kibana.client import Kibana, encode
from stormcell_exporters.kibana.objects import ndjson, saved_objects
from stormcell_exporters.kibana.panels import Ids
from stormcell_exporters.kibana.rule import can_hold_a_guide, rule, update

_IMPORT: Final = "/api/saved_objects/_import?overwrite=true"
_EXPORT: Final = "/api/saved_objects/_export"
_BOUNDARY: Final = "stormcell-saved-objects"
_API: Final = {"elastic-api-version": "2023-10-31"}
_SHOWN: Final = 3

Saved = dict[str, Any]


def install(kibana: Kibana, ids: Ids, *, dry_run: bool) -> list[Step]:
    """Bring what Kibana has of ours up to date; with ``dry_run`` it is only read."""
    version, objects = kibana.version(), saved_objects(ids)
    by_api = [one for one in objects if version >= dashboards_api.SINCE and one["id"] == ids.of(TRIAGE.name)]
    # First what that dashboard refers to.
    steps = _imported(kibana, [one for one in objects if one not in by_api], dry_run=dry_run)
    if by_api:
        step = _triage(kibana, ids, dry_run=dry_run)
        steps += [step] if step is not None else _imported(kibana, by_api, dry_run=dry_run)
    return [*steps, _rule(kibana, ids, guide=can_hold_a_guide(version), dry_run=dry_run)]


def missing(kibana: Kibana, ids: Ids) -> list[str]:
    """Return which objects of ours Kibana does not have."""
    kibana.version()
    lacking = [f"{one['type']}/{one['id']}" for one in saved_objects(ids) if _found(kibana, one) is None]
    status, _ = kibana.ask("GET", _rule_path(ids), fine=(404,))
    return lacking if status != 404 else [*lacking, f"alerting rule/{ids.rule}"]


def cases(kibana: Kibana, ids: Ids, dossiers: Iterable[Dossier], *, dry_run: bool) -> list[Step]:
    """Open a case for each group that has none; one that is there only gets the draft, while nobody commented."""
    return [step for one in dossiers for step in _case(kibana, ids, one, dry_run=dry_run)]


def case_of(kibana: Kibana, ids: Ids, group: str) -> dict[str, Any] | None:
    """Return the case of a group as Kibana has it; None where there is none."""
    path = f"/api/cases/_find?owner={drafted.OWNER}&perPage=100&tags={quote(group, safe='')}"
    _, answer = kibana.ask("GET", path)
    listed = answer.get("cases", ()) if isinstance(answer, dict) else ()
    tags = set(drafted.tags(ids, group))
    return next((one for one in listed if tags <= set(one.get("tags", ()))), None)


def _imported(kibana: Kibana, objects: Sequence[Saved], *, dry_run: bool) -> list[Step]:
    states = []
    for one in objects:
        there = _found(kibana, one)
        states.append("there" if _alike(one, there) else "create" if there is None else "change")
    # All at once, as they refer to each other.
    if not dry_run and set(states) != {"there"}:
        _import(kibana, objects)
    return [
        Step(
            f"{one['type']} {one['attributes']['title']}",
            _state(state, dry_run=dry_run),
            "POST",
            _IMPORT,
            "" if state == "there" else encode(one).decode(),
        )
        for one, state in zip(objects, states, strict=True)
    ]


def _import(kibana: Kibana, objects: Sequence[Saved]) -> None:
    file = ("stormcell.ndjson", ndjson(objects), "application/ndjson")
    body, kind = encode_multipart_formdata({"file": file}, _BOUNDARY)
    _, answer = kibana.ask("POST", _IMPORT, body, headers={"content-type": kind})
    told = answer if isinstance(answer, dict) else {}
    failed = [f"{one.get('type')}/{one.get('id')} ({_why(one)})" for one in told.get("errors") or ()]
    if failed or not told.get("success"):
        shown = ", ".join(failed[:_SHOWN]) or "it does not say which"
        raise DeliveryError(f"Kibana at {kibana.base} did not take all objects: {shown}", retryable=False)
    taken = told.get("successResults") or ()
    moved = [one["id"] for one in taken if one.get("destinationId", one["id"]) != one["id"]]
    if moved:
        raise DeliveryError(
            f"Kibana at {kibana.base} gave {', '.join(moved[:_SHOWN])} other ids, as another space has these; "
            "delete the copies, and name the space with --space",
            retryable=False,
        )


def _why(failed: Mapping[str, Any]) -> str:
    error = failed.get("error") or {}
    return (
        shorten(" ".join(str(error[key]) for key in ("type", "message", "reason") if key in error)) or "no reason"
    )


def _found(kibana: Kibana, one: Saved) -> Saved | None:
    """Return an object as Kibana has it; None where it has none of that id."""
    wanted = {"objects": [{"type": one["type"], "id": one["id"]}], "excludeExportDetails": True}
    status, answer = kibana.ask("POST", _EXPORT, wanted, fine=(400, 404))
    if status in (400, 404):
        return None
    return answer if isinstance(answer, dict) else {}


def _alike(ours: Saved, theirs: Saved | None) -> bool:
    """Tell whether Kibana has all that an object of ours says; it adds values, and writes texts in its own way."""
    if theirs is None:
        return False
    there = theirs.get("attributes") or {}
    same = all(_read(there.get(name)) == _read(value) for name, value in ours["attributes"].items())
    return same and _names(theirs) == _names(ours)


def _names(one: Saved) -> list[tuple[str, str]]:
    return sorted((str(each.get("name")), str(each.get("id"))) for each in one.get("references") or ())


def _read(value: Any) -> Any:
    """Return JSON of a text, or of texts within an object, as what it holds."""
    if isinstance(value, dict):
        return {name: _read(one) for name, one in value.items()}
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            pass
    return value


def _triage(kibana: Kibana, ids: Ids, *, dry_run: bool) -> Step | None:
    """Put the triage dashboard by the Dashboards API; None where this Kibana does not know it after all."""
    path, body = f"/api/dashboards/{ids.of(TRIAGE.name)}", dashboards_api.body(ids, TRIAGE)
    status, _ = kibana.ask("GET", path, headers=_API, fine=(404,))
    if not dry_run:
        put, _ = kibana.ask("PUT", path, body, headers=_API, fine=(404,))
        if put == 404:
            return None
    state = _state("create" if status == 404 else "change", dry_run=dry_run)
    return Step(f"dashboard {body['title']}", state, "PUT", path, encode(body).decode())


def _rule(kibana: Kibana, ids: Ids, *, guide: bool, dry_run: bool) -> Step:
    path, ours = _rule_path(ids), rule(ids, guide=guide)
    what = f"rule {ours['name']}"
    status, theirs = kibana.ask("GET", path, fine=(404,))
    body = ours if status == 404 else update(ours, theirs or {})
    if body is None:
        return Step(what, "there", "PUT", path)
    method, state = ("POST", "create") if status == 404 else ("PUT", "change")
    if not dry_run:
        answered, _ = kibana.ask(method, path, body, fine=(409,))
        if answered == 409:  # somebody was quicker: what there is now decides
            return _rule_again(kibana, ids, ours, what)
    return Step(what, _state(state, dry_run=dry_run), method, path, encode(body).decode())


def _rule_again(kibana: Kibana, ids: Ids, ours: Saved, what: str) -> Step:
    path = _rule_path(ids)
    _, theirs = kibana.ask("GET", path)
    body = update(ours, theirs or {})
    if body is None:
        return Step(what, "there", "PUT", path)
    kibana.ask("PUT", path, body)
    return Step(what, "changed", "PUT", path, encode(body).decode())


def _rule_path(ids: Ids) -> str:
    return f"/api/alerting/rule/{ids.rule}"


def _case(kibana: Kibana, ids: Ids, dossier: Dossier, *, dry_run: bool) -> list[Step]:
    group = dossier.group.id
    there = case_of(kibana, ids, group)
    comment = drafted.comment(dossier)
    made = drafted.case(ids, dossier, kibana.base)
    steps = []
    if there is None:
        id = ""
        if not dry_run:
            _, created = kibana.ask("POST", "/api/cases", made)
            id = str(created["id"])
        steps.append(
            Step(
                f"case of {group}", _state("create", dry_run=dry_run), "POST", "/api/cases", encode(made).decode()
            )
        )
    else:
        id = str(there["id"])
        steps.append(Step(f"case of {group}", "there", "POST", "/api/cases"))
    if comment is not None and (there is None or not there.get("totalComment")):
        at = f"/api/cases/{quote(id, safe='') or 'ID'}/comments"
        if not dry_run:
            kibana.ask("POST", at, comment)
        state = _state("create", dry_run=dry_run)
        steps.append(Step(f"draft of {group}", state, "POST", at, encode(comment).decode()))
    return steps


def _state(state: str, *, dry_run: bool) -> str:
    if state == "there":
        return state
    return f"to {state}" if dry_run else f"{state}d"

"""The OpenAPI 3.1 document, made of the table of endpoints and their models."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from stormcell import __version__
from stormcell.sidecar.api import codebook_shapes, draft_shapes, shapes
from stormcell.sidecar.api.call import Endpoint
from stormcell.sidecar.api.endpoints import ENDPOINTS
from stormcell.sidecar.api.paths import ANY, PREFIX
from stormcell.sidecar.api.problems import MEDIA_TYPE

_REF: Final = "#/components/schemas/{model}"
_UID: Final = "An event's uid, percent-encoded (a slash as %2F); for an alert its fingerprint will do."
_ID: Final = "An id, or the start of it that no other has."


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        path = PREFIX + endpoint.path.replace(f":{ANY}", "")
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint)
    paths[f"{PREFIX}/status"] = {"get": _plain("Show how the engine is.", _json(shapes.State))}
    paths[f"{PREFIX}/openapi.json"] = {"get": _plain("Show this document.", _json(shapes.Document))}
    paths["/healthz"] = {"get": _open("Whether the process lives.", {"200": _json(shapes.Health)})}
    ready = {"200": _json(shapes.Ready), "503": _json(shapes.Ready)}
    paths["/readyz"] = {"get": _open("Whether telemetry can be taken in and grouped.", ready)}
    text = {"description": "Metrics", "content": {"text/plain": {"schema": {"type": "string"}}}}
    paths["/metrics"] = {"get": _plain("Our own metrics, for Prometheus; from loopback without a token.", text)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Stormcell", "version": __version__, "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _schemas() -> dict[str, Any]:
    used: dict[type[Any], None] = {shapes.ProblemDetails: None}
    for endpoint in ENDPOINTS:
        used |= dict.fromkeys(model for model in (_shape(endpoint), endpoint.body) if model)
    used |= dict.fromkeys((shapes.Document, shapes.State, shapes.Health, shapes.Ready))
    _, found = models_json_schema([(model, "validation") for model in used], ref_template=_REF)
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _shape(endpoint: Endpoint) -> type[Any]:
    homes = (shapes, draft_shapes, codebook_shapes)
    shape: type[Any] = next(getattr(home, endpoint.answer) for home in homes if hasattr(home, endpoint.answer))
    return shape


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation = _plain(endpoint.summary, _json(_shape(endpoint)))
    operation["operationId"] = endpoint.handler.__name__
    operation["description"] = f"Takes a token that may {endpoint.scope}."
    parameters = []
    if "{" in endpoint.path:
        name = "uid" if "{uid" in endpoint.path else "id"
        told = _UID if name == "uid" else _ID
        parameters.append(
            {"name": name, "in": "path", "required": True, "description": told, "schema": {"type": "string"}}
        )
    if endpoint.query is not None:
        for name, schema in endpoint.query.model_json_schema()["properties"].items():
            told = schema.pop("description", "")
            parameters.append({"name": name, "in": "query", "description": told, "schema": schema})
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        needed = any(field.is_required() for field in endpoint.body.model_fields.values())
        operation["requestBody"] = {"required": needed, **_content(endpoint.body)}
    return operation


def _plain(summary: str, answer: dict[str, Any]) -> dict[str, Any]:
    problem = {"description": "What went wrong", **_content(shapes.ProblemDetails, MEDIA_TYPE)}
    return {"summary": summary, "responses": {"200": answer, "default": problem}}


def _open(summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary, "responses": responses, "security": []}


def _json(model: type[Any]) -> dict[str, Any]:
    return {"description": (model.__doc__ or "").strip(), **_content(model)}


def _content(model: type[Any], media_type: str = "application/json") -> dict[str, Any]:
    return {"content": {media_type: {"schema": {"$ref": _REF.format(model=model.__name__)}}}}

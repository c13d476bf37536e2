"""The OpenAPI document says all that there is, and every answer is as it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest
from starlette.routing import Route

from stormcell.codebook.document import dump
from stormcell.sidecar.api.door import health_routes
from stormcell.sidecar.api.endpoints import ENDPOINTS
from stormcell.sidecar.api.paths import ANY, PREFIX
from stormcell.sidecar.api.routes import call_routes
from stormcell.store import SqliteStore
from tests.unit.api.client import Api, publishing_to
from tests.unit.api.test_changing import pair, stranger
from tests.unit.engine.modelled import KINDS, OTHERS, book, watched_settings

DOCS = Path(__file__).parents[3] / "docs" / "api.md"


@pytest.fixture(scope="module")
def document(looking: Api) -> Any:
    return looking.got("/openapi.json")


def routes(api: Api) -> set[tuple[str, str]]:
    """Return every route that answers, as method and path."""
    limiter = anyio.CapacityLimiter(1)
    served = [*call_routes(api.context, limiter), *health_routes(api.context, limiter)]
    found = [route for route in served if isinstance(route, Route) and route.methods]
    return {
        (method, route.path.replace(f":{ANY}", ""))
        for route in found
        for method in route.methods or ()
        if method != "HEAD"
    }


def test_every_route_is_in_it(looking: Api, document: Any) -> None:
    told = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert told == routes(looking)
    assert len(told) == len(ENDPOINTS) + 5


def test_every_route_is_in_the_docs(looking: Api) -> None:
    text = DOCS.read_text(encoding="utf-8")
    for method, path in routes(looking):
        assert f"`{method} {path.removeprefix(PREFIX)}`" in text, path


def test_its_schemas_are_schemas_and_its_references_lead_somewhere(document: Any) -> None:
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    names = set(re.findall(r'"#/components/schemas/(\w+)"', str(document).replace("'", '"')))
    assert names == set(schemas)
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    ids = [operation["operationId"] for operation in operations if "operationId" in operation]
    assert len(ids) == len(set(ids)) == len(ENDPOINTS)


def check(document: Any, method: str, path: str, status: int, answer: Any) -> None:
    """Make sure that an answer is as the document says."""
    responses = document["paths"][path][method]["responses"]
    [content] = responses[str(status) if str(status) in responses else "default"]["content"].values()
    schema = {**content["schema"], "components": document["components"]}
    jsonschema.validate(answer, schema, cls=jsonschema.Draft202012Validator)


def look_at_codebooks(send: Any) -> None:
    """Do all that can be done with codebooks."""
    books, settings = f"{PREFIX}/codebooks", watched_settings()
    documents = [json.loads(dump(book(settings, kinds))) for kinds in (KINDS, OTHERS, KINDS + OTHERS)]
    first, second, third = (send("post", books, body=document)["version"] for document in documents)
    for version in (first, second):
        send("post", f"{books}/{{id}}/promote", version, {"why": "a try"})
    send("post", f"{books}/rollback", body={"by": "ann"})
    send("post", f"{books}/{{id}}/canary", third)
    send("get", f"{books}/status")
    send("post", f"{books}/canary/stop")
    send("post", f"{books}/{{id}}/reject", third)
    send("post", f"{books}/retrain")
    send("post", f"{books}/jobs", body={"outcome": "done", "seconds": 1})
    for path in ("", "/status", "/sample"):
        send("get", books + path)
    for path in ("", "/document"):
        send("get", f"{books}/{{id}}{path}", first)


def test_every_answer_is_as_it_says(store: Path, tmp_path: Path, document: Any) -> None:
    api = Api(store, drafts=publishing_to(tmp_path / "wiki"))
    seen = set()

    def send(method: str, path: str, named: str = "", body: Any = None) -> Any:
        real = path.replace("{id}", named).replace("{uid}", named)
        response = api.get(real) if method == "get" else api.post(real, body)
        assert response.status_code == 200, response.text
        check(document, method, path, 200, response.json())
        seen.add((method, path))
        return response.json()

    def group(method: str, path: str, named: str = "", body: Any = None) -> Any:
        return send(method, f"{PREFIX}/groups{path}", named, body)

    large, small = pair(api)
    group("get", "")
    group("get", "/{id}", large)
    group("get", "/{id}/members", large)
    group("get", "/{id}/drafts", large)
    for verb in ("ack", "resolve", "reopen"):
        group("post", f"/{{id}}/{verb}", large, {"by": "ann"})
    group("post", "/merge", body={"groups": [large, small]})
    [*_, new] = group("post", "/{id}/split", large, {"events": [stranger(api, large)]})["groups"]
    send("post", f"{PREFIX}/events/{{uid}}/move", stranger(api, large, -1), {"group": new["id"]})
    said = send("post", f"{PREFIX}/events/{{uid}}/pin", stranger(api, large))["feedback"]
    for uid in (new["medoid"]["uid"], stranger(api, large)):
        send("get", f"{PREFIX}/events/{{uid}}/explain", uid)
    send("get", f"{PREFIX}/feedback")
    send("post", f"{PREFIX}/feedback/{{id}}/undo", said)
    group("get", "/{id}/history", large)
    id = group("post", "/{id}/drafts", large, {"kind": "runbook"})["draft"]["id"]
    drafts = f"{PREFIX}/drafts"
    send("post", f"{drafts}/{{id}}/comment", id, {"text": "hm"})
    send("post", f"{drafts}/{{id}}/edit", id, {"seen": 2, "markdown": "# New"})
    send("post", f"{drafts}/{{id}}/redraft", id, {"seen": 3})
    send("post", f"{drafts}/{{id}}/submit", id, {"seen": 4})
    send("post", f"{drafts}/{{id}}/send-back", id, {"seen": 5, "text": "no"})
    send("post", f"{drafts}/{{id}}/submit", id, {"seen": 6})
    send("post", f"{drafts}/{{id}}/approve", id, {"seen": 7})
    send("post", f"{drafts}/{{id}}/publish", id, {"seen": 8})
    send("get", drafts)
    for what in ("", "/diff", "/history"):
        send("get", f"{drafts}/{{id}}{what}", id)
    look_at_codebooks(send)
    with SqliteStore(api.context.store_path, create=False) as opened:
        opened.put_outbox([("ndjson", opened.groups()[0])])
    for path in ("/audit", "/outbox", "/status", "/openapi.json"):
        send("get", PREFIX + path)
    send("get", "/healthz")
    send("get", "/readyz")
    assert seen | {("get", "/metrics")} == {
        (method, path) for path, item in document["paths"].items() for method in item
    }
    for path in ("/groups?limit=x", "/groups/g-none"):
        response = api.get(PREFIX + path)
        check(document, "get", f"{PREFIX}/groups", response.status_code, response.json())

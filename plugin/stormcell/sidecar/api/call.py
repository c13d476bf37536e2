"""One request, taken apart and checked, and the table's entry for what answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from stormcell.access import Principal, Scope
from stormcell.config import Settings
from stormcell.operate.people import Person
from stormcell.sidecar.api.context import ApiContext
from stormcell.sidecar.api.models import Model
from stormcell.sidecar.api.requests import MAX_BODY
from stormcell.store import SqliteStore

Query = TypeVar("Query")
Body = TypeVar("Body")


@dataclass(frozen=True, slots=True)
class Call(Generic[Query, Body]):
    """A request, checked.

    Attributes
    ----------
    api : ApiContext
    store : SqliteStore
        Open for this call.
    principal : Principal
    named : str
        The id or uid in the path; "" where it has none.
    query, body
        Models; None where the endpoint takes none.
    by : str
        Who the person in the body says they are.
    """

    api: ApiContext
    store: SqliteStore
    principal: Principal
    named: str
    query: Query
    body: Body
    by: str = ""

    @property
    def person(self) -> Person:
        """Who changes something."""
        return Person(self.principal.name, self.by, self.api.now())

    @property
    def settings(self) -> Settings:
        """Those of the sidecar."""
        return self.api.settings


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A line of the table of the API.

    Attributes
    ----------
    method, path : str
        The path below /api/v1, as the router takes it.
    scope : Scope
        What the token must be good for.
    handler : callable
        Takes a Call, returns the answer as JSON types; may block.
    summary : str
    answer : str
        The name of its model among the shapes.
    query, body : type of model or None
        What it takes; a body of which every field has a default may be left out.
    largest : int
        Bytes of a body.
    """

    method: str
    path: str
    scope: Scope
    handler: Callable[[Any], Mapping[str, Any]]
    summary: str
    answer: str
    query: type[Model] | None = None
    body: type[BaseModel] | None = None
    largest: int = MAX_BODY

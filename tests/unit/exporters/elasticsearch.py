"""A client of Elasticsearch that answers what it was told to: for servers that tests cannot have."""

from __future__ import annotations

from typing import Any

from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig
from elasticsearch import ApiError, BadRequestError, Elasticsearch, NotFoundError


class Scripted(Elasticsearch):
    """Answers as ``answers`` says, by method and path; with 404 to all else that it is asked for."""

    def __init__(self, answers: dict[str, Any] | None = None) -> None:
        self.answers = answers or {}
        self.asked: list[str] = []

    def perform_request(self, method: str, path: str, **other: Any) -> Any:
        self.asked.append(f"{method} {path}")
        found = self.answers.get(f"{method} {path}", 404 if method == "GET" else {})
        if isinstance(found, int):
            raise refusal(found)
        return Answer(found)


class Answer:
    """What a client returns."""

    def __init__(self, body: Any) -> None:
        self.body = body


def refusal(status: int, body: Any = None, **headers: str) -> ApiError:
    """Return what the client raises where a server answers so."""
    node = NodeConfig("http", "localhost", 9200)
    meta = ApiResponseMeta(
        node=node, duration=0.0, http_version="1.1", status=status, headers=HttpHeaders(headers)
    )
    kind = {400: BadRequestError, 404: NotFoundError}.get(status, ApiError)
    return kind(message="", meta=meta, body=body)

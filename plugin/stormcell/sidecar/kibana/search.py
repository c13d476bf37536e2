"""What Elasticsearch is asked for alert documents, and what its answers hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote

from stormcell.decode.json_text import Trouble, parse
from stormcell.decode.json_values import Object
from stormcell.decode.kibana import FIELDS
from stormcell.errors import DeliveryError
from stormcell.wire.elasticsearch import API_KEY, PASSWORD, TOKEN, USERNAME
from stormcell.wire.headers import Headers, current
from stormcell.wire.http import TRANSIENT

MOST: Final = 8 << 20
"""Bytes of an answer; where there is more, fewer documents are asked for."""

TIME: Final = "@timestamp"
_END: Final = "kibana.alert.end"
_UUID: Final = "kibana.alert.uuid"
_SPACES: Final = "kibana.space_ids"
_ALL_SPACES: Final = "*"
# What is not there yet is no error; but of what is there all is to be seen, or nothing.
_OPTIONS: Final = (
    "ignore_unavailable=true&allow_no_indices=true&expand_wildcards=open,hidden&allow_partial_search_results=false"
)
_PRIVILEGES: Final = "/_security/user/_has_privileges"


@dataclass(frozen=True, slots=True)
class Hit:
    """An alert document.

    Attributes
    ----------
    name : tuple of str
        Its index and its id.
    time : int
        When it was written last, by what it says itself, ms since 1970.
    sort : list
        Where it stands among the others.
    version : tuple
        Another one whenever it was written.
    source : dict or None
        None where it was not asked for.
    """

    name: tuple[str, str]
    time: int
    sort: list[Any]
    version: tuple[int, int]
    source: Object | None


class Poster(Protocol):
    """Posts to one place (see ``wire.http.HttpClient``)."""

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str], *, compress: bool, retryable: Any, most: int
    ) -> bytes:
        """Post, and return the answer."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class Search:
    """Asks for alert documents, and changes nothing.

    Parameters
    ----------
    http : Poster
    indices : sequence of str
    space : str
        See ``KibanaAlertsSettings``.
    headers : Headers
        With who we are.
    path : str
        What the paths begin with, such as a proxy's.
    """

    def __init__(
        self, http: Poster, indices: Sequence[str], space: str = "", headers: Headers = dict, path: str = ""
    ) -> None:
        self._http, self._indices, self._space, self._headers = http, list(indices), space, headers
        self._start = path.rstrip("/")
        self._path = f"/{quote(','.join(indices), safe=',*:')}/_search?{_OPTIONS}"

    @property
    def indices(self) -> str:
        """Where it looks, for messages."""
        return ",".join(self._indices)

    def page(
        self, since: int, after: Sequence[Any] | None, size: int, *, whole: bool = True
    ) -> tuple[int, list[Hit]] | None:
        """Return alert documents in the order of their times.

        Parameters
        ----------
        since : int
            ms since 1970; those that were written, or whose alert ended, at this time or later.
        after : sequence, optional
            The ``sort`` of a hit: those behind it.
        size : int
            At most so many.
        whole : bool
            False for their places alone.

        Returns
        -------
        tuple of int and list of Hit, or None
            How many parts of indices were looked at, and the documents; None if the answer is too large, or cannot
            be read.

        Raises
        ------
        DeliveryError
            If there is no answer, or another; its message says what to do.
        """
        body = json.dumps(question(since, after, size, self._space, whole=whole)).encode()
        try:
            answer = self._post(self._path, body)
        except DeliveryError as error:
            raise self._explained(error) from error
        return None if len(answer) > MOST else _hits(answer)

    def may_read(self) -> bool:
        """Return whether we have the right to; True where that is not known.

        Who has no right to any index that a pattern may stand for is told of none, and of no error.
        """
        asked = {"index": [{"names": self._indices, "privileges": ["read"]}]}
        try:
            found = parse(self._post(_PRIVILEGES, json.dumps(asked).encode()))
        except DeliveryError:  # there is no security
            return True
        return not (isinstance(found, dict) and found.get("has_all_requested") is False)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _post(self, path: str, body: bytes) -> bytes:
        headers = {"content-type": "application/json", **current(self._headers)}
        return self._http.post(
            self._start + path, body, headers, compress=False, retryable=TRANSIENT, most=MOST + 1
        )

    def _explained(self, error: DeliveryError) -> DeliveryError:
        what = {
            401: f"expected other credentials: set {API_KEY}, or {USERNAME} and {PASSWORD}, or {TOKEN}",
            403: f"expected a role with the privilege `read` on {self.indices}",
        }.get(error.status or 0)
        if what is None:
            return error
        return DeliveryError(
            f"{error}; {what}", retryable=True, retry_after=error.retry_after, status=error.status
        )


def question(
    since: int, after: Sequence[Any] | None, size: int, space: str = "", *, whole: bool = True
) -> dict[str, Any]:
    """Return the body of a search (see ``Search.page``)."""

    def from_then(field: str) -> dict[str, Any]:
        return {"range": {field: {"gte": since, "format": "epoch_millis"}}}

    # Kibana notes when an alert ended, but not that it wrote so, where the rule is switched off.
    wanted: list[dict[str, Any]] = [
        {"exists": {"field": TIME}},
        {"exists": {"field": _UUID}},
        {"bool": {"should": [from_then(TIME), from_then(_END)], "minimum_should_match": 1}},
    ]
    if space:
        wanted.append({"terms": {_SPACES: [space, _ALL_SPACES]}})
    asked: dict[str, Any] = {
        "size": size,
        "track_total_hits": False,
        "seq_no_primary_term": True,
        "query": {"bool": {"filter": wanted}},
        "sort": [
            {TIME: {"order": "asc", "unmapped_type": "date", "numeric_type": "date"}},
            {_UUID: {"order": "asc", "unmapped_type": "keyword"}},
        ],
        "_source": list(FIELDS) if whole else False,
    }
    if after is not None:
        asked["search_after"] = list(after)
    return asked


def _hits(answer: bytes) -> tuple[int, list[Hit]] | None:
    value = parse(answer)
    if isinstance(value, Trouble) or not isinstance(value, dict):
        return None
    try:
        if value["timed_out"] or value["_shards"]["failed"]:
            raise DeliveryError("expected all alerts, found some left out; another try may do", retryable=True)
        return int(value["_shards"]["total"]), [
            Hit(
                name=(one["_index"], one["_id"]),
                time=int(one["sort"][0]),
                sort=one["sort"],
                version=(one["_primary_term"], one["_seq_no"]),
                source=one.get("_source"),
            )
            for one in value["hits"]["hits"]
        ]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise no_answer() from None


def no_answer() -> DeliveryError:
    """Return what is wrong where something else than Elasticsearch answers."""
    return DeliveryError(
        "expected the answer of Elasticsearch to a search, found another; see kibana_alerts.url", retryable=True
    )

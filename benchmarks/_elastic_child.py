"""Jobs of the benchmark ``elasticsearch`` (_elastic_child.py JOB STORE URL PREFIX), a process each."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from _timing import peak_memory
from stormcell.store import SqliteStore
from stormcell.store.dossiers import dossiers
from stormcell.types import Dossier
from stormcell_exporters.elasticsearch import ElasticsearchExporter


def push(store: str, url: str, prefix: str) -> dict[str, Any]:
    """Bring all copies up to date, as the command does."""
    with SqliteStore(Path(store), create=False) as opened, closing(ElasticsearchExporter(prefix)) as exporter:
        started = time.perf_counter()
        done = exporter.project(dossiers(opened), url, whole=True)
        return {"seconds": time.perf_counter() - started, **asdict(done)}


def rebuild(store: str, url: str, prefix: str) -> dict[str, Any]:
    """Make all copies anew, and print how far it is."""
    with SqliteStore(Path(store), create=False) as opened, closing(ElasticsearchExporter(prefix)) as exporter:
        started = time.perf_counter()
        done = exporter.rebuild(dossiers(opened), url, told=lambda groups: print(groups, flush=True))
        return {"seconds": time.perf_counter() - started, **asdict(done)}


def check(store: str, url: str, prefix: str) -> dict[str, Any]:
    """Count the differences."""
    with SqliteStore(Path(store), create=False) as opened, closing(ElasticsearchExporter(prefix)) as exporter:
        started = time.perf_counter()
        found = sum(1 for _ in exporter.compare(dossiers(opened), url))
        return {"differences": found, "seconds": time.perf_counter() - started}


def bare(store: str, url: str, prefix: str) -> dict[str, Any]:
    """Write the same documents, made beforehand, with the client's own helper as it comes."""
    from elasticsearch import Elasticsearch, helpers

    names = ElasticsearchExporter(prefix).names
    with SqliteStore(Path(store), create=False) as opened:
        actions = [action for dossier in dossiers(opened) for action in _actions(dossier, names.alias)]
    with closing(Elasticsearch(url, request_timeout=60)) as client:
        started = time.perf_counter()
        written = sum(done for done, _ in helpers.parallel_bulk(client, actions))
        return {"seconds": time.perf_counter() - started, "written": written}


def _actions(dossier: Dossier, alias: Callable[[str], str]) -> list[dict[str, Any]]:
    from stormcell_exporters.elasticsearch.documents import documents

    made = documents(dossier)
    places = (
        (made.members, "members", "index"),
        ([made.group], "groups", "index"),
        (made.history, "history", "create"),
    )
    return [
        {"_op_type": what, "_index": alias(kind), "_id": one.id, "_source": json.loads(one.source)}
        for some, kind, what in places
        for one in some
    ]


_JOBS: dict[str, Callable[[str, str, str], dict[str, Any]]] = {
    "push": push,
    "rebuild": rebuild,
    "check": check,
    "bare": bare,
}


if __name__ == "__main__":
    print(json.dumps(_JOBS[sys.argv[1]](*sys.argv[2:]) | {"peak": peak_memory()}))

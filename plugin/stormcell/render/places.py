"""Where to look: the Kubernetes objects and hosts that members name.

A pod of one service beside the namespace of another would be a guess. So what an event does not tell is
taken from events of the same service, then from the rest only where all of them agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from stormcell.render.facts import Blank, as_text, split
from stormcell.semconv import HOST_NAME, K8S_NAMESPACE, K8S_NODE, K8S_POD, LABELS
from stormcell.types import Event, Fact

_NAMESPACE = (f'resource["{K8S_NAMESPACE}"]', f'attributes["{LABELS}namespace"]')
POD = (f'resource["{K8S_POD}"]', f'attributes["{LABELS}pod"]')
_NODE = (f'resource["{K8S_NODE}"]', f'attributes["{LABELS}node"]')
_CONTAINER = ('resource["k8s.container.name"]', f'attributes["{LABELS}container"]')
_DEPLOYMENT = ('resource["k8s.deployment.name"]', f'attributes["{LABELS}deployment"]')
HOST = (f'resource["{HOST_NAME}"]', f'attributes["{LABELS}instance"]')

_PATHS = {path: split(path) for paths in (_NAMESPACE, POD, _NODE, _CONTAINER, _DEPLOYMENT, HOST) for path in paths}
_OF_RESOURCE = {name: path for path, (holder, name) in _PATHS.items() if holder == "resource"}
_OF_ATTRIBUTES = {name: path for path, (holder, name) in _PATHS.items() if holder == "attributes"}

_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z")
"""What Kubernetes takes as a name: anything else could not be found there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one service runs, as far as the members tell."""

    service: Fact | Blank
    namespace: Fact | Blank
    pod: Fact | Blank
    node: Fact | Blank
    container: Fact | Blank
    deployment: Fact | Blank
    host: Fact | Blank


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What one event tells of where it happened: values by field path."""

    event: Event
    told: Mapping[str, str]


def whereabouts(events: Iterable[Event]) -> list[Whereabouts]:
    """Return what events tell of where they happened, of those that tell anything."""
    found = []
    for event in events:
        told = {}
        for held, paths in ((event.resource, _OF_RESOURCE), (event.attributes, _OF_ATTRIBUTES)):
            for name in held.keys() & paths.keys():
                if held[name] not in ("", None):
                    told[paths[name]] = as_text(held[name])
        if told:
            found.append(Whereabouts(event, told))
    return found


def place(service: str, named: Fact | None, everyone: Sequence[Whereabouts], exemplar: Event) -> Place:
    """Return where ``service`` runs.

    Parameters
    ----------
    service : str
        "" for the exemplar's place whatever its service.
    named : Fact or None
        Where the name of the service comes from.
    everyone : sequence of Whereabouts
        Of the exemplar, then of the members, ascending by time.
    exemplar : Event
    """
    if service:
        own = [one for one in everyone if one.event.service == service]
    else:
        own = [one for one in everyone if one.event is exemplar][:1]
    pod = _find("pod", POD, own, everyone if not service else ())
    if isinstance(pod, Fact):  # what runs beside it is told best by events of the same pod
        own = [one for one in everyone if any(one.told.get(path) == pod.value for path in POD)] + own
    return Place(
        service=named or Blank("service"),
        namespace=_find("namespace", _NAMESPACE, own, everyone),
        pod=pod,
        node=_find("node", _NODE, own, ()),
        container=_find("container", _CONTAINER, own, ()),
        deployment=_find("deployment", _DEPLOYMENT, own, ()),
        host=_find("host", HOST, own, (), name=False),
    )


def _find(
    what: str,
    paths: Sequence[str],
    own: Iterable[Whereabouts],
    others: Iterable[Whereabouts],
    *,
    name: bool = True,
) -> Fact | Blank:
    def told(places: Iterable[Whereabouts]) -> Iterator[Fact]:
        for one in places:
            for path in paths:
                value = one.told.get(path)
                if value is not None and (not name or _OBJECT_NAME.match(value)):
                    yield Fact(value, one.event.uid, path)

    if mine := next(told(own), None):
        return mine
    theirs = told(others)
    only = next(theirs, None)
    if only is None or any(one.value != only.value for one in theirs):
        return Blank(what)
    return Fact(only.value, only.uid, only.field, f"the only {what} that members name")

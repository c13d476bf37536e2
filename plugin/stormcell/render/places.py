"""Where to look: the Kubernetes objects and hosts that members name.

A pod of one service beside the namespace of another would be a guess. So what an event does not tell is
taken from events of the same service, then from the rest only where all of them agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from stormcell.render.facts import Blank, as_text, fact, has
from stormcell.semconv import HOST_NAME, K8S_NAMESPACE, K8S_NODE, K8S_POD, LABELS
from stormcell.types import Event, Fact

_NAMESPACE = (f'resource["{K8S_NAMESPACE}"]', f'attributes["{LABELS}namespace"]')
_POD = (f'resource["{K8S_POD}"]', f'attributes["{LABELS}pod"]')
_NODE = (f'resource["{K8S_NODE}"]', f'attributes["{LABELS}node"]')
_CONTAINER = ('resource["k8s.container.name"]', f'attributes["{LABELS}container"]')
_DEPLOYMENT = ('resource["k8s.deployment.name"]', f'attributes["{LABELS}deployment"]')
_HOST = (f'resource["{HOST_NAME}"]', f'attributes["{LABELS}instance"]')

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


def place(service: str, named: Fact | None, exemplar: Event, members: Sequence[Event]) -> Place:
    """Return where ``service`` runs.

    Parameters
    ----------
    service : str
        "" for the exemplar's place whatever its service.
    named : Fact or None
        Where the name of the service comes from.
    exemplar : Event
    members : sequence of Event
        Ascending by time.
    """
    everyone = [exemplar, *members]
    own = [event for event in everyone if event.service == service] if service else [exemplar]
    pod = _find("pod", _POD, own, everyone if not service else ())
    if isinstance(pod, Fact):  # what runs beside it is told best by events of the same pod
        own = [event for event in everyone if any(_value(event, path) == pod.value for path in _POD)] + own
    return Place(
        service=named or Blank("service"),
        namespace=_find("namespace", _NAMESPACE, own, everyone),
        pod=pod,
        node=_find("node", _NODE, own, ()),
        container=_find("container", _CONTAINER, own, ()),
        deployment=_find("deployment", _DEPLOYMENT, own, ()),
        host=_find("host", _HOST, own, (), name=False),
    )


def _find(
    what: str, paths: Sequence[str], own: Iterable[Event], others: Iterable[Event], *, name: bool = True
) -> Fact | Blank:
    def told(events: Iterable[Event]) -> Iterator[Fact]:
        for event in events:
            for path in paths:
                if has(event, path) and (not name or _OBJECT_NAME.match(as_text(event.field(path)))):
                    yield fact(event, path, whole=True)

    if mine := next(told(own), None):
        return mine
    theirs = told(others)
    only = next(theirs, None)
    if only is None or any(one.value != only.value for one in theirs):
        return Blank(what)
    return Fact(only.value, only.uid, only.field, f"the only {what} that members name")


def _value(event: Event, path: str) -> str | None:
    return as_text(event.field(path)) if has(event, path) else None

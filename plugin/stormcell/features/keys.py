"""Link keys: what ties events to each other, numbered as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stormcell import semconv
from stormcell.privacy import hidden_key
from stormcell.types import Attributes, Record, Signal

_KEY_CHARACTERS = 128
_RESOURCES = 4096
_TRACE = "trace:"
_LOG, _SPAN = Signal.LOG, Signal.SPAN

Keys = tuple[str, ...]


class LinkKeys:
    """The link keys of events, each set of them once.

    Parameters
    ----------
    show : callable
        Masks a text.
    """

    def __init__(self, show: Callable[[str], str]) -> None:
        self._show = show
        self._sets: list[Keys] = []
        self._numbers: dict[Keys, int] = {}
        self._of_trace: dict[str, int] = {}
        self._of_resource: dict[tuple[Signal, str, int], tuple[int, Attributes]] = {}

    def __len__(self) -> int:
        return len(self._sets)

    def __getitem__(self, number: int) -> Keys:
        return self._sets[number]

    def number(self, record: Record, spoken: Keys) -> int:
        """Return the number of an event's keys, ascending and each once.

        Parameters
        ----------
        record : Record
        spoken : tuple of str
            The keys that its text holds.
        """
        if spoken or record.attributes or record.signal not in (_LOG, _SPAN):
            return self._intern(record, spoken)
        trace = record.trace_id
        if trace:
            known = self._of_trace.get(trace)
            return self._intern(record, spoken) if known is None else known
        resource = record.resource
        found = self._of_resource.get((record.signal, record.service, id(resource)))
        if found is None:
            if len(self._of_resource) >= _RESOURCES:
                self._of_resource.clear()
            # Held, so that no other takes its place in memory.
            found = self._intern(record, spoken), resource
            self._of_resource[record.signal, record.service, id(resource)] = found
        return found[0]

    def keep(self, numbers: Iterable[int]) -> LinkKeys:
        """Return another that knows some of the sets only, numbered anew in the order given."""
        found = LinkKeys(self._show)
        for new, old in enumerate(numbers):
            keys = self._sets[old]
            found._sets.append(keys)
            if len(keys) == 1 and keys[0].startswith(_TRACE):
                found._of_trace[keys[0][len(_TRACE) :]] = new
            else:
                found._numbers[keys] = new
        return found

    def _intern(self, record: Record, spoken: Keys) -> int:
        keys = tuple(sorted({*spoken, *own_keys(record, self._show)}))
        new = len(self._sets)
        if record.trace_id and len(keys) == 1:
            number = self._of_trace.setdefault(record.trace_id, new)
        else:
            number = self._numbers.setdefault(keys, new)
        if number == new:
            self._sets.append(keys)
        return number


def own_keys(record: Record, show: Callable[[str], str]) -> list[str]:
    """Return the link keys that stand in an event's fields; its text's are the parser's."""
    keys = []
    if record.trace_id:
        keys.append(f"{_TRACE}{record.trace_id}")
    for name, value in record.attributes.items():
        if isinstance(value, str) and value and semconv.is_request_id(name):
            keys.append(_key("id", value[:_KEY_CHARACTERS].lower(), (value,), show))
    if record.signal is Signal.LOG and not record.trace_id:
        attributes = record.attributes
        logger = next((str(attributes[name]) for name in semconv.LOGGERS if name in attributes), "")
        pod = _pod(record)
        # Logs of nobody knows whom have nothing certain in common.
        if record.service or pod or logger:
            value = f"{record.service}|{pod}|{logger[:_KEY_CHARACTERS]}"
            keys.append(_key("burst", value, (record.service, pod, logger), show))
    elif record.signal is Signal.ALERT:
        keys.append(_key("alert", f"{record.service}|{record.text}", (record.service, record.text), show))
    return keys


def _pod(record: Record) -> str:
    resource = record.resource
    return str(resource.get(semconv.K8S_POD) or resource.get(semconv.HOST_NAME) or "")


def _key(reason: str, value: str, parts: tuple[str, ...], show: Callable[[str], str]) -> str:
    """Return a link key; of values that look alike once they are masked, each keeps a key of its own.

    Parameters
    ----------
    reason : str
    value : str
        What tells the key from others.
    parts : tuple of str
        What it was made of, before it was cut: half a secret would not be known for one.
    show : callable
        Masks a text.
    """
    shown = tuple(map(show, parts))
    return f"{reason}:{value if shown == parts else hidden_key('|'.join(shown), value)}"

"""What is added to a record, as bytes that go behind it.

A field of protobuf may stand anywhere, and of one that may come more than once each counts: a record with an
attribute behind it is the record with one more attribute, whatever else is in it, and nothing of it need be read.
"""

from __future__ import annotations

from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from stormcell.decode.proto_schema import LogRecord, Span
from stormcell.semconv import ADJUSTED_COUNT, EXEMPLAR, GROUP_ID, SURPRISE, TEMPLATE
from stormcell.types import Assignment

_CACHED: Final = 20_000
_PREFIX: Final = b"stormcell."
_GIVEN: Final = frozenset(name.encode() for name in (GROUP_ID, EXEMPLAR, SURPRISE, TEMPLATE))
_COUNTED: Final = ADJUSTED_COUNT.encode()


class Additions:
    """Makes what is added to log records, or to spans; what comes again is made once."""

    def __init__(self, *, logs: bool) -> None:
        self._message = LogRecord if logs else Span
        number = self._message.DESCRIPTOR.fields_by_name["attributes"].number
        self._tag = bytes((number << 3 | 2,))
        self._assigned: dict[tuple[str | None, str, float, str], bytes] = {}
        self._counted: dict[int, bytes] = {}

    def assigned(self, to: Assignment) -> bytes:
        """Return what tells of an assignment."""
        key = (to.group, to.exemplar, to.surprise, to.template)
        found = self._assigned.get(key)
        if found is None:
            if len(self._assigned) >= _CACHED:
                self._assigned.clear()
            found = self._field(SURPRISE, AnyValue(double_value=to.surprise))
            if to.group is not None:
                found = (
                    self._field(GROUP_ID, AnyValue(string_value=_text(to.group)))
                    + self._field(EXEMPLAR, AnyValue(string_value=_text(to.exemplar)))
                    + found
                )
            if to.template:
                found = self._field(TEMPLATE, AnyValue(string_value=_text(to.template))) + found
            self._assigned[key] = found
        return found

    def counted(self, count: int) -> bytes:
        """Return what tells for how many a record stands."""
        found = self._counted.get(count)
        if found is None:
            if len(self._counted) >= _CACHED:
                self._counted.clear()
            found = self._counted[count] = self._field(ADJUSTED_COUNT, AnyValue(int_value=count))
        return found

    def without(self, data: bytes) -> tuple[bytes, bool]:
        """Return a record without what is added to it, if it came with that, and whether it was sampled before."""
        if _PREFIX not in data:
            return data, False
        record = self._message.FromString(data)
        names = [pair.key for pair in record.attributes]
        if not _GIVEN.isdisjoint(names):
            kept = [pair for pair in record.attributes if pair.key not in _GIVEN]
            record.ClearField("attributes")
            record.attributes.extend(kept)
            data = record.SerializeToString()
        return data, _COUNTED in names

    def _field(self, name: str, value: AnyValue) -> bytes:
        pair = KeyValue(key=name, value=value).SerializeToString()
        return self._tag + _varint(len(pair)) + pair


def _varint(number: int) -> bytes:
    made = bytearray()
    while number >= 0x80:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)


def _text(text: str) -> str:
    """Return what protobuf can hold of a text: lone surrogates are none."""
    return text.encode("utf-8", "replace").decode()

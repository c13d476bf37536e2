"""Who a log record is that has no id of its own: a hash of what it says, the same from JSON and from protobuf.

What is hashed is a canonical form: values as protobuf writes them, attributes ascending by name. Most records that
come as protobuf hold their attributes in just these bytes, so that nothing need be decoded (see proto_glance).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Final

from stormcell.types import Attributes, Value

_HEAD: Final = struct.Struct("<8sQBBBII")
_DOUBLE: Final = struct.Struct("<d")
_SIZE: Final = 8
_SIXTY_FOUR_BITS: Final = 2**64 - 1


def log_uid(
    sender: bytes,
    time: int,
    severity: int,
    trace: bytes,
    span: bytes,
    event_name: bytes,
    body: bytes,
    attributes: Sequence[bytes],
) -> str:
    """Return the hash of a log record, 16 hexadecimal characters.

    Parameters
    ----------
    sender : bytes
        Of its resource, by ``sender_of``.
    time, severity : int
    trace, span : bytes
        Empty where there is none.
    event_name : bytes
    body : bytes
        As by ``value_bytes``.
    attributes : sequence of bytes
        As by ``pairs``.
    """
    head = _HEAD.pack(sender, time, severity, len(trace), len(span), len(event_name), len(body))
    said = b"".join((head, trace, span, event_name, body, *attributes))
    return blake2b(said, digest_size=_SIZE).hexdigest()


def sender_of(resource: Attributes) -> bytes:
    """Return what stands for a resource in the hash of each of its records."""
    return blake2b(b"".join(pairs(resource)), digest_size=_SIZE).digest()


def pairs(attributes: Attributes) -> list[bytes]:
    """Return attributes in their canonical form, ascending by the bytes of their names."""
    named = {text_bytes(name): value for name, value in attributes.items()}
    return [b"\x0a" + sized(name) + b"\x12" + sized(value_bytes(named[name])) for name in sorted(named)]


def value_bytes(value: Value) -> bytes:
    """Return a value as protobuf writes an AnyValue; nothing where there is none."""
    if isinstance(value, str):
        return b"\x0a" + sized(text_bytes(value))
    if value is None:
        return b""
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        return b"\x18" + _varint(value & _SIXTY_FOUR_BITS)
    if isinstance(value, float):
        return b"\x21" + _DOUBLE.pack(value)
    if isinstance(value, list):
        return b"\x2a" + sized(_fields(map(value_bytes, value)))
    return b"\x32" + sized(_fields(pairs(value)))


def text_bytes(text: str) -> bytes:
    """Return a text in UTF-8, whatever is in it."""
    return text.encode("utf-8", "surrogatepass")


def sized(data: bytes) -> bytes:
    """Return bytes with their number before them."""
    return _varint(len(data)) + data


def _fields(messages: Iterable[bytes]) -> bytes:
    return b"".join([b"\x0a" + sized(message) for message in messages])


def _varint(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    made = bytearray()
    while number >= 0x80:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)

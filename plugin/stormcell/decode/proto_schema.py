"""Message classes for OTLP that read what others refuse, and no more than is asked for.

Made from opentelemetry-proto's own descriptors with two changes, neither of which alters the wire format:

- text is read as bytes, because one string that is not UTF-8 would otherwise cost the whole request;
- some messages inside others are left unread, as bytes, until asked for. Lists and maps inside values, because
  nesting beyond protobuf's limit of 100 would cost the whole request too; a span's events and links for good; and,
  in the classes that requests are read with once they are checked, records, resources and attributes, because
  most of what records hold is never looked at. Of such a field that comes twice the last counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

_UNREAD = frozenset(
    (
        ("AnyValue", "array_value"),
        ("AnyValue", "kvlist_value"),
        ("Span", "events"),
        ("Span", "links"),
    )
)


_UNREAD_AT_FIRST = _UNREAD | {
    ("ResourceLogs", "resource"),
    ("ResourceSpans", "resource"),
    ("ScopeLogs", "log_records"),
    ("ScopeSpans", "spans"),
    ("LogRecord", "body"),
    ("LogRecord", "attributes"),
    ("Span", "attributes"),
}


def _messages(messages: Iterable[DescriptorProto]) -> Iterator[DescriptorProto]:
    for message in messages:
        yield message
        yield from _messages(message.nested_type)


def _pool(unread: frozenset[tuple[str, str]]) -> DescriptorPool:
    pool = DescriptorPool()
    for module in (common_pb2, resource_pb2, logs_pb2, trace_pb2):
        file = FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        for message in _messages(file.message_type):
            for field in message.field:
                if (message.name, field.name) in unread or field.type == FieldDescriptorProto.TYPE_STRING:
                    field.type = FieldDescriptorProto.TYPE_BYTES
                    field.ClearField("type_name")
        pool.Add(file)
    return pool


_WHOLE = _pool(_UNREAD)
_PARTS = _pool(_UNREAD_AT_FIRST)


def _class(pool: DescriptorPool, name: str) -> Any:
    return GetMessageClass(pool.FindMessageTypeByName(f"opentelemetry.proto.{name}"))


# On the wire these are the same as ExportLogsServiceRequest and ExportTraceServiceRequest.
LogsData = _class(_WHOLE, "logs.v1.LogsData")
TracesData = _class(_WHOLE, "trace.v1.TracesData")

# The same, with records, resources and attributes as bytes.
LogsParts = _class(_PARTS, "logs.v1.LogsData")
TracesParts = _class(_PARTS, "trace.v1.TracesData")
LogRecordParts = _class(_PARTS, "logs.v1.LogRecord")
SpanParts = _class(_PARTS, "trace.v1.Span")

LogRecord = _class(_WHOLE, "logs.v1.LogRecord")
Span = _class(_WHOLE, "trace.v1.Span")
Resource = _class(_WHOLE, "resource.v1.Resource")
ArrayValue = _class(_WHOLE, "common.v1.ArrayValue")
KeyValueList = _class(_WHOLE, "common.v1.KeyValueList")

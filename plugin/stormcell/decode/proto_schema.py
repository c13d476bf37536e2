"""Message classes for OTLP that read what others refuse.

Made from opentelemetry-proto's own descriptors with two changes, neither of which alters the wire format:

- text is read as bytes, because one string that is not UTF-8 would otherwise cost the whole request;
- lists and maps inside values are left unread until asked for, because nesting beyond protobuf's limit of
  100 would cost the whole request too. A span's events and links are never read.
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


def _messages(messages: Iterable[DescriptorProto]) -> Iterator[DescriptorProto]:
    for message in messages:
        yield message
        yield from _messages(message.nested_type)


def _pool() -> DescriptorPool:
    pool = DescriptorPool()
    for module in (common_pb2, resource_pb2, logs_pb2, trace_pb2):
        file = FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        for message in _messages(file.message_type):
            for field in message.field:
                unread = (message.name, field.name) in _UNREAD
                if unread or field.type == FieldDescriptorProto.TYPE_STRING:
                    field.type = FieldDescriptorProto.TYPE_BYTES
                    field.ClearField("type_name")
        pool.Add(file)
    return pool


_POOL = _pool()


def _class(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"opentelemetry.proto.{name}"))


# On the wire these are the same as ExportLogsServiceRequest and ExportTraceServiceRequest.
LogsData = _class("logs.v1.LogsData")
TracesData = _class("trace.v1.TracesData")

ArrayValue = _class("common.v1.ArrayValue")
KeyValueList = _class("common.v1.KeyValueList")

"""Sending on: OTLP over gRPC and HTTP, and what they have in common with webhooks.

Shared by the forwarder and by exporters. Each client is imported when it is first needed, for gRPC takes a while.
"""

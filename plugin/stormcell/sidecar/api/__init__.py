"""The HTTP API: groups, what people do to them, and how the sidecar is."""

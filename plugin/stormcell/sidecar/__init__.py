"""The sidecar: receivers, the API, forwarding and delivery around one engine."""

"""OTLP over HTTP, webhooks and whatever else is served there."""

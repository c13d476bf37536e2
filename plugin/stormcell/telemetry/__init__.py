"""What the sidecar tells of itself: metrics and spans, of providers of our own; the SDK is loaded late."""

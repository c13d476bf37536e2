"""The codebook: what telemetry looks like, as medoids; training it, assigning events to it, watching it decay."""

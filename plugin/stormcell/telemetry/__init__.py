"""What Stormcell tells of itself: metrics and spans, which are never grouped."""

"""Clusterers found by entry point (``stormcell.clusterers``): ours, and those of packages that are extras."""

"""Exporters of incident groups, each found by its entry point."""

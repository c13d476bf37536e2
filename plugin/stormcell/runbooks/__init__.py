"""Runbooks that people wrote before: read from folders, and found for an exemplar."""

"""The journal: every acknowledged request, on disk until it is done with."""

"""Codebooks: which there are, what the live one makes of what comes, and making another live."""

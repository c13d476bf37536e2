"""Drafts as pages: what templates make, what people make of it, and where it went."""

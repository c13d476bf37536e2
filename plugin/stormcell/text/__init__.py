"""Text: masking, templates, vectors."""

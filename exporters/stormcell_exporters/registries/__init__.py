"""Where codebooks are kept beside the store."""

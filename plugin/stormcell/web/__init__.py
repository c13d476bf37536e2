"""The pages on which people look at groups and drafts, over any store."""

"""A draft in review, as a state machine: what may happen to it, when it is stale, and how revisions differ."""

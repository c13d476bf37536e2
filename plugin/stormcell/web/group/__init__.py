"""The page of one group, and the audit trail."""

"""The triage page: groups, drafts and the audit trail in a browser."""

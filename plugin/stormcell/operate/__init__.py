"""What people do to groups that are stored, each change with who made it."""

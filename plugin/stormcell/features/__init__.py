"""What is known of events: rows, surprise, links, blame, the table of columns."""

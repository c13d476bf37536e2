"""k-medoids under constraints: rows that must, and rows that must not, share a cluster."""

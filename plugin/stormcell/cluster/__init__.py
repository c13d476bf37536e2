"""Weighted k-medoids, the choice of k, and how well a clustering agrees with the truth."""

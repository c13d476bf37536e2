"""Dissimilarities: of single fields, mixed, and explained."""

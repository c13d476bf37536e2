"""How good a clustering is: against the truth, by itself, and under resampling."""

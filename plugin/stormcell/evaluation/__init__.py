"""How good is the grouping? Scored against events whose incident is known."""

from stormcell.evaluation.run import Evaluation, evaluate
from stormcell.evaluation.truth import Label, Truth, read_truth

__all__ = ["Evaluation", "Label", "Truth", "evaluate", "read_truth"]

"""When what comes no longer looks like what a codebook was trained on; see docs/drift.md."""

from stormcell.codebook.drift.scores import CODEWORD, NEW, FieldScore, Moved, Scores, scores
from stormcell.codebook.drift.state import FieldState, State, advance, dump, load
from stormcell.codebook.drift.told import measured, sentences

__all__ = [
    "CODEWORD",
    "NEW",
    "FieldScore",
    "FieldState",
    "Moved",
    "Scores",
    "State",
    "advance",
    "dump",
    "load",
    "measured",
    "scores",
    "sentences",
]

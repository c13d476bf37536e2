"""When what comes no longer looks like what a codebook was trained on; see docs/drift.md."""

from stormcell.codebook.drift.scores import CODEWORD, NEW, FieldScore, Moved, Scores, scores
from stormcell.codebook.drift.state import FieldState, State, advance, dump, load
from stormcell.codebook.drift.told import KINDS, brief, measured, scores_json, sentences

__all__ = [
    "CODEWORD",
    "KINDS",
    "NEW",
    "FieldScore",
    "FieldState",
    "Moved",
    "Scores",
    "State",
    "advance",
    "brief",
    "dump",
    "load",
    "measured",
    "scores",
    "scores_json",
    "sentences",
]

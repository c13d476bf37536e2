"""The journal: every acknowledged request, on disk until it is done with."""

from stormcell.journal.journal import Journal
from stormcell.journal.record import Entry
from stormcell.journal.stats import JournalStats, Refusal

__all__ = ["Entry", "Journal", "JournalStats", "Refusal"]

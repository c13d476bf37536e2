"""Privacy: masks for personal data and secrets, in texts and in whole events.

A mask is the name of a kind, as in ``<email>``: what was there is gone, that it was there stays readable.
"""

from stormcell.privacy.events import Concealer, hidden_key, shown_key
from stormcell.privacy.names import says_secret
from stormcell.privacy.text import conceal, conceal_start

__all__ = ["Concealer", "conceal", "conceal_start", "hidden_key", "says_secret", "shown_key"]

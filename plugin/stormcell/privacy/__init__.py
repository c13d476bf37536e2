"""Privacy: masks for personal data and secrets, in texts and in whole events.

A mask is the name of a kind, as in ``<email>``: what was there is gone, that it was there stays readable.
"""

from stormcell.privacy.events import Concealer, hidden_key, shown_key
from stormcell.privacy.fields import has_long_name, names_secret
from stormcell.privacy.markdown import conceal_markdown
from stormcell.privacy.names import says_secret
from stormcell.privacy.text import Doubt, conceal, conceal_start, doubt

__all__ = [
    "Concealer",
    "Doubt",
    "conceal",
    "conceal_markdown",
    "conceal_start",
    "doubt",
    "has_long_name",
    "hidden_key",
    "names_secret",
    "says_secret",
    "shown_key",
]

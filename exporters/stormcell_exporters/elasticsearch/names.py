"""What our things in Elasticsearch are called, all of it from one prefix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from stormcell.errors import SettingsError

GROUPS: Final = "groups"
MEMBERS: Final = "members"
HISTORY: Final = "history"
KINDS: Final = (GROUPS, MEMBERS, HISTORY)
"""Of documents; each has an alias, or a data stream, of its own."""

SCHEMA_VERSION: Final = 1
"""Of the documents; another one goes into indices of its own."""

_PREFIX: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}\Z")


@dataclass(frozen=True, slots=True)
class Names:
    """The names below a prefix.

    Attributes
    ----------
    prefix : str
        Two stores that share a server need two of them.

    Raises
    ------
    SettingsError
        If no index can be called so.
    """

    prefix: str = "stormcell"

    def __post_init__(self) -> None:
        if not _PREFIX.match(self.prefix):
            raise SettingsError(
                f"the prefix {self.prefix[:100]!a} cannot begin the name of an index; expected up to 100 of"
                " a-z, 0-9, _, . and -, the first of them a letter or a digit"
            )

    def alias(self, kind: str) -> str:
        """Return by what name a kind is read and written; of history it may be a data stream."""
        return f"{self.prefix}-{kind}"

    def index(self, kind: str, number: int = 1) -> str:
        """Return the index behind the alias; a rebuild makes the next number."""
        return f"{self.prefix}-{kind}-v{SCHEMA_VERSION}-{number:06d}"

    def number(self, kind: str, index: str) -> int | None:
        """Return the number of an index of this kind and version; None where it is something else."""
        start = self.index(kind)[:-6]
        rest = index[len(start) :]
        return int(rest) if index.startswith(start) and len(rest) == 6 and rest.isdecimal() else None

    def pattern(self, kind: str) -> str:
        """Return a pattern of all indices of this kind and version."""
        return f"{self.index(kind)[:-6]}*"

    def template(self, kind: str) -> str:
        """Return the name of the index template."""
        return f"{self.prefix}-{kind}"

    def mappings(self, kind: str) -> str:
        """Return the name of the component template with the mappings."""
        return f"{self.prefix}-{kind}@mappings"

    def custom(self, kind: str) -> str:
        """Return the name of the component template that is the users', where they have made one."""
        return f"{self.prefix}-{kind}@custom"

    @property
    def settings(self) -> str:
        """The name of the component template with the settings of all."""
        return f"{self.prefix}@settings"

    @property
    def policy(self) -> str:
        """The name of the lifecycle policy of the history."""
        return f"{self.prefix}-{HISTORY}"

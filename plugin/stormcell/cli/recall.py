"""What the commands about recurrence need of a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stormcell.config import Settings
    from stormcell.store import SqliteStore
    from stormcell.types import Draft, Past, Profile, Share

_RUNBOOK = "runbook"


def recalled(store: SqliteStore, settings: Settings) -> tuple[list[Past], dict[str, Profile]]:
    """Return every group with a profile, and those profiles that had to be computed, which it says."""
    from stormcell.cli.output import counted, say
    from stormcell.operate.recalling import recalled as recall_all

    past, made = recall_all(store, settings)
    if made:
        say(f"{counted(len(made), 'group')} stored without a profile: computed of what is stored.")
    return past, made


def runbook_of(store: SqliteStore, group: str) -> Draft | None:
    """Return the runbook that was drafted for a group."""
    return next((draft for draft in store.drafts(group) if draft.kind == _RUNBOOK), None)


def runbook_place(store: SqliteStore, draft: Draft | None) -> str:
    """Say where a runbook is to be read."""
    if draft is None:
        return "none"
    file = Path(store.path).parent / "drafts" / f"{draft.group}.{draft.kind}.md"
    return str(file) if file.exists() else "in the store; --json prints it"


def runbook_json(draft: Draft | None) -> dict[str, str] | None:
    """Return a runbook as JSON types."""
    return None if draft is None else {"template": draft.template, "markdown": draft.markdown}


def shares_json(shares: Sequence[Share]) -> list[dict[str, Any]]:
    """Return the parts of a dissimilarity as JSON types."""
    return [
        {"name": s.name, "dissimilarity": s.dissimilarity, "weight": s.weight, "share": s.share} for s in shares
    ]


def shares_line(shares: Sequence[Share]) -> str:
    """Say by what two incidents differ, the largest part first, and what could not be compared."""
    parts = sorted((s for s in shares if s.share > 0), key=lambda s: -s.share)
    lacking = [s.name for s in shares if s.weight == 0]
    line = ", ".join(f"{s.name} {s.share:.3f}" for s in parts) or "nothing"
    return line + (f"; not compared: {', '.join(lacking)}" if lacking else "")

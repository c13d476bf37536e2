"""The vocabulary: frozen dataclasses that the rooms of the house hand to each other.

Times are integers, nanoseconds since 1970-01-01 UTC. Nothing here computes more than a view of its own data.
Columns are loaded, and numpy with them, when they are first asked for.
"""

from typing import TYPE_CHECKING

from stormcell.types.audit import CORRECTIONS, EXEMPLAR, SIDECAR, AuditCheck, AuditEntry, Seal
from stormcell.types.codebooks import (
    MADE_LIVE,
    OTHER,
    Assigned,
    Codebook,
    CodebookField,
    CodebookState,
    Codeword,
    Histogram,
    ModelNote,
    NoteKind,
    Provenance,
    StoredCodebook,
    TextTable,
    WindowSummary,
)
from stormcell.types.dossiers import Difference, Dossier, Projected, Remembered, Step, Totals
from stormcell.types.drafts import (
    Basis,
    Comment,
    Draft,
    Fact,
    Matched,
    Material,
    Paper,
    Publication,
    Related,
    Review,
    ReviewState,
    Revision,
    Runbook,
    Source,
)
from stormcell.types.events import ERROR_SEVERITY, Attributes, Event, Signal, Value
from stormcell.types.families import Family, Similar
from stormcell.types.feedback import Feedback, Kind, Mark, Outcome, State
from stormcell.types.live import NOTHING_KNOWN, Assignment, Request, RequestKind
from stormcell.types.profiles import Past, Profile, Saying
from stormcell.types.records import Origin, Packed, Reading, Record, record_of
from stormcell.types.results import (
    Blame,
    Group,
    Grouping,
    GroupTemplate,
    MemberLink,
    Membership,
    Parameter,
    Row,
    Share,
)
from stormcell.types.rules import RuleOutcome
from stormcell.types.uids import UidSet, union

if TYPE_CHECKING:
    from stormcell.types.columns import (
        BoolArray,
        Clustering,
        DoubleArray,
        FloatArray,
        IntArray,
        Link,
        Rows,
        Sides,
        Spans,
        Template,
    )
else:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from stormcell.types import columns

        return globals().setdefault(name, getattr(columns, name))


__all__ = [
    "CORRECTIONS",
    "ERROR_SEVERITY",
    "EXEMPLAR",
    "MADE_LIVE",
    "NOTHING_KNOWN",
    "OTHER",
    "SIDECAR",
    "Assigned",
    "Assignment",
    "Attributes",
    "AuditCheck",
    "AuditEntry",
    "Basis",
    "Blame",
    "BoolArray",
    "Clustering",
    "Codebook",
    "CodebookField",
    "CodebookState",
    "Codeword",
    "Comment",
    "Difference",
    "Dossier",
    "DoubleArray",
    "Draft",
    "Event",
    "Fact",
    "Family",
    "Feedback",
    "FloatArray",
    "Group",
    "GroupTemplate",
    "Grouping",
    "Histogram",
    "IntArray",
    "Kind",
    "Link",
    "Mark",
    "Matched",
    "Material",
    "MemberLink",
    "Membership",
    "ModelNote",
    "NoteKind",
    "Origin",
    "Outcome",
    "Packed",
    "Paper",
    "Parameter",
    "Past",
    "Profile",
    "Projected",
    "Provenance",
    "Publication",
    "Reading",
    "Record",
    "Related",
    "Remembered",
    "Request",
    "RequestKind",
    "Review",
    "ReviewState",
    "Revision",
    "Row",
    "Rows",
    "RuleOutcome",
    "Runbook",
    "Saying",
    "Seal",
    "Share",
    "Sides",
    "Signal",
    "Similar",
    "Source",
    "Spans",
    "State",
    "Step",
    "StoredCodebook",
    "Template",
    "TextTable",
    "Totals",
    "UidSet",
    "Value",
    "WindowSummary",
    "record_of",
    "union",
]

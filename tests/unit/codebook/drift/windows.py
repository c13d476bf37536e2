"""Windows to try drift on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stormcell.types.codebooks import Histogram, WindowSummary

HOUR: Final = 3600 * 10**9
VERSION: Final = "cb-000000000001"
USUAL: Final = {
    "service": {"cart": 600.0, "pay": 400.0},
    "template": {"added <*>": 600.0, "paid <*>": 300.0, "declined": 100.0},
    "duration": {"6.00": 500.0, "6.50": 500.0, "": 1000.0},
}


def window(
    at: int = 0,
    fields: Mapping[str, Mapping[str, float]] = USUAL,
    *,
    new: float = 0.0,
    times: float = 1.0,
    codebook: str = VERSION,
) -> WindowSummary:
    """Return the window of an hour; counts of each field are taken so many times."""
    held = {
        name: Histogram(
            {value: times * count for value, count in counts.items()}, {value: f"of {value}" for value in counts}
        )
        for name, counts in fields.items()
    }
    events = times * sum(fields["service"].values())
    return WindowSummary(
        codebook=codebook,
        start=at * HOUR,
        end=(at + 1) * HOUR,
        events=events,
        new=new,
        distance=0.1 * events,
        codewords={"k-1": events - new},
        fields=held,
        silhouette=0.9,
    )


REFERENCE: Final = window(times=100.0, codebook="")
RENAMED: Final = {**USUAL, "service": {"cart": 600.0, "payments": 400.0}}
SLOWER: Final = {**USUAL, "duration": {"6.50": 500.0, "7.00": 500.0, "": 1000.0}}
STORM: Final = {
    **USUAL,
    "service": {"cart": 600.0, "pay": 400.0, "disk": 5000.0},
    "template": {"added <*>": 600.0, "paid <*>": 300.0, "declined": 100.0, "no space left": 5000.0},
}

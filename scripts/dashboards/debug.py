"""How it works inside: for whoever looks for a cause."""

from __future__ import annotations

from dataclasses import replace

from dashboards import parts
from dashboards.grafana import Board, Panel, Query, Row
from dashboards.parts import HERE, heatmap, rate

SCORES = Panel(
    "Drift by field, $measure",
    "How far the last window of each field is from what the live codebook was trained on. Choose the measure "
    "above; what "
    "each says, and where its thresholds are, is in docs/drift.md.",
    (Query(f'stormcell_drift_score_ratio{{stormcell_measure="$measure", {HERE}}}', "{{stormcell_field}}"),),
    width=12,
    height=8,
    runbook="docs/drift.md",
)
LAST_SCORES = Panel(
    "Scores of the last window",
    "All measures of all fields.",
    (Query(f"sort_desc(stormcell_drift_score_ratio{{{HERE}}})"),),
    *("table", "none", 12, 8),
    decimals=4,
    low=None,
    hidden=("Time", "__name__", "job"),
    renamed=(
        ("Value", "Score"),
        ("instance", "Instance"),
        ("stormcell_field", "Field"),
        ("stormcell_measure", "Measure"),
    ),
    runbook="docs/drift.md",
)

BEGAN = Panel(
    "Drift began",
    "Times in a week, for each field; what changes shows in several at once.",
    (Query(rate("stormcell_drift_events_total", window="7d", function="increase"), "began"),),
    decimals=0,
    runbook="docs/alerts/model.md#stormcelldriftoften",
)


def rates(title: str, about: str, *queries: tuple[str, str, str], unit: str = "cps", width: int = 8) -> Panel:
    """Return a panel of counters, each with the labels that it is told by and what its series are called."""
    made = tuple(Query(rate(metric, by), legend) for metric, by, legend in queries)
    return Panel(title, about, made, unit=unit, width=width)


BOARD = Board(
    *("debug", "Stormcell: inside"),
    "How Stormcell works inside: ticks, assignment, distances, exemplars, drift by field, what goes in and out.",
    *("now-3h", "30s"),
    (
        Row(
            "Ticks",
            (
                Panel(
                    "How long ticks take",
                    "Ticks by how long they took.",
                    heatmap("stormcell_tick_duration_seconds"),
                    *("heatmap", "s", 12, 8),
                    low=None,
                    runbook="docs/alerts/sidecar.md#stormcelltickslow",
                ),
                rates(
                    "Ticks made",
                    "Ticks that were stored, and that were not, a second.",
                    ("stormcell_tick_duration_seconds_count", "", "stored"),
                    ("stormcell_tick_failures_total", "", "failed"),
                    unit="ops",
                    width=6,
                ),
                replace(parts.FRESHNESS, width=6),
            ),
        ),
        Row(
            "Assignment",
            (
                Panel(
                    "From a request to its groups",
                    "Requests by how long it took to know where their events belong.",
                    heatmap("stormcell_assignment_duration_seconds"),
                    *("heatmap", "s"),
                    low=None,
                ),
                Panel(
                    "By the codebook",
                    "Rows of events by how long it took to assign them.",
                    heatmap("stormcell_codebook_assignment_duration_seconds"),
                    *("heatmap", "s"),
                    low=None,
                ),
                rates(
                    "Known and new",
                    "Events a second that were assigned to a codeword, and that are too far from all.",
                    ("stormcell_codebook_assigned_total", "stormcell_outcome", "{{stormcell_outcome}}"),
                ),
            ),
        ),
        Row(
            "Distances",
            (
                Panel(
                    "Distance to the nearest codeword",
                    "Mean dissimilarity in the last window. It grows before events are new.",
                    (Query(f"stormcell_codebook_distance_ratio{{{HERE}}}", "{{instance}}"),),
                ),
                Panel(
                    "Radius of groups",
                    "Mean dissimilarity of a group's farthest member to its exemplar.",
                    (Query(f"stormcell_group_radius_ratio{{{HERE}}}", "{{instance}}"),),
                ),
                parts.SILHOUETTES,
            ),
        ),
        Row("Groups", (parts.GROUPS, parts.EXEMPLARS, parts.EDITS)),
        Row("Windows by field", (SCORES, LAST_SCORES, replace(parts.DRIFTED, width=16), BEGAN)),
        Row(
            "Codebooks",
            (
                parts.CODEBOOKS,
                Panel(
                    "Codewords",
                    "Codewords of the live codebook.",
                    (Query(f"stormcell_codebook_codewords{{{HERE}}}", "{{instance}}"),),
                ),
                parts.AGREEMENT,
            ),
        ),
        Row(
            "In and out",
            (
                rates(
                    "Taken in",
                    "Items a second: what came, and what of it can be used.",
                    ("stormcell_ingest_received_total", "stormcell_signal", "{{stormcell_signal}} came"),
                    ("stormcell_ingest_accepted_total", "stormcell_signal", "{{stormcell_signal}} can be used"),
                ),
                rates(
                    "Sent on",
                    "Log records and spans a second that were forwarded, and that were not.",
                    ("stormcell_forward_sent_total", "", "sent"),
                    ("stormcell_forward_dropped_total", "error_type", "{{error_type}}"),
                ),
                parts.OUTBOX,
                rates(
                    "Alerts of Kibana's",
                    "Documents a second: new, the same as before, of no use.",
                    ("stormcell_kibana_alerts_fetched_total", "stormcell_state", "{{stormcell_state}}"),
                ),
                Panel(
                    "Behind Kibana",
                    "How long ago all that was new was fetched.",
                    (Query(f"stormcell_kibana_alerts_behind_seconds{{{HERE}}}", "{{instance}}"),),
                    unit="s",
                ),
                Panel(
                    "Journal's files",
                    "Segments, and records that a crash had left half written.",
                    (
                        Query(f"stormcell_journal_segments{{{HERE}}}", "segments"),
                        Query(f"stormcell_journal_torn_total{{{HERE}}}", "torn"),
                    ),
                ),
            ),
        ),
    ),
    choices=(("measure", "Measure", ("psi", "js", "ks", "kl")),),
)

"""Whether it works, what it costs, and whether the model is stable: for those who answer for it."""

from __future__ import annotations

from dataclasses import replace

from dashboards import parts
from dashboards.grafana import BLUE, GREEN, ORANGE, RED, YELLOW, Board, Panel, Query, Row
from dashboards.parts import HERE, rate, share_good

BUDGETS = Panel(
    "What is left of each budget, of thirty days",
    "Each objective allows some errors in thirty days. 0 % or less: it was missed. What each means is in "
    "docs/slo.md.",
    (Query(f"sort(min by (slo) (stormcell:slo_budget_left:ratio{{{HERE}}}))", "{{slo}}"),),
    *("bargauge", "percentunit", 8, 8),
    steps=((None, RED), (0, ORANGE), (0.25, YELLOW), (0.5, GREEN)),
    high=1,
    decimals=0,
    runbook="docs/slo.md",
)


def achieved(title: str, slo: str, about: str, target: float) -> Panel:
    """Return a panel of what an objective came to."""
    return Panel(
        *(title, about, share_good(slo), "stat", "percentunit", 4, 4),
        steps=((None, RED), (target, GREEN)),
        decimals=1,
        low=None,
        runbook=f"docs/alerts/slo.md#{slo}",
    )


BOARD = Board(
    *("executive", "Stormcell: success, cost, stability"),
    "Whether incidents are grouped as promised, what that costs, and whether the model keeps up with what comes.",
    *("now-30d", "5m"),
    (
        Row(
            "Success",
            (
                BUDGETS,
                achieved(
                    "Available", "availability", "Of thirty days, it took in telemetry and grouped it.", 0.995
                ),
                achieved(
                    "Right by people", "precision", "Of groups that people judged, they corrected no more.", 0.8
                ),
                achieved("Jobs done", "jobs", "Runs of jobs in thirty days that did not fail.", 0.999),
                Panel(
                    "Alerts firing",
                    "Alerts on Stormcell itself that fire now.",
                    (
                        Query(
                            'count(ALERTS{alertname=~"Stormcell.*", alertstate="firing"}) or vector(0)', "alerts"
                        ),
                    ),
                    *("stat", "none", 4, 4),
                    steps=((None, GREEN), (1, ORANGE)),
                    runbook="docs/alerts/README.md",
                ),
                replace(parts.GROUPS, width=8, height=8),
                replace(parts.EDITS, width=8, height=8),
                Panel(
                    "Taken in",
                    "Log records, spans and alerts that can be used, a second.",
                    (Query(rate("stormcell_ingest_accepted_total", "stormcell_signal"), "{{stormcell_signal}}"),),
                    *("timeseries", "cps", 8, 8),
                    stacked=True,
                ),
            ),
        ),
        Row(
            "Cost",
            (
                Panel(
                    "Grouping, for a thousand events",
                    "Seconds of ticks for a thousand events that were taken in. It grows with what is held.",
                    (
                        Query(
                            f"1000 * {rate('stormcell_tick_duration_seconds_sum')}"
                            f" / ({rate('stormcell_ingest_accepted_total')} > 0)",
                            "seconds",
                        ),
                    ),
                    unit="s",
                ),
                parts.MEMORY,
                parts.JOURNAL,
            ),
        ),
        Row(
            "Stability",
            (
                replace(parts.EXEMPLARS, width=6),
                replace(parts.SILHOUETTES, width=6),
                Panel(
                    "Promotions and roll-backs",
                    "Codebooks that became live, and that were taken back, in a week.",
                    (
                        Query(
                            rate(
                                "stormcell_model_changes_total",
                                "stormcell_action",
                                window="7d",
                                function="increase",
                            ),
                            "{{stormcell_action}}",
                        ),
                    ),
                    width=6,
                    decimals=0,
                    runbook="docs/alerts/model.md#stormcellmodelrolledback",
                ),
                Panel(
                    "Age of the live codebook",
                    "How long ago it was stored.",
                    (Query(f"stormcell_codebook_age_seconds{{{HERE}}}", "{{instance}}"),),
                    *("stat", "s", 6),
                    steps=((None, BLUE),),
                    runbook="docs/alerts/model.md#stormcelljobnotrun",
                ),
            ),
        ),
        Row(
            "Drift",
            (
                Panel(
                    "Fields that drift",
                    "Fields of events that no longer look like what the live codebook was trained on.",
                    (Query(f"sum(stormcell_drift_active{{{HERE}}})", "fields"),),
                    *("stat", "none", 4),
                    steps=((None, GREEN), (1, ORANGE)),
                    runbook="docs/alerts/model.md#stormcelldrift",
                ),
                Panel(
                    "Times within a week",
                    "Times in seven days that fields drifted, all at once as one. Usual is less than one.",
                    (Query(f"stormcell:drift_episodes:count7d{{{HERE}}}", "{{instance}}"),),
                    *("stat", "none", 4),
                    steps=((None, GREEN), (2, ORANGE)),
                    decimals=0,
                    runbook="docs/alerts/model.md#stormcelldriftoften",
                ),
                replace(parts.DRIFTED, width=8),
                parts.NEW,
            ),
        ),
    ),
)

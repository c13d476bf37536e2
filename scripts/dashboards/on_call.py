"""What is wrong now, and where: for whoever is on call."""

from __future__ import annotations

from dataclasses import replace

from dashboards import parts
from dashboards.grafana import BLUE, GREEN, ORANGE, RED, Board, Panel, Query, Row
from dashboards.parts import HERE, quantiles, rate

FIRING = Panel(
    "Alerts that fire",
    "Alerts on Stormcell itself. Each has a section of its own under docs/alerts.",
    (Query('ALERTS{alertname=~"Stormcell.*", alertstate="firing"}'),),
    *("table", "none", 12, 6),
    hidden=("Time", "Value", "__name__", "alertstate", "job"),
    renamed=(("alertname", "Alert"), ("instance", "Instance"), ("route", "Route"), ("severity", "Severity")),
    runbook="docs/alerts/README.md",
)
READY = Panel(
    "Ready",
    "Whether telemetry is taken in and grouped. `/readyz` says why not.",
    (Query(f"stormcell:available:bool{{{HERE}}}", "{{instance}}"),),
    *("stat", "none", 4, 6),
    steps=((None, RED), (1, GREEN)),
    words=(("0", "no", RED), ("1", "yes", GREEN)),
    runbook="docs/alerts/sidecar.md#stormcellnotready",
)


def counted(
    title: str, about: str, metric: str, by: str, legend: str, unit: str = "cps", runbook: str = ""
) -> Panel:
    """Return a panel of a counter of what should not happen."""
    return Panel(
        title, about, (Query(rate(metric, by), legend),), unit=unit, stacked=True, bars=True, runbook=runbook
    )


ERRORS = (
    counted(
        "Refused requests",
        "A second, by why. Those for `overload` are sent again; others are lost.",
        *(
            "stormcell_ingest_refused_total",
            "stormcell_signal, error_type",
            "{{stormcell_signal}}, {{error_type}}",
        ),
        "reqps",
        runbook="docs/alerts/sidecar.md#stormcellrefusing",
    ),
    counted(
        "Taken in and not grouped",
        "Records a second, by why. What is `own` is left out on purpose.",
        *("stormcell_ingest_dropped_total", "error_type", "{{error_type}}"),
        runbook="docs/alerts/sidecar.md#stormcelldropping",
    ),
    Panel(
        "Ticks and disk",
        "Ticks that could not be stored, and times that the disk took nothing or had damaged something, in "
        "five minutes.",
        (
            Query(rate("stormcell_tick_failures_total", window="5m", function="increase"), "ticks not stored"),
            Query(
                rate("stormcell_journal_sync_failures_total", window="5m", function="increase"),
                "disk took nothing",
            ),
            Query(rate("stormcell_journal_damaged_total", window="5m", function="increase"), "damaged stretches"),
        ),
        bars=True,
        stacked=True,
        runbook="docs/alerts/sidecar.md#stormcellticksfailing",
    ),
    counted(
        "Not sent on",
        "Log records and spans that were not forwarded, a second, by why. What is `sampled` is left out on "
        "purpose.",
        *("stormcell_forward_dropped_total", "error_type", "{{error_type}}"),
        runbook="docs/alerts/sidecar.md#stormcellforwardlosing",
    ),
    counted(
        "Alerts of Kibana's not fetched",
        "Rounds a second that failed, by why.",
        *("stormcell_kibana_alerts_failures_total", "error_type", "{{error_type}}"),
        runbook="docs/alerts/sidecar.md#stormcellalertsnotfetched",
    ),
    replace(parts.OUTBOX, width=8),
)

BOARD = Board(
    *("on-call", "Stormcell: on call"),
    "What is wrong with Stormcell now, and where: what fires, jobs, durations, errors, lag, drift, resources.",
    *("now-6h", "30s"),
    (
        Row("Now", (FIRING, READY, replace(parts.CODEBOOKS, height=6))),
        Row(
            "Jobs",
            (
                Panel(
                    "Runs in a day",
                    "Runs of jobs by what came of them. `skipped` had nothing to do.",
                    (
                        Query(
                            rate(
                                *("stormcell_job_runs_total", "stormcell_job, stormcell_outcome"),
                                window="1d",
                                function="increase",
                            ),
                            "{{stormcell_job}}, {{stormcell_outcome}}",
                        ),
                    ),
                    stacked=True,
                    decimals=0,
                    runbook="docs/alerts/model.md#stormcelljobfailing",
                ),
                Panel(
                    "Last done",
                    "How long ago each job was done last.",
                    (Query(f"stormcell_job_last_success_seconds{{{HERE}}}", "{{stormcell_job}}"),),
                    *("stat", "s"),
                    steps=((None, GREEN), (100_000, ORANGE), (172_800, RED)),
                    runbook="docs/alerts/model.md#stormcelljobnotrun",
                ),
                Panel(
                    "Duration of the last run",
                    "How long it took.",
                    (Query(f"stormcell_job_duration_seconds{{{HERE}}}", "{{stormcell_job}}"),),
                    *("stat", "s"),
                    steps=((None, BLUE),),
                ),
            ),
        ),
        Row(
            "Durations",
            (
                Panel(
                    "From a request to its groups",
                    "From when a request came until it is known where its events belong. The objective is 50 "
                    "ms for 99 %.",
                    quantiles("stormcell_assignment_duration_seconds", 0.5, 0.95, 0.99),
                    unit="s",
                    steps=((None, GREEN), (0.05, RED)),
                    line=True,
                    runbook="docs/alerts/slo.md#arrival",
                ),
                Panel(
                    "Assignment by the codebook",
                    "How long it takes to assign a row of events. The objective is 1 ms for 99 %.",
                    quantiles("stormcell_codebook_assignment_duration_seconds", 0.5, 0.95, 0.99),
                    unit="s",
                    steps=((None, GREEN), (0.001, RED)),
                    line=True,
                    runbook="docs/alerts/slo.md#assignment",
                ),
                Panel(
                    "Ticks",
                    "How long it takes to group anew all that lives. Longer than `live.tick_seconds`, groups "
                    "come late.",
                    quantiles("stormcell_tick_duration_seconds", 0.5, 0.95, 0.99),
                    unit="s",
                    steps=((None, GREEN), (5, RED)),
                    line=True,
                    runbook="docs/alerts/sidecar.md#stormcelltickslow",
                ),
            ),
        ),
        Row("Errors", ERRORS),
        Row(
            "Lag",
            (
                parts.FRESHNESS,
                Panel(
                    "Lag",
                    "How long ago came what is read next from the journal.",
                    (
                        Query(
                            f"max by (stormcell_consumer) (stormcell_journal_lag_seconds{{{HERE}}})",
                            "{{stormcell_consumer}}",
                        ),
                    ),
                    unit="s",
                    steps=((None, GREEN), (60, RED)),
                    line=True,
                    runbook="docs/alerts/sidecar.md#stormcelllagging",
                ),
                Panel(
                    "Backlog",
                    "What lies in the journal and has not been read yet.",
                    (
                        Query(
                            f"max by (stormcell_consumer) (stormcell_journal_backlog_bytes{{{HERE}}})",
                            "{{stormcell_consumer}}",
                        ),
                    ),
                    unit="bytes",
                    runbook="docs/alerts/sidecar.md#stormcellbacklog",
                ),
            ),
        ),
        Row("Drift", (parts.DRIFTED, replace(parts.NEW, width=6), replace(parts.AGREEMENT, width=6))),
        Row("Resources", (parts.MEMORY, parts.JOURNAL, replace(parts.GROUPS, title="Groups held"))),
    ),
)

"""What several dashboards show alike."""

from __future__ import annotations

from dashboards.grafana import BLUE, GREEN, ORANGE, RED, YELLOW, Panel, Query

HERE = 'instance=~"$instance"'
RATE = "$__rate_interval"


def rate(metric: str, by: str = "", where: str = "", window: str = RATE, function: str = "rate") -> str:
    """Return how fast a counter grows, for each value of a label."""
    chosen = f"{HERE}, {where}" if where else HERE
    return f"sum{f' by ({by})' if by else ''} ({function}({metric}{{{chosen}}}[{window}]))"


def quantiles(metric: str, *shares: float) -> tuple[Query, ...]:
    """Return quantiles of a histogram."""
    buckets = rate(f"{metric}_bucket", "le")
    return tuple(Query(f"histogram_quantile({share}, {buckets})", f"{share:.0%}") for share in shares)


def heatmap(metric: str) -> tuple[Query, ...]:
    """Return how many values fell between any two bounds of a histogram."""
    return (Query(rate(f"{metric}_bucket", "le", function="increase")),)


def share_good(slo: str) -> tuple[Query, ...]:
    """Return what share was good in thirty days."""
    return (Query(f'1 - stormcell:slo_errors:ratio_rate30d{{slo="{slo}", {HERE}}}', "{{instance}}"),)


DRIFTED = Panel(
    "Drift by field",
    "Whether a field of events has drifted from what the live codebook was trained on. It begins and ends only "
    "after "
    "several windows that agree.",
    (Query(f"max by (stormcell_field) (stormcell_drift_active{{{HERE}}})", "{{stormcell_field}}"),),
    *("state-timeline", "none", 12),
    words=(("0", "as known", GREEN), ("1", "drifted", ORANGE)),
    runbook="docs/alerts/model.md#stormcelldrift",
)
NEW = Panel(
    "Share of new events",
    "Events of the last window that are too far from all codewords. Some are usual; much more than in training "
    "means "
    "that the codebook is out of date.",
    (Query(f"stormcell_codebook_new_ratio{{{HERE}}}", "{{instance}}"),),
    unit="percentunit",
    steps=((None, GREEN), (0.1, YELLOW), (0.2, RED)),
    runbook="docs/alerts/model.md#stormcelldrift",
)
GROUPS = Panel(
    "Groups by status",
    "Groups in the store. Open ones wait for somebody.",
    (Query(f"sum by (stormcell_group_status) (stormcell_groups{{{HERE}}})", "{{stormcell_group_status}}"),),
    stacked=True,
)
OUTBOX = Panel(
    "Outbox",
    "Revisions of groups that wait to go out (pending), or were given up (dead). Dead ones are tried again with "
    "`stormcell outbox retry`.",
    (
        Query(
            f"sum by (stormcell_exporter, stormcell_state) (stormcell_outbox_entries{{{HERE}}})",
            "{{stormcell_exporter}}, {{stormcell_state}}",
        ),
    ),
    runbook="docs/alerts/sidecar.md#stormcelldeadletters",
)
AGREEMENT = Panel(
    "Agreement of the canary",
    "Share of events that the canary and the live codebook put in the same kind. Nothing where there is no "
    "canary.",
    (Query(f"stormcell_canary_agreement_ratio{{{HERE}}}", "{{instance}}"),),
    unit="percentunit",
    high=1,
    steps=((None, RED), (0.8, YELLOW), (0.9, GREEN)),
    runbook="docs/alerts/model.md#stormcellcanarywaiting",
)
EDITS = Panel(
    "What people did",
    "Changes of groups, drafts and codebooks by people, a day. Much merging, splitting and moving says that "
    "groups are cut wrong.",
    (
        Query(
            rate("stormcell_edits_total", "stormcell_action", window="1d", function="increase"),
            "{{stormcell_action}}",
        ),
    ),
    stacked=True,
    decimals=0,
    runbook="docs/alerts/slo.md#stormcelloftencorrected",
)
EXEMPLARS = Panel(
    "Exemplar changes",
    "Times that a living group got another exemplar, an hour. Groups that keep theirs can be recognised.",
    (Query(rate("stormcell_exemplar_changes_total", window="1h", function="increase"), "changes"),),
    decimals=0,
)
MEMORY = Panel(
    "Memory",
    "Physical memory of the process. It follows what is held, not the rate: `live.max_events`, `live.max_rows`.",
    (Query(f"process_memory_usage_bytes{{{HERE}}}", "{{instance}}"),),
    unit="bytes",
)
JOURNAL = Panel(
    "Journal",
    "What the journal takes on disk, and what it may. At its limit requests are refused.",
    (
        Query(f"stormcell_journal_size_bytes{{{HERE}}}", "size, {{instance}}"),
        Query(f"stormcell_journal_limit_bytes{{{HERE}}}", "limit, {{instance}}"),
    ),
    unit="bytes",
    runbook="docs/alerts/sidecar.md#stormcelljournalfilling",
)
CODEBOOKS = Panel(
    "Codebooks",
    "Which codebook is live, and which is the canary.",
    (Query(f"stormcell_codebook_info{{{HERE}}}"),),
    *("table", "none", 8),
    hidden=("Time", "Value", "__name__", "job"),
    renamed=(
        ("instance", "Instance"),
        ("stormcell_codebook_version", "Version"),
        ("stormcell_state", "State"),
    ),
    runbook="docs/alerts/model.md#stormcellmodelmissing",
)
FRESHNESS = Panel(
    "Freshness of groups",
    "How long ago, while events come, the groups were last brought up to date. The objective is a minute.",
    (Query(f"stormcell_group_freshness_seconds{{{HERE}}}", "{{instance}}"),),
    unit="s",
    steps=((None, GREEN), (60, RED)),
    line=True,
    runbook="docs/alerts/slo.md#freshness",
)
SILHOUETTES = Panel(
    "Silhouettes",
    "How clear-cut groups and codewords are, by the medoid silhouette: 1 is clear-cut, 0 is arbitrary.",
    (
        Query(f"stormcell_group_silhouette_ratio{{{HERE}}}", "groups, {{instance}}"),
        Query(f"stormcell_codebook_silhouette_ratio{{{HERE}}}", "codebook, {{instance}}"),
    ),
    high=1,
    steps=((None, BLUE),),
)

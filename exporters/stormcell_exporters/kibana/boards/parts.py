"""What several dashboards and sessions narrow, split and count by."""

from __future__ import annotations

from typing import Final

from stormcell_exporters.kibana.panels import Filter, Metric, Terms

GROUP: Final = Filter("event.dataset", ("stormcell.group",))
TOTALS: Final = Filter("event.dataset", ("stormcell.totals",))
ALIVE: Final = Filter("incident_group.status", ("open", "acknowledged"))
SEVERITY: Final = Terms("incident_group.severity", "Severity", 4)
SERVICE: Final = Terms("incident_group.top_service", "Most blamed service")
EVENTS: Final = Metric("sum", "Events", "incident_group.count")

"""What users read: groups as JSON, drafts, and the report. jinja2 is loaded by the first draft only."""

from stormcell.render.drafts import POSTMORTEM, RUNBOOK, Drafter
from stormcell.render.groups_json import group_json, groups_json, schema

__all__ = ["POSTMORTEM", "RUNBOOK", "Drafter", "group_json", "groups_json", "schema"]

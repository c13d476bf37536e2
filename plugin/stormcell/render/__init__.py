"""What users read: groups as JSON and as runbook drafts. jinja2 is loaded by the first draft only."""

from stormcell.render.drafts import Drafter
from stormcell.render.groups_json import group_json, groups_json, schema

__all__ = ["Drafter", "group_json", "groups_json", "schema"]

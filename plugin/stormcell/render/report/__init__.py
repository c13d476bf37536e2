"""The report: one HTML file that shows a storm, and needs nothing beside it."""

from stormcell.render.report.page import report_html
from stormcell.render.report.storm import Storm

__all__ = ["Storm", "report_html"]

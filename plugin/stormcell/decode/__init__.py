"""Wire formats to events: OTLP logs and traces, Alertmanager webhooks, read from files.

``read`` is the one way in. It recognises each file by its content, yields events as it goes, and says of
everything broken where it is and what was expected there.
"""

from stormcell.decode.reader import read
from stormcell.decode.report import Problem, Report

__all__ = ["Problem", "Report", "read"]

"""Wire formats to events: OTLP logs and traces, alerts of Alertmanager, Grafana, Kibana and whatever is mapped.

``read`` is the way in for files, ``requests`` for what comes over the wire. ``read`` recognises each file by its
content, yields events as it goes, and says of everything broken where it is and what was expected there.
"""

from stormcell.decode.reader import read
from stormcell.decode.report import Problem, Report

__all__ = ["Problem", "Report", "read"]

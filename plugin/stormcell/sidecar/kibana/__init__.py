"""Fetches the alerts that Kibana keeps in Elasticsearch."""

from stormcell.sidecar.kibana.build import build
from stormcell.sidecar.kibana.poller import Poller, PollStats
from stormcell.sidecar.kibana.search import Search

__all__ = ["PollStats", "Poller", "Search", "build"]

"""Settings of the sidecar: kibana_alerts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stormcell.config.base import HttpUrl, Seconds, SecondsOrZero, Section

IndexPattern = Annotated[str, Field(pattern=r"^[a-z0-9.*][a-z0-9._*:-]{0,254}$")]


class KibanaAlertsSettings(Section):
    """Alerts that are fetched where Kibana keeps them, beside those that its connectors send."""

    url: HttpUrl = ""
    """The Elasticsearch of Kibana, such as `https://elasticsearch:9200`; it is only ever read. Empty: nothing is
    fetched. Credentials are in `STORMCELL_ELASTICSEARCH_API_KEY`, or `STORMCELL_ELASTICSEARCH_USERNAME` and
    `STORMCELL_ELASTICSEARCH_PASSWORD`, or `STORMCELL_ELASTICSEARCH_TOKEN`; or in files that the same names with
    `_FILE` name."""
    indices: Annotated[tuple[IndexPattern, ...], Field(min_length=1)] = (".alerts-*",)
    """Where the alerts are."""
    space: str = ""
    """Only alerts of the space of this name; empty for those of all."""
    every_seconds: Seconds = 15.0
    """How often it is asked for what is new."""
    overlap_seconds: SecondsOrZero = 300.0
    """How late an alert may show up: what changed this long before the latest that was seen is asked for again.
    Kibana dates an alert by the start of its rule's run, which may take five minutes."""
    lookback_seconds: SecondsOrZero = 3600.0
    """At the very first start alerts are fetched that changed within this long. Those that fire change whenever
    their rule runs."""
    timeout_seconds: Seconds = 30.0
    """How long an answer is waited for."""
    ca_file: str = ""
    """Who may have signed the certificate of the other side, in PEM. Empty: whom the system trusts."""

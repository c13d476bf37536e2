"""The exporter: what it is told by the settings, and the client that it speaks through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stormcell.errors import SettingsError
from stormcell.types import Step
from stormcell_exporters.elasticsearch.capabilities import probe
from stormcell_exporters.elasticsearch.connection import Credentials, connect, credentials, server
from stormcell_exporters.elasticsearch.names import Names
from stormcell_exporters.elasticsearch.roles import SETUP

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch


class ElasticsearchExporter:
    """Keeps a copy of groups in Elasticsearch.

    Parameters
    ----------
    prefix : str
        With which the names of all its indices begin.
    retention_days : int
        How long what has ended is kept.
    ca_file : str
        Certificates in PEM of who may have signed the server's, besides those whom the system trusts.
    fingerprint : str
        SHA-256 of the server's certificate, or of one that signed it.
    kibana : str
        URL of Kibana, for links.

    Raises
    ------
    SettingsError
        If one is wrong.
    """

    def __init__(
        self,
        prefix: str = "stormcell",
        retention_days: int = 90,
        ca_file: str = "",
        fingerprint: str = "",
        kibana: str = "",
    ) -> None:
        if retention_days < 1:
            raise SettingsError(f"the option retention_days is {retention_days}; expected a day or more")
        self.names = Names(prefix)
        self.retention_days = retention_days
        self._ca_file, self._fingerprint = ca_file, fingerprint
        self.kibana = kibana
        self._open: dict[str, tuple[Credentials, Elasticsearch]] = {}

    def setup(self, target: str | Path, *, dry_run: bool = False) -> Sequence[Step]:
        """Make ready what the copies go into, and return the steps; what is there already stays as it is.

        Raises
        ------
        DeliveryError
            If the server does not do it.
        SettingsError
            If the target is none, or something of such a name is not ours.
        """
        from stormcell_exporters.elasticsearch.setup import setup

        with self.speaking(target, SETUP) as client:
            return setup(client, self.names, probe(client, self.names), self.retention_days, dry_run=dry_run)

    def close(self) -> None:
        """Close the connections."""
        for _, client in self._open.values():
            client.close()
        self._open.clear()

    @contextmanager
    def speaking(self, target: str | Path, role: str) -> Iterator[Elasticsearch]:
        """Give a client for a target; what it raises within becomes errors of ours.

        Parameters
        ----------
        target : str or Path
        role : str
            That allows what is done, for messages.
        """
        from stormcell_exporters.elasticsearch.failures import telling

        to = server(str(target), self._ca_file, self._fingerprint)
        as_whom = credentials()
        held, client = self._open.get(str(target), (None, None))
        if client is None or held != as_whom:
            # Secrets may be renewed while we run.
            if client is not None:
                client.close()
            client = connect(to, as_whom)
            self._open[str(target)] = (as_whom, client)
        with telling(to.shown, as_whom, role):
            yield client

"""stormcell sidecar: groups while telemetry comes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.config import Settings


def sidecar(
    config: options.Config = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="The folder of the store and the journal (live.data)."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Say more of what goes on.")] = False,
) -> None:
    """Take telemetry and alerts as they come, and keep living groups, until told to stop.

    OTLP/gRPC on 127.0.0.1:14317; OTLP/HTTP, alert webhooks (/v1/alerts/...), the triage page (/), the API
    (/api/v1), /healthz, /readyz and /metrics on 127.0.0.1:14318. Other commands look at its groups with
    --store DIR, while it runs, too.
    """
    import gc
    import logging

    # Nothing that is loaded at the start is garbage; looking through it for some takes a tenth of the time.
    gc.disable()
    from stormcell.sidecar.process import run

    def read() -> Settings:
        found = options.settings(config)
        if data is None:
            return found
        return found.model_copy(update={"live": found.live.model_copy(update={"data": data})})

    settings = read()
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # It tells of every request.
    logging.getLogger("elastic_transport").setLevel(logging.DEBUG if verbose else logging.WARNING)
    run(settings, read)

"""stormcell web: the triage page over a store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.config import Settings
    from stormcell.sidecar.http.server import HttpServer

_GRACE = 2.0


def web(
    store: options.Store = None,
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", min=0, max=65_535, help="The port; 0 takes a free one.")
    ] = 14_319,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open it in a browser, where this is a terminal.")
    ] = True,
    config: options.Config = None,
) -> None:
    """Show the groups of a store in a browser, until told to stop; a running sidecar does so at its own address.

    The store may be one that a sidecar writes meanwhile. Who opens the page may change groups there as with the
    commands; with receivers.tokens in the settings they log in by one. The address is printed.
    """
    import logging
    import signal
    import sys
    import threading

    from stormcell.cli.output import say
    from stormcell.errors import SettingsError
    from stormcell.sidecar.listening import check_exposure

    settings = options.settings(config)
    path = _existing(store, settings)
    # Nothing listens for OTLP here.
    listen = {"grpc_host": "127.0.0.1", "http_host": host, "http_port": port}
    settings = settings.model_copy(update={"receivers": settings.receivers.model_copy(update=listen)})
    try:
        check_exposure(settings.receivers)
    except SettingsError as error:
        told = str(error).replace(f"receivers.http_host is {host}", f"--host is {host}", 1)
        raise SettingsError(told) from error
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server, address = _serve(path, settings)
    try:
        say(f"Showing {path}, until Ctrl-C.")
        sys.stdout.write(address + "\n")
        sys.stdout.flush()
        if browser and sys.stdout.isatty():
            import webbrowser

            webbrowser.open(address)
        stop.wait()
    finally:
        server.stop(_GRACE)


def _existing(store: Path | None, settings: Settings) -> Path:
    """Return the path of a store that is there, or that a sidecar is about to make."""
    path = options.store_path(store if store is not None else settings.store.path)
    if path.exists() or not (path.parent / "journal").is_dir():
        options.open_store(path).close()
    return path


def _serve(path: Path, settings: Settings) -> tuple[HttpServer, str]:
    """Start serving the pages; return the server, and their address."""
    from starlette.applications import Starlette

    from stormcell.access import Authenticator
    from stormcell.sidecar.http.server import HttpServer
    from stormcell.sidecar.listening import ListenError, joined
    from stormcell.web.context import WebContext, over_tls
    from stormcell.web.routes import web_routes

    receivers = settings.receivers
    context = WebContext(path, settings, Authenticator(receivers), secure=over_tls(settings))
    server = HttpServer(receivers, Starlette(routes=web_routes(context, alone=True)))
    try:
        server.start()
    except ListenError as error:
        told = str(error).partition(";")[0]
        raise ListenError(f"{told}; is another one running there? name another with --host and --port") from error
    return (
        server,
        f"{'https' if receivers.tls_certificate else 'http'}://{joined(receivers.http_host, server.port)}/",
    )

"""The sidecar: one engine with receivers, API, forwarding and delivery around it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from stormcell.access import Authenticator
from stormcell.config import Settings
from stormcell.decode.requests import check
from stormcell.runtime import Runtime
from stormcell.sidecar.intake import Intake
from stormcell.sidecar.listening import check_exposure, joined
from stormcell.sidecar.status import readiness, status
from stormcell.telemetry.meters import Meters
from stormcell.times import SystemClock

if TYPE_CHECKING:
    from stormcell.sidecar.forward.forwarder import Forwarder
    from stormcell.sidecar.grpc.server import GrpcServer
    from stormcell.sidecar.http.server import HttpServer
    from stormcell.sidecar.kibana import Poller


class Sidecar:
    """Everything that runs beside a Collector, in one process.

    Parameters
    ----------
    settings : Settings
        ``live.data`` is where the store and the journal are; made if it is not there.
    failed : callable
        Called, from any thread, with what keeps it from going on once it has started.

    Raises
    ------
    SettingsError
        If the settings cannot be used as they are.
    StoreError
        If the journal or the store cannot be used, or another sidecar uses them.
    """

    def __init__(self, settings: Settings, failed: Callable[[BaseException], None] | None = None) -> None:
        check_exposure(settings.receivers)
        self.settings = settings
        clock = SystemClock()
        auth = Authenticator(settings.receivers, clock)
        self.runtime = Runtime(settings, clock, failed=failed, held=self._held)
        self.forwarder: Forwarder | None = None
        self.poller: Poller | None = None
        self.intake = Intake(settings, self.runtime.journal, auth, check, self.runtime.clock)
        self.grpc: GrpcServer | None = None
        self.http: HttpServer | None = None
        self.meters = Meters()
        self._auth = auth
        self.listens = self.started = False

    def start(self) -> None:
        """Start everything; requests are taken in before this returns.

        Raises
        ------
        ListenError
            If an address cannot be listened on.
        SettingsError
            If what telemetry is forwarded to, or alerts are fetched from, cannot be used.
        StoreError
            If what the store remembers cannot be gone on with.
        """
        from stormcell.sidecar.api.context import ApiContext
        from stormcell.sidecar.api.door import api_routes
        from stormcell.sidecar.grpc.server import GrpcServer
        from stormcell.sidecar.http.app import build_app
        from stormcell.sidecar.http.server import HttpServer
        from stormcell.sidecar.metering import meters_of
        from stormcell.sidecar.observing import observe
        from stormcell.web.context import WebContext, over_tls
        from stormcell.web.routes import web_routes

        self.meters = meters_of(self.settings.telemetry)
        observe(self.meters, self)
        if self.settings.telemetry.otlp_endpoint:
            self.runtime.meters = self.meters
        api = ApiContext(
            store_path=self.runtime.path,
            settings=self.settings,
            auth=self._auth,
            nudge=self.runtime.engine.nudge,
            ready=lambda: readiness(self),
            status=lambda: status(self),
            metrics=self.meters.text,
        )
        routes = api_routes(api)
        if self.settings.web.enabled:
            secure = over_tls(self.settings)
            routes += web_routes(WebContext(api.store_path, self.settings, self._auth, api.nudge, secure=secure))
        self.http = HttpServer(self.settings.receivers, build_app(self.settings, self.intake, routes))
        self.grpc = GrpcServer(self.settings.receivers, self.intake)
        self.forwarder = self._made_forwarder()
        self.poller = self._made_poller()
        self.grpc.start()
        self.http.start()
        self.listens = True
        self.runtime.start()
        if self.forwarder is not None:
            self.forwarder.start()
        if self.poller is not None:
            self.poller.start()
        self.started = True

    def stop(self) -> bool:
        """Take no more requests, group and send what was acknowledged, and end.

        Returns
        -------
        bool
            Whether all was done within ``live.drain_seconds``; what was not is after the next start.
        """
        until = time.monotonic() + self.settings.live.drain_seconds
        self.listens = self.started = False

        def left() -> float:
            return max(until - time.monotonic(), 0.5)

        if self.poller is not None:
            self.poller.stop(min(left(), 1.0))
        for server in (self.http, self.grpc):
            if server is not None:
                server.stop(min(left(), 5.0))
        done = self.runtime.settle(left())
        if self.forwarder is not None:
            done &= self.forwarder.stop(left())
        done &= self.runtime.close(left())
        self.meters.close()
        return done

    def use(self, settings: Settings) -> list[str]:
        """Go on with other settings as far as that can be done without a restart.

        These are those of notifications, as long as what they are sent to stays the same.

        Returns
        -------
        list of str
            The sections that changed and take effect only after a restart.
        """
        changed = [
            name for name in Settings.model_fields if getattr(settings, name) != getattr(self.settings, name)
        ]
        if "notifications" in changed and _destinations(settings) == _destinations(self.settings):
            self.settings = self.settings.model_copy(update={"notifications": settings.notifications})
            self.runtime.engine.notify_by(settings.notifications)
            changed.remove("notifications")
        return changed

    @property
    def is_ready(self) -> bool:
        """Whether requests are taken in and grouped."""
        return readiness(self).ready

    def listening(self) -> dict[str, str]:
        """Return the addresses that are listened on."""
        receivers = self.settings.receivers
        grpc, http = self.grpc, self.http
        return {
            "grpc": joined(receivers.grpc_host, grpc.port if grpc else receivers.grpc_port),
            "http": joined(receivers.http_host, http.port if http else receivers.http_port),
        }

    def _held(self) -> int:
        return self.runtime.journal.end if self.forwarder is None else self.forwarder.position

    def _made_forwarder(self) -> Forwarder | None:
        if not self.settings.forward.endpoint:
            return None
        from stormcell.sidecar.forward import build

        return build(self.settings, self.settings.live.data, self.runtime.journal, self.runtime.engine)

    def _made_poller(self) -> Poller | None:
        if not self.settings.kibana_alerts.url:
            return None
        from stormcell.sidecar.kibana import build

        return build(self.settings.kibana_alerts, self.settings.live.data, self.intake, self.runtime.clock)


def _destinations(settings: Settings) -> list[tuple[object, ...]]:
    return [(one.name, one.kind, one.target, one.options) for one in settings.notifications.exporters]

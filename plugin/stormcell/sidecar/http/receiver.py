"""OTLP and webhooks: what comes in by POST."""

from __future__ import annotations

import asyncio
import functools

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from stormcell.errors import RefusedError
from stormcell.sidecar import answers
from stormcell.sidecar.counts import Reason, Signal
from stormcell.sidecar.http.bodies import Body, Budget
from stormcell.sidecar.http.errors import JSON, PROTOBUF, refused, rejected
from stormcell.sidecar.intake import CheckedRequest, Intake, RejectedError
from stormcell.types.live import RequestKind

OTLP = {
    "/v1/logs": {PROTOBUF: RequestKind.LOGS, JSON: RequestKind.LOGS_JSON},
    "/v1/traces": {PROTOBUF: RequestKind.TRACES, JSON: RequestKind.TRACES_JSON},
}
# No other type will do: a web page can make a browser send those to any address of its machine, JSON it cannot.
WEBHOOKS = {
    f"/v1/alerts/{kind.value}": {JSON: kind}
    for kind in (RequestKind.ALERTMANAGER, RequestKind.GRAFANA, RequestKind.KIBANA, RequestKind.GENERIC)
}
NO_METRICS = "metrics are not taken: send logs to /v1/logs, traces to /v1/traces, alerts to /v1/alerts/..."

_STOPPED = 5.0
"""Seconds after which a sidecar that stopped may be there again."""

_GONE = 499
"""What nginx logs of clients that did not wait; nobody reads the answer."""


class Receiver:
    """Answers what comes in by POST.

    Parameters
    ----------
    intake : Intake
    budget : Budget
    """

    def __init__(self, intake: Intake, budget: Budget) -> None:
        self._intake = intake
        self._budget = budget

    def routes(self) -> list[Route]:
        """Return the routes of OTLP and of the webhooks."""
        metrics = functools.partial(self._answer, kinds={}, signal=Signal.METRICS)
        return [
            *(self._route(path, kinds, _signal(path)) for path, kinds in {**OTLP, **WEBHOOKS}.items()),
            Route("/v1/metrics", metrics, methods=["POST"]),
        ]

    def _route(self, path: str, kinds: dict[str, RequestKind], signal: Signal) -> Route:
        return Route(path, functools.partial(self._answer, kinds=kinds, signal=signal), methods=["POST"])

    async def _answer(self, request: Request, *, kinds: dict[str, RequestKind], signal: Signal) -> Response:
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            return await self._take(request, media, kinds, signal)
        except RejectedError as error:
            return rejected(error, media)
        except RefusedError as error:
            return refused(error, media)
        except asyncio.CancelledError:
            # Stopped while it was under way: without this uvicorn would answer 500, after which senders give up.
            return refused(RefusedError("the sidecar stops; send it again", retry_after=_STOPPED), media)
        except ClientDisconnect:
            self._intake.counts.refuse(signal, Reason.INCOMPLETE)
            return Response(status_code=_GONE)

    async def _take(self, request: Request, media: str, kinds: dict[str, RequestKind], signal: Signal) -> Response:
        intake = self._intake
        intake.admit(signal, request.headers.get("authorization"))
        if not kinds:
            raise intake.rejected(signal, Reason.UNSUPPORTED, NO_METRICS)
        if media not in kinds:
            raise intake.rejected(signal, Reason.TYPE, f"expected Content-Type {' or '.join(kinds)}")
        encoding = request.headers.get("content-encoding", "").strip().lower()
        with Body(request, self._budget, intake.limit) as reader:
            try:
                body = await reader.read()
            except RejectedError as error:
                raise intake.rejected(signal, error.reason, str(error)) from error
            except RefusedError as error:
                raise intake.refused(signal, str(error), error.retry_after) from error
            # The journal waits for the disk; the loop must not.
            loop = asyncio.get_running_loop()
            checked = await loop.run_in_executor(None, intake.take, kinds[media], body, encoding)
        return _taken(signal, media, checked)


def _taken(signal: Signal, media: str, checked: CheckedRequest) -> Response:
    if signal is Signal.ALERTS:
        said: dict[str, object] = {}
        if checked.rejected or checked.message:
            said = {"rejected": checked.rejected, "message": checked.message}
        return Response(answers.to_json(said), media_type=JSON)
    answer = answers.success if media == PROTOBUF else answers.success_json
    return Response(answer(signal, checked), media_type=media)


def _signal(path: str) -> Signal:
    return {"/v1/logs": Signal.LOGS, "/v1/traces": Signal.TRACES}.get(path, Signal.ALERTS)

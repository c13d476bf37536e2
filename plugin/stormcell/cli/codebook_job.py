"""stormcell codebook job: what trains each night, beside a sidecar."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.config import Settings
    from stormcell.operate.codebook_job import Published, Ran
    from stormcell.wire.sidecar import SidecarApi


def job(
    url: Annotated[str, typer.Option("--url", metavar="URL", help="The sidecar, such as http://localhost:14318.")],
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            metavar="FILE",
            help="Holds a token that may read and train (default: what STORMCELL_TOKEN holds, if anything).",
        ),
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option("--ca", metavar="FILE", help="Who may have signed the sidecar's certificate, PEM."),
    ] = None,
    promote_first: Annotated[
        bool, typer.Option("--promote-first", help="Let it be live at once where no codebook is.")
    ] = False,
    configmap: Annotated[
        str,
        typer.Option("--configmap", metavar="NAME", help="Write the live codebook there, from within a cluster."),
    ] = "",
    namespace: Annotated[
        str, typer.Option("--namespace", metavar="NAME", help="Of the ConfigMap (default: that of the pod).")
    ] = "",
    account: Annotated[
        Path | None,
        typer.Option("--service-account", metavar="DIR", help="Where its token is (default: where pods have it)."),
    ] = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Train a codebook of what a sidecar has seen, outside of it, and hand it in as the canary.

    The sidecar keeps a sample of events for that. There is nothing to do while a canary is watched, and where a
    codebook was trained of this sample before. Where none is live, what is trained is a candidate. The sidecar is
    told what the run came to, and tells it in its metrics and on its pages. Use the settings of the sidecar
    (--config): what is trained has to fit there. One run at a time is at a sidecar, from a machine.

    Exits with 0 if it is done or there was nothing to do, 1 if it failed, 2 for wrong use.
    """
    from stormcell.operate import codebook_job
    from stormcell.wire import sidecar

    settings = options.settings(config)
    bearer = sidecar.bearer(token_file)
    bearer()  # a token that cannot be read is wrong use, and no failed run
    client = sidecar.connect(url, bearer, ca)
    began = time.monotonic()
    try:
        with _alone(url), _measured(settings) as outcomes, _reported(client, began, outcomes):
            ran = codebook_job.run(client, settings, promote_first=promote_first)
            published = _published(client, configmap, namespace, account) if configmap else None
            outcomes.append((ran.outcome.value, ran.version))
    finally:
        client.close()
    _print(ran, published, time.monotonic() - began, as_json=as_json)


@contextmanager
def _alone(url: str) -> Iterator[None]:
    """Keep another run on this machine from being at the same sidecar meanwhile."""
    import hashlib
    import os
    import tempfile

    from stormcell.errors import InUseError, OutputError
    from stormcell.forks import Lock

    named = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    path = Path(tempfile.gettempdir()) / f"stormcell-codebook-job-{os.getuid()}-{named}.lock"
    try:
        lock = Lock(path)
    except BlockingIOError as error:
        raise InUseError(f"another run of this job is at {url} now (it holds {path}); wait for its end") from error
    except OSError as error:
        raise OutputError(
            f"cannot use {path}, by which one run at a time is at {url}: {error.strerror}; remove it, as somebody"
            " else may have made it, or set TMPDIR to a folder that is yours"
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _reported(client: SidecarApi, began: float, outcomes: list[tuple[str, str]]) -> Iterator[None]:
    """Tell the sidecar what became of what is done in between."""
    from stormcell.cli.output import say
    from stormcell.errors import StormcellError
    from stormcell.operate.codebook_job import Outcome, report

    try:
        yield
    except Exception as error:
        told = str(error) if isinstance(error, StormcellError) else type(error).__name__
        outcomes.append((Outcome.FAILED.value, ""))
        try:
            report(client, Outcome.FAILED, time.monotonic() - began, problem=told)
        except StormcellError as another:
            say(f"The failure could not be reported either: {another}")
        raise
    outcome, version = outcomes[-1]
    report(client, Outcome(outcome), time.monotonic() - began, version=version)


@contextmanager
def _measured(settings: Settings) -> Iterator[list[tuple[str, str]]]:
    """Give a list for what a run comes to; tell of it over OTLP where the settings ask for that."""
    from stormcell.operate.codebook_job import TRAIN
    from stormcell.telemetry import names

    outcomes: list[tuple[str, str]] = []
    told = settings.telemetry
    if not told.otlp_endpoint:
        yield outcomes
        return
    from stormcell.telemetry.sdk import SdkMeters

    meters, began = SdkMeters(told.otlp_endpoint, told.interval_seconds, told.timeout_seconds), time.monotonic()
    job = {names.JOB: TRAIN}
    try:
        with meters.span("codebook job", job):
            yield outcomes
    finally:
        seconds = time.monotonic() - began
        for outcome, _ in outcomes[-1:]:
            meters.add(names.JOB_RUNS, 1, {**job, names.OUTCOME: outcome})
            meters.observe(names.JOB_DURATION, lambda: [(seconds, job)])
        meters.close()


def _published(client: SidecarApi, name: str, namespace: str, account: Path | None) -> dict[str, Any]:
    from stormcell.operate.codebook_job import publish
    from stormcell.wire import kubernetes

    cluster = kubernetes.around(account) if account is not None else kubernetes.around()
    api = cluster.connect()
    try:
        where = namespace or cluster.namespace
        found: Published = publish(client, kubernetes.ConfigMaps(api, where), name, where)
    finally:
        api.close()
    return {"name": name, "namespace": where, "version": found.version, "changed": found.changed}


def _print(ran: Ran, published: dict[str, Any] | None, seconds: float, *, as_json: bool) -> None:
    from dataclasses import asdict

    from stormcell.cli.output import console, counted, print_json
    from stormcell.escape import terminal

    if as_json:
        print_json({**asdict(ran), "seconds": round(seconds, 3), "config_map": published})
        return
    if ran.why:
        lines = [f"Nothing to train: {ran.why}."]
    else:
        of = f"{counted(ran.codewords, 'codeword')} of {counted(ran.events, 'event')}"
        lines = [f"Trained {ran.version}: {of}. It is {_STATES.get(ran.state, ran.state)}."]
        if ran.state == "candidate":
            lines.append(
                f"No codebook is live: make it so with `stormcell codebook promote {ran.version}`, or run with"
                " --promote-first."
            )
    if published is not None:
        where = f"The ConfigMap {published['namespace']}/{published['name']}"
        version = published["version"]
        if not version:
            lines.append(f"{where} stays as it is: no codebook is live.")
        else:
            lines.append(f"{where} {'holds' if published['changed'] else 'held'} {version}, which is live.")
    console().print("\n".join(map(terminal, lines)), soft_wrap=True)


_STATES = {"canary": "the canary", "live": "live", "candidate": "a candidate"}

"""Codebooks as versions of a registered model of MLflow, each with the run that holds its file."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from stormcell.errors import DeliveryError, NotFoundError, SettingsError
from stormcell.escape import terminal
from stormcell.privacy import conceal
from stormcell.types import CodebookState, StoredCodebook
from stormcell.wire.endpoint import endpoint
from stormcell_exporters.registries.facts import checked_version, provenance

MODEL: Final = "stormcell-codebook"
"""The registered model, and the experiment of its runs."""
FILE: Final = "codebook.json"
VERSION_TAG: Final = "stormcell.codebook.version"
STATE_TAG: Final = "stormcell.codebook.state"
PARENT_TAG: Final = "stormcell.codebook.parent"
SCHEMA_TAG: Final = "stormcell.codebook.schema"

_ALIASES: Final = (CodebookState.LIVE, CodebookState.CANARY)
# What the client does where nobody says otherwise: it tells its makers nothing, leaves standard output to us, and
# gives up on a server that is down in seconds, not in four minutes.
_DEFAULTS: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}
_EXAMPLE: Final = "http://mlflow.example.com:5000"
_CREDENTIALS: Final = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
_MOST_SAID: Final = 300
_MOST_PARAM: Final = 500
"""Characters of a parameter that every MLflow 3 takes."""
_MOST_NAME: Final = 200
_NO_NAME: Final = re.compile(r"[^\w.-]|^\.+")
"""What may not be in the name of a parameter or a metric, which may become a file's."""


class MlflowRegistry:
    """Keeps codebooks in an MLflow server, 3 or later.

    Each is a version of the registered model ``stormcell-codebook``. The live one and the canary have the aliases
    ``live`` and ``canary``, as the stages of earlier MLflow are gone. Credentials are those of MLflow:
    ``MLFLOW_TRACKING_USERNAME`` and ``MLFLOW_TRACKING_PASSWORD``, or ``MLFLOW_TRACKING_TOKEN``.

    Raises
    ------
    ImportError
        If its client cannot be imported.
    """

    def __init__(self) -> None:
        for name, value in _DEFAULTS.items():
            os.environ.setdefault(name, value)
        try:
            from mlflow import MlflowClient
            from mlflow.exceptions import MlflowException
        except ImportError as error:
            raise ImportError(f"it needs MLflow's client: pip install 'stormcell[mlflow]' ({error})") from error
        self._client: Any = MlflowClient
        self._error: type[Exception] = MlflowException

    def push(self, stored: StoredCodebook, document: bytes, target: str) -> str:
        """Register a codebook, and move the aliases; return the page of the version.

        A push that was broken off goes on where it was: a run that is complete is not made again.

        Raises
        ------
        DeliveryError
            If the server did not take it.
        SettingsError
            If ``target`` is no URL.
        """
        version = checked_version(stored.version)
        client, url, asked = self._open(target)
        with asked(f"push {version}"):
            number = _number(client, version)
            if number is None:
                _if_new(client.create_registered_model, MODEL, self._error)
                run = _finished(client, version) or _run(client, stored, document, self._error)
                tags = {**_tags(stored, document), STATE_TAG: stored.state.value}
                source = f"{run.info.artifact_uri}/{FILE}"
                client.create_model_version(MODEL, source, run_id=run.info.run_id, tags=tags, await_creation_for=0)
                # Another may have pushed the same at the same time: the first of the two is the one that counts.
                number = _number(client, version)
            _settle(client, str(number), stored.state)
        return f"{url}/#/models/{MODEL}/versions/{number}"

    def pull(self, version: str, target: str) -> bytes:
        """Return the file of a version, or of that with the alias ``live``.

        Raises
        ------
        DeliveryError
            If the server does not give it.
        NotFoundError
            If it is not there.
        SettingsError
            If ``target`` is no URL.
        """
        client, url, asked = self._open(target)
        with asked(f"pull {version or 'the live codebook'}"):
            if version:
                found = _versions(client, checked_version(version))
                if not found:
                    raise NotFoundError(f"there is no codebook {version} in {url}; push it first")
                run = found[0].run_id
            else:
                run = _live(client, url, self._error)
            with tempfile.TemporaryDirectory(prefix="stormcell-") as folder:
                path = Path(client.download_artifacts(run, FILE, folder))
                return path.read_bytes()

    def _open(self, target: str) -> tuple[Any, str, Callable[[str], Any]]:
        """Return a client, the URL without a slash at its end, and what turns failures into ours."""
        if "@" in target:
            raise SettingsError(
                f"expected a URL such as {_EXAMPLE}, without a user and a password: set {_CREDENTIALS}"
            )
        to = endpoint(target, schemes=("https", "http"), example=_EXAMPLE)
        if "?" in target or "#" in target:
            raise SettingsError(f"expected a URL such as {_EXAMPLE}, without a ? or a #, for {to.shown}")
        url = target.rstrip("/")

        @contextmanager
        def asked(what: str) -> Iterator[None]:
            try:
                yield
            except (self._error, OSError) as error:  # its HTTP client raises the latter
                raise _ours(error, what, url, to.shown) from error

        return self._client(tracking_uri=url, registry_uri=url), url, asked


def _versions(client: Any, version: str) -> list[Any]:
    """Return the model versions of a codebook, the first one first."""
    found = client.search_model_versions(f"name = '{MODEL}' and tag.`{VERSION_TAG}` = '{version}'")
    return sorted(found, key=lambda one: int(one.version))


def _number(client: Any, version: str) -> str | None:
    found = _versions(client, version)
    return str(found[0].version) if found else None


def _live(client: Any, url: str, failure: type[Exception]) -> str:
    """Return the run of the live codebook."""
    try:
        run: str = client.get_model_version_by_alias(MODEL, CodebookState.LIVE.value).run_id
    except failure as error:
        # Where the alias is missing that is an invalid parameter, where the model is, it does not exist.
        if getattr(error, "error_code", "") in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise NotFoundError(
                f"the registered model {MODEL} in {url} has no alias `live`; push the codebook that is live, or "
                "name a version"
            ) from error
        raise
    return run


def _finished(client: Any, version: str) -> Any:
    """Return the complete run of a codebook; None where there is none."""
    experiment = client.get_experiment_by_name(MODEL)
    if experiment is None:
        return None
    wanted = f"tags.`{VERSION_TAG}` = '{version}' and attributes.status = 'FINISHED'"
    runs = client.search_runs([experiment.experiment_id], wanted, order_by=["attributes.start_time ASC"])
    return runs[0] if runs else None


def _run(client: Any, stored: StoredCodebook, document: bytes, failure: type[Exception]) -> Any:
    """Make the run of a codebook: what it was trained with, its numbers, its file."""
    from mlflow.entities import Metric, Param

    _if_new(client.create_experiment, MODEL, failure)
    experiment = client.get_experiment_by_name(MODEL).experiment_id
    at = stored.made // 1_000_000
    run = client.create_run(experiment, at, tags=_tags(stored, document), run_name=stored.version)
    id = run.info.run_id
    try:
        client.log_batch(
            id,
            metrics=[Metric(name, value, at, 0) for name, value in _metrics(stored).items()],
            params=[Param(name, value[:_MOST_PARAM]) for name, value in _params(stored, document).items()],
        )
        with tempfile.TemporaryDirectory(prefix="stormcell-") as folder:
            path = Path(folder, FILE)
            path.write_bytes(document)
            client.log_artifact(id, str(path))
    except BaseException:
        client.set_terminated(id, "FAILED")
        raise
    client.set_terminated(id, "FINISHED")
    return run


def _if_new(make: Callable[[str], object], name: str, failure: type[Exception]) -> None:
    """Make what may be there already, perhaps since a moment."""
    try:
        make(name)
    except failure as error:
        if getattr(error, "error_code", "") != "RESOURCE_ALREADY_EXISTS":
            raise


def _settle(client: Any, number: str, state: CodebookState) -> None:
    """Say what a version is, and let the alias that says so point to it alone."""
    for alias in _ALIASES:
        holder = client.get_registered_model(MODEL).aliases.get(alias.value)
        if alias is state and holder != number:
            client.set_registered_model_alias(MODEL, alias.value, number)
            if holder is not None:
                client.set_model_version_tag(MODEL, str(holder), STATE_TAG, CodebookState.RETIRED.value)
        elif alias is not state and holder == number:
            client.delete_registered_model_alias(MODEL, alias.value)
    client.set_model_version_tag(MODEL, number, STATE_TAG, state.value)


def _tags(stored: StoredCodebook, document: bytes) -> dict[str, str]:
    return {
        VERSION_TAG: stored.version,
        PARENT_TAG: stored.provenance.parent,
        SCHEMA_TAG: str(_contents(document).get("schema", "")),
    }


def _metrics(stored: StoredCodebook) -> dict[str, float]:
    of = stored.provenance
    counts = {"codewords": stored.codewords, "events": of.events, "rows": of.rows, "sampled": of.sampled}
    told = {**of.metrics, **counts}
    return {_name(name): float(value) for name, value in told.items()}


def _params(stored: StoredCodebook, document: bytes) -> dict[str, str]:
    """Return what a codebook was trained with: provenance, fields and the embedder."""
    told = {name: value for name, value in provenance(stored.provenance).items() if name != "metrics"}
    told["sites"] = ", ".join(stored.provenance.sites)
    contents = _contents(document)
    for field in contents.get("fields", ()):
        if isinstance(field, Mapping) and {"name", "weight"} <= field.keys():
            told[f"weight.{field['name']}"] = field["weight"]
    text = contents.get("text")
    for name in ("embedder", "model", "dimensions"):
        if isinstance(text, Mapping) and name in text:
            told[f"text.{name}"] = text[name]
    return {_name(name): str(value) for name, value in told.items()}


def _name(name: str) -> str:
    return _NO_NAME.sub("_", name)[:_MOST_NAME]


def _contents(document: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(document)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _ours(error: Exception, what: str, url: str, shown: str) -> Exception:
    """Return the error of ours for one of the client's; of the URL it tells as much as may be shown."""
    unreachable = _unreachable(error)
    if unreachable:
        return DeliveryError(
            f"cannot {what}: MLflow at {shown} cannot be reached: {unreachable}; is a server, 3 or later, running"
            " there?",
            retryable=True,
        )
    status = getattr(error, "get_http_status_code", lambda: None)()
    said = conceal(terminal(" ".join(str(error).replace(url, shown).split())))[:_MOST_SAID]
    if status == 404 and getattr(error, "error_code", "") == "RESOURCE_DOES_NOT_EXIST":
        return NotFoundError(f"cannot {what}: MLflow at {shown} does not have it: {said}")
    if status in (401, 403):
        return DeliveryError(
            f"cannot {what}: MLflow at {shown} does not let us: {said}; set {_CREDENTIALS}",
            retryable=False,
            status=status,
        )
    retryable = status is None or status >= 500 or status == 429
    hint = (
        f"is there an MLflow server, 3 or later, at {shown}?" if retryable or status == 404 else f"asked {shown}"
    )
    return DeliveryError(f"cannot {what}: {said}; {hint}", retryable=retryable, status=status)


def _unreachable(error: BaseException) -> str:
    """Return why there was no answer, as the operating system says it; "" where there was one."""
    found, why = error.__cause__ or error.__context__, ""
    while found is not None:
        if isinstance(found, ConnectionError | TimeoutError | socket.gaierror | ssl.SSLError):
            why = found.strerror or "it did not answer in time"
        found = found.__cause__ or found.__context__
    return terminal(why)

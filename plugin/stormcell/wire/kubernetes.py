"""The API of the Kubernetes cluster that this process runs in: one ConfigMap, applied server-side."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from stormcell.errors import ConflictError, DeliveryError, OutputError, SettingsError
from stormcell.wire import headers
from stormcell.wire.endpoint import Tls, endpoint
from stormcell.wire.json_api import JsonApi, Said, phrase

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds who it is: ``token``, ``ca.crt`` and ``namespace``."""
SERVER: Final = "https://kubernetes.default.svc"
MANAGER: Final = "stormcell-codebook-job"
"""As whom the cluster remembers who wrote a field."""
_APPLY: Final = {"content-type": "application/apply-patch+yaml"}
"""JSON is YAML."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster, as a pod in it sees it.

    Attributes
    ----------
    url : str
    account : Path
        The folder of the service account.
    """

    url: str
    account: Path

    @property
    def namespace(self) -> str:
        """That of the pod.

        Raises
        ------
        SettingsError
            If it cannot be read.
        """
        return headers.read(self.account / "namespace", "the service account")

    def connect(self, **options: Any) -> JsonApi:
        """Return its API; nothing is asked yet.

        Raises
        ------
        SettingsError
            If this is no pod with a service account.
        """
        token, ca = self.account / "token", self.account / "ca.crt"
        missing = next((file for file in (token, ca) if not file.is_file()), None)
        if missing is not None:
            raise SettingsError(
                f"there is no {missing}: expected to run in a pod of Kubernetes with a service account whose token"
                " is mounted; see deploy/kubernetes/codebook-job, or leave out --configmap"
            )

        # Kubernetes renews the token while the pod runs.
        def bearer() -> Mapping[str, str]:
            return headers.checked(
                {"authorization": f"Bearer {headers.read(token, 'the service account')}"}, str(token)
            )

        place = endpoint(self.url, schemes=("https",), example=SERVER)
        return JsonApi(place, bearer, tls=Tls(ca=ca), **options)


def around(account: Path = ACCOUNT) -> Cluster:
    """Return the cluster around this process, by what Kubernetes tells each container of it."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST", ""), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    named = f"[{host}]" if ":" in host else host
    return Cluster(f"https://{named}:{port}" if host else SERVER, account)


class ConfigMaps:
    """The ConfigMaps of a namespace.

    Parameters
    ----------
    api : JsonApi
    namespace : str
    """

    def __init__(self, api: JsonApi, namespace: str) -> None:
        self._api, self._namespace = api, namespace

    def find(self, name: str) -> dict[str, Any] | None:
        """Return a ConfigMap; None where there is none of this name.

        Raises
        ------
        DeliveryError
            If the cluster cannot be asked, or does not let us.
        """
        said = self._api.ask("GET", self._path(name))
        if said.status == 404:
            return None
        return self._document(said, name, "get")

    def apply(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Make fields of a ConfigMap what a manifest says, and return it whole; those of others stay.

        Where the manifest holds a ``resourceVersion``, it must still be at that.

        Raises
        ------
        ConflictError
            If it was changed meanwhile.
        DeliveryError
            If the cluster cannot be asked, or does not let us.
        OutputError
            If the cluster does not take it, as it is too large, say.
        """
        name = manifest["metadata"]["name"]
        # Forced, as whoever owns an object should: the fields are ours alone.
        asked = urlencode({"fieldManager": MANAGER, "force": "true"})
        body = json.dumps(manifest).encode()
        said = self._api.ask("PATCH", f"{self._path(name)}?{asked}", body, _APPLY)
        if said.status == 409:
            raise ConflictError(
                f"the ConfigMap {self._namespace}/{name} was changed meanwhile: {said.told('message')}; run again"
            )
        return self._document(said, name, "patch")

    def _path(self, name: str) -> str:
        return f"/api/v1/namespaces/{quote(self._namespace, safe='')}/configmaps/{quote(name, safe='')}"

    def _document(self, said: Said, name: str, verb: str) -> dict[str, Any]:
        what = f"the ConfigMap {self._namespace}/{name}"
        if said.good:
            try:
                found = said.document()
            except ValueError as error:
                raise DeliveryError(
                    f"{self._api.shown} answers with what is no JSON; expected the API of Kubernetes",
                    retryable=False,
                ) from error
            return dict(found)
        told = f"{self._api.shown} answered {phrase(said.status)} for {what}: {said.told('message')}"
        if said.status in (401, 403):
            raise DeliveryError(
                f"{told}; the service account needs the right to {verb} it: see deploy/kubernetes/codebook-job",
                retryable=False,
                status=said.status,
            )
        if said.status in (400, 413, 422):
            raise OutputError(told)
        raise DeliveryError(told, retryable=False, status=said.status)

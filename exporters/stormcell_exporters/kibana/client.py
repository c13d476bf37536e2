"""Requests to Kibana, and errors that say what is wrong and what to do."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from stormcell.errors import DeliveryError, SettingsError
from stormcell.wire.endpoint import Tls, endpoint
from stormcell.wire.headers import checked, current, secret
from stormcell.wire.http import TRANSIENT, Answer, HttpClient, retry_after
from stormcell.wire.said import shorten

KEY: Final = "STORMCELL_KIBANA_API_KEY"
USER: Final = "STORMCELL_KIBANA_USERNAME"
PASSWORD: Final = "STORMCELL_KIBANA_PASSWORD"  # noqa: S105  a name
"""Environment variables; with ``_FILE`` behind it, each names a file that holds the value."""

PRIVILEGES: Final = (
    "in the space: Saved Objects Management, Dashboard, Discover, Data View Management, Stack Rules and, "
    "for cases, Cases, all of them with All"
)

_TIMEOUT: Final = 60.0
_MOST: Final = 16_000_000
_VERSION: Final = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})\.")
_HELLO: Final = "/api/status"


class Kibana:
    """A Kibana, and one of its spaces.

    Parameters
    ----------
    url : str
        Where it is, with its base path if it has one.
    space : str
        "" for the default one.
    ca_file : str
        Who may have signed its certificate; "" for whom the system trusts.

    Raises
    ------
    SettingsError
        If it is no such URL, or the file cannot be used.
    """

    def __init__(self, url: str, *, space: str = "", ca_file: str = "") -> None:
        to = endpoint(url, schemes=("https", "http"))
        if "?" in to.path:
            raise SettingsError(
                f"expected the URL of Kibana, such as https://kibana:5601, found one with a query: {to.shown}"
            )
        self._to, self._root = to, to.path.rstrip("/")
        self._space = f"/s/{space}" if space else ""
        self._http = HttpClient(to, timeout=_TIMEOUT, tls=Tls(ca=Path(ca_file) if ca_file else None))

    @property
    def base(self) -> str:
        """The address of the space, to which links are relative."""
        return f"{self._to.shown}{self._root}{self._space}"

    def version(self) -> tuple[int, int]:
        """Return its version, major and minor.

        Raises
        ------
        DeliveryError
            If nothing that answers there is a Kibana, or it does not let us in.
        """
        answer = self._ask("GET", f"{self._root}{_HELLO}", None, {})
        if answer.status in (404, 301, 302, 303, 307, 308):
            raise DeliveryError(
                f"{self._to.shown}{self._root} is no Kibana: it answered {answer.status} to {_HELLO}; expected "
                "its URL with its base path, if it has one (server.basePath)",
                retryable=False,
            )
        document = self._read(answer, "GET", _HELLO, ())
        about = document.get("version") if isinstance(document, dict) else None
        number = about.get("number") if isinstance(about, dict) else None
        found = _VERSION.match(number) if isinstance(number, str) else None
        if found is None:
            raise DeliveryError(
                f"{self._to.shown}{self._root}{_HELLO} does not tell a version; is it a Kibana, "
                f"and do {KEY} or {USER} and {PASSWORD} let us in?",
                retryable=False,
            )
        return int(found[1]), int(found[2])

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        fine: Collection[int] = (),
    ) -> tuple[int, Any]:
        """Make a request in the space.

        Parameters
        ----------
        method, path : str
        body : bytes or JSON types, optional
        headers : mapping of str to str, optional
        fine : collection of int
            What it may answer besides success.

        Returns
        -------
        tuple of (int, JSON types)
            The status, and what was answered; None where that is no JSON.

        Raises
        ------
        DeliveryError
            If it answers something else, or nothing.
        """
        sent = {"content-type": "application/json", **(headers or {})}
        data = body if body is None or isinstance(body, bytes) else encode(body)
        answer = self._ask(method, f"{self._root}{self._space}{path}", data, sent)
        return answer.status, self._read(answer, method, path, fine)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        own = {"user-agent": "stormcell", "kbn-xsrf": "true", **headers, **current(_authorization)}
        try:
            return self._http.ask(method, path, body, own, most=_MOST)
        except DeliveryError as error:
            hint = "; is its certificate signed by who is in --ca?" if "SSL" in str(error) else ""
            raise DeliveryError(f"Kibana at {error}{hint}", retryable=True) from error

    def _read(self, answer: Answer, method: str, path: str, fine: Collection[int]) -> Any:
        try:
            document = json.loads(answer.content)
        except ValueError:
            document = None
        if 200 <= answer.status < 300 or answer.status in fine:
            return document
        raise self._error(answer, document, method, path)

    def _error(self, answer: Answer, document: Any, method: str, path: str) -> DeliveryError:
        told = document.get("message") if isinstance(document, dict) else None
        said = shorten(told if isinstance(told, str) else answer.content.decode("utf-8", "replace"))
        where = f"Kibana at {self.base} answered {answer.status} to {method} {path.partition('?')[0]}"
        status = answer.status
        if status == 401:
            given = "does not take the credentials" if _authorization() else "asks for credentials"
            what = f"it {given}; set {KEY}, or {USER} and {PASSWORD}"
        elif status == 403:
            what = f"the user may not do that ({said}); needed {PRIVILEGES}"
        elif status == 404:
            what = f"it has nothing there ({said}); is the space right, and the version 8.19 or later?"
        else:
            what = said
        asked = retry_after(answer.headers.get("retry-after"), answer.headers.get("date"))
        return DeliveryError(f"{where}: {what}", retryable=status in TRANSIENT, retry_after=asked)


def encode(value: Any) -> bytes:
    """Return JSON; what no text may hold (a lone surrogate) becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _authorization() -> Mapping[str, str]:
    key, user = secret(KEY), secret(USER)
    if key:
        return checked({"authorization": f"ApiKey {key}"}, KEY)
    if user:
        pair = f"{user}:{secret(PASSWORD)}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}

"""The API of a sidecar, as another program uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import quote

from stormcell.errors import ConflictError, DeliveryError, InputError, NotFoundError, SettingsError
from stormcell.wire import headers
from stormcell.wire.endpoint import Endpoint, Tls, endpoint
from stormcell.wire.headers import Headers
from stormcell.wire.json_api import JsonApi, Said, phrase

TOKEN: Final = "STORMCELL_TOKEN"  # noqa: S105  the name of a variable
PREFIX: Final = "/api/v1"


def place(url: str) -> Endpoint:
    """Read the address of a sidecar.

    Raises
    ------
    SettingsError
        If it is none.
    """
    return endpoint(url, schemes=("http", "https"), example="http://localhost:14318")


def bearer(file: Path | None) -> Headers:
    """Return what says who we are: a file, or else what ``STORMCELL_TOKEN`` or ``STORMCELL_TOKEN_FILE`` holds.

    Parameters
    ----------
    file : Path or None
        Holds the token alone.

    Raises
    ------
    SettingsError
        Whenever it is asked and the file cannot be read, or holds what cannot be sent.
    """

    def current() -> dict[str, str]:
        token = headers.read(file, "--token-file") if file is not None else headers.secret(TOKEN)
        if file is not None and not token:
            raise SettingsError(f"--token-file: {file} is empty; expected the token in it")
        named = str(file) if file is not None else TOKEN
        return headers.checked({"authorization": f"Bearer {token}"}, named) if token else {}

    return current


class SidecarApi:
    """A sidecar, asked for documents and told what is to be done.

    Every method raises

    - ``NotFoundError`` where it has nothing of the kind,
    - ``ConflictError`` where how things stand there does not allow it,
    - ``InputError`` where it does not take what was sent,
    - ``DeliveryError`` where it cannot be reached, refuses who asks, or answers with what is no JSON.

    Parameters
    ----------
    api : JsonApi
    """

    def __init__(self, api: JsonApi) -> None:
        self._api = api

    @property
    def shown(self) -> str:
        """Its address, for messages."""
        return self._api.shown

    def get(self, path: str) -> Any:
        """Return a document."""
        said = self._asked("GET", path, None)
        try:
            return said.document()
        except ValueError as error:
            raise self._odd(path) from error

    def content(self, path: str) -> bytes:
        """Return a document as the bytes that came."""
        return self._asked("GET", path, None).content

    def post(self, path: str, document: Any = None) -> Any:
        """Say something, and return the answer; said twice, it must be as said once."""
        return self.send(path, json.dumps({} if document is None else document).encode())

    def send(self, path: str, body: bytes) -> Any:
        """Send JSON as it is, and return the answer; sent twice, it must be as sent once."""
        said = self._asked("POST", path, body)
        try:
            return said.document()
        except ValueError as error:
            raise self._odd(path) from error

    def close(self) -> None:
        """Close the connection."""
        self._api.close()

    def _asked(self, method: str, path: str, body: bytes | None) -> Said:
        said = self._api.ask(method, PREFIX + path, body)
        if not said.good:
            self._refused(said, path)
        return said

    def _refused(self, said: Said, path: str) -> NoReturn:
        detail = said.told("detail")
        told = f"{self.shown} answered {phrase(said.status)} to {path}{f': {detail}' if detail else ''}"
        match said.status:
            case 401 | 403:
                raise DeliveryError(
                    f"{told}; name the file of a token that may do this with --token-file, or set {TOKEN}",
                    retryable=False,
                    status=said.status,
                )
            case 404:
                raise NotFoundError(told)
            case 409:
                raise ConflictError(told)
            case 400 | 413 | 415 | 422:
                raise InputError(told)
            case status:
                raise DeliveryError(told, retryable=False, status=status)

    def _odd(self, path: str) -> DeliveryError:
        return DeliveryError(
            f"{self.shown}{PREFIX}{path} is answered with what is no JSON; expected a sidecar there",
            retryable=False,
        )


def connect(url: str, token: Headers, ca: Path | None = None, **options: Any) -> SidecarApi:
    """Return the API of the sidecar at an address; nothing is asked yet.

    Parameters
    ----------
    url : str
        Such as ``http://localhost:14318``; a path before ``/api/v1`` is kept.
    token : callable
        See ``bearer``.
    ca : Path, optional
        Who may have signed its certificate, in PEM.
    **options : Any
        Of ``JsonApi``.

    Raises
    ------
    SettingsError
        If the address is none, or the file cannot be used.
    """
    return SidecarApi(JsonApi(place(url), token, tls=Tls(ca=ca), **options))


def part(text: str) -> str:
    """Return a text as one part of a path."""
    return quote(text, safe="", errors="surrogatepass")

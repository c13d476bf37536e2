"""From answers to bytes: templates, the headers of every answer, and files that never change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any, Final

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from stormcell import files
from stormcell.render.html import html_environment
from stormcell.web import paths
from stormcell.web.answers import Toast

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SAFE: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Other sites learn nothing. With "no-referrer" a browser would send our own forms with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_YEAR: Final = 31_536_000


def sealed(response: Response) -> Response:
    """Return an answer with the headers that all have; nobody keeps it but where it says so."""
    for name, value in _SAFE.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


class Templates:
    """The templates of the pages, and where their static files are."""

    def __init__(self) -> None:
        self.assets = Assets(files.shipped("templates") / "web" / "static")
        self._environment = html_environment("web")
        self._environment.globals["asset"] = self.assets.path
        self._environment.filters.update(part=paths.part, query=paths.query, ticked=ticked)

    def render(self, name: str, data: Mapping[str, Any]) -> bytes:
        """Return a page or a part of one."""
        # What telemetry holds of lone surrogates has no UTF-8; pages show them as what they are.
        return self._environment.get_template(name).render(data).encode("utf-8", "backslashreplace")

    def toasts(self, toasts: list[Toast], csrf: str, here: str) -> bytes:
        """Return messages as a part of a page."""
        return self.render("toasts.html", {"toasts": toasts, "csrf": csrf, "here": here})


def ticked(text: str) -> Markup:
    """Return a message of ours as HTML: what it has between backticks, such as a command, is set as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one of them has no partner
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


class Assets:
    """Static files, under paths that name their content: what a browser has of them stays good."""

    def __init__(self, folder: Traversable) -> None:
        found = {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}
        self._files = {name: content for name, content in found.items() if _media(name)}
        self._digests = {name: hashlib.sha256(content).hexdigest()[:16] for name, content in self._files.items()}

    def path(self, name: str) -> str:
        """Return the path of a file by its name."""
        return f"/static/{self._digests[name]}/{name}"

    def answer(self, request: Request) -> Response | None:
        """Return a file, or None where there is none of this name."""
        name = request.path_params["name"]
        if name not in self._files:
            return None
        tag = f'"{self._digests[name]}"'
        named = request.path_params.get("digest") == self._digests[name]
        keep = f"public, max-age={_YEAR}, immutable" if named else "no-cache"
        headers = {"ETag": tag, "Cache-Control": keep}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(self._files[name], headers=headers, media_type=_media(name))


def _media(name: str) -> str:
    return next((media for end, media in _TYPES.items() if name.endswith(end)), "")

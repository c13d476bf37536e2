"""The cookie that a session is known by."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response


def read(request: Request, *, secure: bool) -> str:
    """Return what the browser keeps; "" where it keeps nothing."""
    return request.cookies.get(_name(request, secure=secure), "")


def put(response: Response, request: Request, cookie: str, *, secure: bool) -> None:
    """Let the browser keep something for us alone, until it is closed; "" takes it back."""
    name = _name(request, secure=secure)
    if cookie:
        response.set_cookie(name, cookie, path="/", secure=secure, httponly=True, samesite="strict")
    else:
        response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")


def _name(request: Request, *, secure: bool) -> str:
    """Cookies know no ports: two programs on one machine must not log each other out."""
    try:
        port = urlsplit(f"//{request.headers.get('host', '')}").port
    except ValueError:
        port = None
    name = f"stormcell-{port}" if port else "stormcell"
    return f"__Host-{name}" if secure else name

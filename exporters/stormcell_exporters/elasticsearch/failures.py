"""What went wrong with Elasticsearch, in words that say what to do."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from socket import gaierror
from typing import Any, Final

from elastic_transport import ApiError, ConnectionError, ConnectionTimeout, TlsError, TransportError

from stormcell.errors import DeliveryError
from stormcell.wire.http import retry_after
from stormcell.wire.said import shorten
from stormcell_exporters.elasticsearch.connection import SECRETS, Credentials
from stormcell_exporters.elasticsearch.roles import SETUP, granting

TRANSIENT: Final = frozenset((429, 502, 503, 504))
"""Answers after which the same may do a little later."""

_DOCUMENT: Final = "docs/elasticsearch.md"
"""Where roles are documented."""

_FINAL: Final = frozenset((400, 413))
_OTHER_NAME: Final = (62, 64)
"""Of a host or an address, as OpenSSL numbers what is wrong with a certificate."""
_EXPIRED: Final = 10
_UNAUTHORIZED: Final = re.compile(
    r"action \[(?P<action>.*?)\] is unauthorized.*?(?: on (?:restricted )?indices \[(?P<indices>[^]]*)\])?,"
    r" this action is granted by the (?P<scope>cluster|index) privileges \[(?P<privileges>[^]]*)\]"
)


@contextmanager
def telling(shown: str, as_whom: Credentials, role: str = SETUP) -> Iterator[None]:
    """Turn what the client raises within into errors of ours.

    Parameters
    ----------
    shown : str
        What the server is called.
    as_whom : Credentials
        As whom it was spoken to.
    role : str
        That allows what is done.

    Raises
    ------
    DeliveryError
        As ``told`` makes it.
    """
    try:
        yield
    except (ApiError, TransportError) as error:
        raise told(error, shown, as_whom, role) from error


def told(error: ApiError | TransportError, shown: str, as_whom: Credentials, role: str = SETUP) -> DeliveryError:
    """Return what an error of the client means; parameters as of ``telling``.

    Another try may do, now or once somebody has mended it, unless the request itself is wrong.
    """
    if not isinstance(error, ApiError):
        return DeliveryError(f"{shown} {_unreached(error)}", retryable=True)
    status = error.meta.status
    asked = retry_after(error.meta.headers.get("retry-after"), error.meta.headers.get("date"))
    retryable = status not in _FINAL
    return DeliveryError(f"{shown} {_answered(error, as_whom, role)}", retryable=retryable, retry_after=asked)


def transient(error: ApiError | TransportError) -> bool:
    """Whether the same request may do a little later, with nobody mending anything."""
    if isinstance(error, ApiError):
        return error.meta.status in TRANSIENT
    return isinstance(error, ConnectionTimeout) or (
        isinstance(error, ConnectionError) and not isinstance(error, TlsError)
    )


def reason_of(body: Any) -> tuple[str, str]:
    """Return the type and the reason of an error as Elasticsearch answers it, or names it of an item."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return "", shorten(str(error or ""))
    causes = error.get("root_cause") or [error]
    cause = causes[0] if isinstance(causes[0], dict) else error
    return str(cause.get("type", "")), str(cause.get("reason", ""))


def missing_privilege(reason: str, role: str = SETUP) -> str:
    """Return which privilege a refusal is for; "" where the reason tells of something else."""
    found = _UNAUTHORIZED.search(reason)
    if found is None:
        return ""
    names = found["privileges"].split(",")
    privilege = next((name for name in granting(role, found["scope"]) if name in names), names[0])
    where = f" on {shorten(found['indices'])}" if found["indices"] else ""
    return (
        f"the {found['scope']} privilege {shorten(privilege)}{where} (for {shorten(found['action'])});"
        f" the role {role} of {_DOCUMENT} has all that are needed"
    )


def _answered(error: ApiError, as_whom: Credentials, role: str) -> str:
    kind, reason = reason_of(error.body)
    status = error.meta.status
    if status == 401:
        if not as_whom.source:
            return f"wants to know who asks (401); set {SECRETS}"
        return f"does not accept {as_whom.source} (401); it may be wrong, expired or of another server"
    if status == 403 and (not reason or "is unauthorized" in reason):
        # Nothing is said of why to a request for a head alone.
        lacking = (
            missing_privilege(reason, role)
            or f"a privilege; the role {role} of {_DOCUMENT} has all that are needed"
        )
        return f"does not allow that (403): {as_whom.source or 'the anonymous user'} lacks {lacking}"
    if kind == "index_not_found_exception":
        return f"has no such index ({shorten(reason)}); run `stormcell elasticsearch setup`"
    if kind == "media_type_header_exception":
        return (
            f"does not speak with version {_client()} of the client (400): it is older;"
            " pip install 'elasticsearch>=8.19,<9' takes one that does"
        )
    if type(error).__name__ == "UnsupportedProductError":
        return "answers, but is no Elasticsearch; look at the address, and at proxies on the way"
    said = shorten(": ".join(part for part in (kind, reason) if part))
    if kind == "index_not_found_exception":
        return f"has not been made ready ({shorten(reason)}); run `stormcell elasticsearch setup`"
    return f"answered {status}{f' ({said})' if said else ''}"


def _unreached(error: TransportError) -> str:
    chain = _chain(error)
    if isinstance(error, TlsError):
        return _untrusted(chain)
    if isinstance(error, ConnectionTimeout):
        return "did not answer in time; look at its load, and at the network"
    if not isinstance(error, ConnectionError):
        return "did not answer with JSON; look at the address, and at proxies on the way"
    if any(isinstance(one, ConnectionRefusedError) for one in chain):
        return "cannot be reached (connection refused); is Elasticsearch running there?"
    if any(isinstance(one, gaierror) for one in chain):
        return "cannot be reached (no such host); look at its name"
    if any(isinstance(one, (ConnectionResetError, HTTPException)) for one in chain):
        return "closed the connection without an answer; if it speaks TLS, write https://"
    return f"cannot be reached ({type(chain[-1]).__name__})"


def _untrusted(chain: list[BaseException]) -> str:
    text = "; ".join(str(error) for error in chain)
    if "Fingerprints did not match" in text:
        return "shows a certificate with another fingerprint than that of the option fingerprint"
    failed = next((one for one in chain if isinstance(one, ssl.SSLCertVerificationError)), None)
    if failed is None:
        return "speaks no TLS; write http://, or have the server speak it (xpack.security.http.ssl)"
    if failed.verify_code in _OTHER_NAME:
        return "shows a certificate for another name; write the URL with one that is in it"
    if failed.verify_code == _EXPIRED:
        return "shows a certificate that has expired; renew it on the server"
    return (
        "shows a certificate that nobody trusted here has signed; name the file of its authority in the option"
        " ca_file, or its SHA-256 in the option fingerprint"
    )


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error and what it came of."""
    found = [error]
    while (cause := found[-1].__cause__ or found[-1].__context__) is not None:
        found.append(cause)
    return found


def _client() -> str:
    from importlib.metadata import version

    return version("elasticsearch")

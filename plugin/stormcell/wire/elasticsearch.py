"""Who we are to Elasticsearch."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

from stormcell.errors import SettingsError
from stormcell.wire.headers import checked, secret

API_KEY: Final = "STORMCELL_ELASTICSEARCH_API_KEY"
USERNAME: Final = "STORMCELL_ELASTICSEARCH_USERNAME"
PASSWORD: Final = "STORMCELL_ELASTICSEARCH_PASSWORD"  # noqa: S105  the name of a variable
TOKEN: Final = "STORMCELL_ELASTICSEARCH_TOKEN"  # noqa: S105


def authorization() -> dict[str, str]:
    """Return the header that says who we are, by the environment; none where it says nothing.

    An API key may be given as it is sent, or as ``id:key``. Each variable may be a file instead, named by the
    variable with ``_FILE``.

    Raises
    ------
    SettingsError
        If the environment says more than one thing, a file cannot be read, or a value cannot be sent.
    """
    key, user, password, token = (secret(name) for name in (API_KEY, USERNAME, PASSWORD, TOKEN))
    if bool(user) != bool(password):
        raise SettingsError(f"{USERNAME} and {PASSWORD} go together; set both, or neither")
    given = {
        API_KEY: f"ApiKey {_encoded(key) if ':' in key else key}" if key else "",
        USERNAME: f"Basic {_encoded(f'{user}:{password}')}" if user else "",
        TOKEN: f"Bearer {token}" if token else "",
    }
    found = [name for name, value in given.items() if value]
    if len(found) > 1:
        raise SettingsError(f"expected one way to say who we are, found {' and '.join(found)}; unset all but one")
    return checked({"authorization": given[found[0]]}, found[0]) if found else {}


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()

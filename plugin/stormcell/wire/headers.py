"""Headers with secrets in them: from the environment or a file, never from a command line."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from stormcell.errors import DeliveryError, SettingsError

Headers = Callable[[], Mapping[str, str]]
"""Asked before each request, so that secrets can be renewed."""

_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+\Z")
_VALUE: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?\Z")


def parse(text: str, source: str) -> dict[str, str]:
    """Read headers as OpenTelemetry's variables hold them: ``name=value,name=value``, values percent-encoded.

    Parameters
    ----------
    text : str
        In a file each may have a line of its own.
    source : str
        For messages, which never show a value.

    Raises
    ------
    SettingsError
        If it is something else.
    """
    found = {}
    for part in re.split(r"[,\n]", text):
        if not part.strip():
            continue
        name, equals, value = part.partition("=")
        if not equals:
            raise SettingsError(f"{source}: expected headers as name=value,name=value; found one without =")
        found[name.strip().lower()] = unquote(value.strip())
    return checked(found, source)


def checked(headers: Mapping[str, str], source: str) -> dict[str, str]:
    """Return headers with names in lower case, all of which can be sent.

    Raises
    ------
    SettingsError
        If one cannot.
    """
    for name, value in headers.items():
        if not _NAME.match(name.lower()) or not _VALUE.match(value):
            raise SettingsError(
                f"{source}: the header {name[:40]!a} cannot be sent; expected printable ASCII and a value"
            )
    return {name.lower(): value for name, value in headers.items()}


def secret(variable: str) -> str:
    """Return what a variable holds, or the file that the variable with ``_FILE`` names; "" without either.

    The file is read each time, so that a secret can be renewed while we run.

    Raises
    ------
    SettingsError
        If the file cannot be read.
    """
    held = os.environ.get(variable, "")
    file = os.environ.get(f"{variable}_FILE", "")
    return read(Path(file), f"{variable}_FILE") if file and not held else held.strip()


def read(file: Path, source: str) -> str:
    """Return the text of a file without blanks around it.

    Raises
    ------
    SettingsError
        If it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{source}: cannot read {file}: {error}") from error


def current(headers: Headers) -> dict[str, str]:
    """Return the headers for a request.

    Raises
    ------
    DeliveryError
        If they cannot be had now, as while a file is renewed; another try may do.
    """
    try:
        return dict(headers())
    except SettingsError as error:
        raise DeliveryError(str(error), retryable=True) from error

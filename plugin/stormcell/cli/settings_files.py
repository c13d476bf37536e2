"""What stormcell config check finds of the files and folders that the settings name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stormcell.access.file import read
from stormcell.sidecar import tls
from stormcell.sidecar.listening import check_exposure

if TYPE_CHECKING:
    from stormcell.config import Settings


def check_files(settings: Settings) -> list[str]:
    """Make sure that a sidecar could start with what is named, as far as it is on this machine.

    Returns
    -------
    list of str
        What is not here, and may be where the settings are used: the name of the setting, and why.

    Raises
    ------
    SettingsError
        If what is here cannot be used, or others could reach the sidecar and it would ask nothing of them.
    """
    receivers = settings.receivers
    check_exposure(receivers)
    absent = [*_absent(settings)]
    if receivers.tokens_file and Path(receivers.tokens_file).exists():
        read(Path(receivers.tokens_file))
    if not any(told.startswith("receivers.tls_") for told in absent):
        tls.context(receivers)
    return absent


def _absent(settings: Settings) -> Iterator[str]:
    receivers, forward = settings.receivers, settings.forward
    files = {
        "receivers.tokens_file": receivers.tokens_file,
        "receivers.tls_certificate": receivers.tls_certificate,
        "receivers.tls_key": receivers.tls_key,
        "receivers.tls_client_ca": receivers.tls_client_ca,
        "forward.headers_file": forward.headers_file,
        "forward.ca_file": forward.ca_file,
        "forward.certificate_file": forward.certificate_file,
        "forward.key_file": forward.key_file,
        "kibana_alerts.ca_file": settings.kibana_alerts.ca_file,
        **{f"receivers.tokens, {token.name}": token.file for token in receivers.tokens},
    }
    for name, file in files.items():
        if file and not Path(file).is_file():
            yield f"{name}: {file} {'is no file' if Path(file).exists() else 'is not here'}"
    for token in receivers.tokens:
        if token.variable and token.variable not in os.environ:
            yield f"receivers.tokens, {token.name}: the variable {token.variable} is not set here"
    folders = [
        *(("drafts.templates", folder) for folder in settings.drafts.templates),
        *(("drafts.runbooks", folder) for folder in settings.drafts.runbooks),
        # These are made where they are not there, but for the folder that they are in.
        ("store.path", settings.store.path.parent),
        ("live.data", settings.live.data if settings.live.data.exists() else settings.live.data.parent),
    ]
    for name, folder in folders:
        if not folder.is_dir():
            yield f"{name}: the folder {folder} {'is none' if folder.exists() else 'is not here'}"

"""The truth: which incident each event belongs to."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stormcell.errors import InputError
from stormcell.types import Event

NOISE: Final = "noise"
_COLUMNS: Final = ("uid", "signal", "incident", "class")


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of one event.

    Attributes
    ----------
    uid : str
        As the truth spells it.
    incident : str
        "noise" for background.
    service : str
        The faulty service, "" where the class names none.
    """

    uid: str
    incident: str
    service: str

    @property
    def is_noise(self) -> bool:
        """Whether the event is background."""
        return self.incident == NOISE


Truth = Mapping[str, Label]
"""Labels by the uid that the truth gives; for an alert that may be its fingerprint alone."""


def read_truth(path: Path) -> dict[str, Label]:
    """Read a CSV file (or .gz) with the columns uid, signal, incident and class.

    The class is ``service:fault``; without a colon no service is known.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column, or a line is incomplete; names the line.
    """
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the truth {path}: {error}") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        return _labels(reader, path)
    except csv.Error as error:
        raise InputError(f"{path}:{reader.reader.line_num}: expected a line of CSV: {error}") from error


def _labels(reader: csv.DictReader[str], path: Path) -> dict[str, Label]:
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise InputError(f"{path}:1: expected the columns {', '.join(_COLUMNS)}, found no {', '.join(missing)}")
    truth: dict[str, Label] = {}
    for row in reader:
        if not row["uid"] or not row["incident"]:
            raise InputError(f"{path}:{reader.line_num}: expected a uid and an incident, found {row!r:.80}")
        service = (row["class"] or "").rpartition(":")[0]
        truth[row["uid"]] = Label(row["uid"], row["incident"], service)
    if not truth:
        raise InputError(f"{path}:2: expected a line for each event, found none")
    return truth


def label_events(events: Iterable[Event], truth: Truth) -> dict[str, Label]:
    """Return the labels by the events' own uids; an alert is also known by its fingerprint alone."""
    labels = {}
    for event in events:
        label = truth.get(event.uid) or truth.get(event.uid.partition("@")[0])
        if label is not None:
            labels[event.uid] = label
    return labels

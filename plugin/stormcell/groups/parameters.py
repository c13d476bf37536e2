"""What varies in a group and what does not: the slots of its templates over all of its events."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from stormcell.features.shelf import take
from stormcell.text.slots import Slot, slots
from stormcell.types import GroupTemplate, IntArray, Parameter, Rows

_MASK: Final = re.compile(r"<[a-z]+>")
MOST: Final = 8
"""Templates of a group that are looked at."""


def group_templates(rows: Rows, own: IntArray, exemplar: int) -> tuple[GroupTemplate, ...]:
    """Return the exemplar's template, then the most frequent others, with their slots.

    Parameters
    ----------
    rows : Rows
    own : IntArray
        The group's rows, ascending.
    exemplar : int
        Its row.
    """
    of: dict[int, list[int]] = {}
    for row, number in zip(own.tolist(), rows.template[own].tolist(), strict=True):
        of.setdefault(number, []).append(row)
    first = int(rows.template[exemplar])
    count = {number: int(rows.weight[held].sum()) for number, held in of.items()}
    ranked = sorted(of, key=lambda number: (number != first, -count[number], number))
    return tuple(
        _template(rows, number, of[number], count[number], exemplar if number == first else of[number][0])
        for number in ranked[:MOST]
    )


def _template(rows: Rows, number: int, held: list[int], count: int, shown: int) -> GroupTemplate:
    template = rows.templates[number]
    here = slots(template.text, rows.events[shown].text)
    varied = [False] * len(here)
    for row, event in zip(held, take(rows.events, np.array(held)), strict=True) if here else ():
        if all(varied):
            break
        there = slots(template.text, event.text)
        for at, slot in enumerate(here):
            varied[at] |= bool(rows.varied[row] >> at & 1) or _differs(slot, there, at)
    parameters = tuple(
        # Masked values look alike: of more than one event nothing is known.
        Parameter(
            slot.name, slot.kind, slot.value, constant=not varies and (count == 1 or not _MASK.search(slot.value))
        )
        for slot, varies in zip(here, varied, strict=True)
    )
    return GroupTemplate(
        template.text, template.signal.value, template.service, count, rows.events[shown].uid, parameters
    )


def _differs(slot: Slot, there: tuple[Slot, ...], at: int) -> bool:
    return at >= len(there) or there[at].value != slot.value

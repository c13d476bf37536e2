from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.groups.parameters import MOST, group_templates
from stormcell.text.slots import slots
from stormcell.types import Event, GroupTemplate, Parameter, Rows
from tests.unit.features.build import alert, log, rows_of, span


def found(rows: Rows, own: Sequence[int] | None = None, exemplar: int = 0) -> tuple[GroupTemplate, ...]:
    chosen = range(len(rows)) if own is None else own
    return group_templates(rows, np.array(chosen, dtype=np.int64), exemplar)


def apart(*texts: str) -> Rows:
    """Make a row of each text."""
    return rows_of([log(10 * at, text=text, uid=f"e{at:02d}") for at, text in enumerate(texts)])


def together(*texts: str) -> Rows:
    """Make one row of all texts."""
    rows = rows_of([log(at / 100, text=text, uid=f"e{at:02d}") for at, text in enumerate(texts)])
    assert len(rows) == 1
    return rows


SAME = "order=17 took 5 of 7"


@pytest.mark.parametrize("make", [apart, together])
@pytest.mark.parametrize(
    ("other", "constant"),
    [
        (SAME, (True, True, True)),
        ("order=18 took 5 of 7", (False, True, True)),
        ("order=17 took 6 of 7", (True, False, True)),
        ("order=18 took 5 of 8", (False, True, False)),
        ("order=18 took 6 of 8", (False, False, False)),
    ],
)
def test_a_slot_is_constant_where_all_events_have_the_same(
    make: object, other: str, constant: tuple[bool, ...]
) -> None:
    assert callable(make)
    for texts in ([SAME, other], [SAME, other, SAME], [SAME, SAME, other]):
        [template] = found(make(*texts))
        assert template.text == "order=<*> took <*> of <*>"
        assert template.count == len(texts)
        assert tuple(parameter.constant for parameter in template.parameters) == constant
        assert [p.value for p in template.parameters] == ["17", "5", "7"]


def test_what_is_told_of_a_template() -> None:
    [template] = found(apart("from rack 7: order=17 gone to NameNode", "from rack 7: order=18 gone to NameNode"))
    assert template == GroupTemplate(
        text="from rack <*>: order=<*> gone to NameNode",
        signal="log",
        service="shop",
        count=2,
        uid="e00",
        parameters=(
            Parameter("", "num", "7", constant=True),
            Parameter("order", "num", "17", constant=False),
        ),
    )


def test_values_differ_inside_one_row_and_not_between_rows() -> None:
    rows = rows_of(
        [log(at, text=text) for at, text in ((0, "took 5 in all"), (0.1, "took 6 in all"), (9, "took 5 in all"))]
    )
    assert rows.weight.tolist() == [2, 1]
    [template] = found(rows)
    assert [parameter.constant for parameter in template.parameters] == [False]
    [template] = found(rows, [1], exemplar=1)
    assert [parameter.constant for parameter in template.parameters] == [True]


def test_only_the_rows_of_the_group_count() -> None:
    rows = apart("took 5 in all", "took 6 in all", "took 5 in all")
    [template] = found(rows, [0, 2])
    assert (template.count, template.parameters[0].constant) == (2, True)


def test_the_exemplar_shows_its_template_and_comes_first() -> None:
    rows = apart("took 5 in all", "took 6 in all", "lost 7", "took 8 in all")
    first, second = found(rows, exemplar=2)
    assert (first.text, first.uid, first.count) == ("lost <*>", "e02", 1)
    assert (second.text, second.uid, second.count) == ("took <*> in all", "e00", 3)
    first, second = found(rows, exemplar=1)
    # Of its own template the exemplar is shown, not the earliest.
    assert (first.uid, first.parameters[0].value) == ("e01", "6")
    assert second.uid == "e02"


def test_the_most_frequent_of_the_others_follow() -> None:
    words = ["amber", "beige", "coral"]
    texts = ["first", *(f"{word} {word}" for word in words for _ in range(len(word) if word == "beige" else 1))]
    templates = found(apart(*texts))
    assert [(t.text, t.count) for t in templates] == [
        ("first", 1),
        ("beige beige", 5),
        ("amber amber", 1),
        ("coral coral", 1),
    ]


def test_only_so_many_are_told() -> None:
    templates = found(apart(*(chr(97 + at) * 3 for at in range(MOST + 5))), exemplar=MOST + 2)
    assert len(templates) == MOST
    assert templates[0].uid == f"e{MOST + 2:02d}"


def test_every_signal_is_told_and_words_have_no_slots() -> None:
    rows = rows_of([alert(0, text="DiskFull sda1", service="db"), span(1, at=5, text="GET cart", service="")])
    assert [(t.signal, t.service, t.text, len(t.parameters)) for t in found(rows)] == [
        ("alert", "db", "DiskFull sda<num>", 1),
        ("span", "", "GET cart", 0),
    ]


VALUES = st.sampled_from(["5", "6", "17"])


@given(st.lists(st.tuples(VALUES, VALUES, st.sampled_from([0.0, 0.5, 60.0, 90.0])), min_size=1, max_size=12))
def test_constant_is_what_all_events_have_in_common(said: list[tuple[str, str, float]]) -> None:
    made: list[Event] = [log(at, text=f"took {one} of {other} parts") for one, other, at in said]
    [template] = found(rows_of(made))
    assert template.count == len(made)
    held = [slots(template.text, event.text) for event in made]
    assert [parameter.constant for parameter in template.parameters] == [
        len({slot.value for slot in column}) == 1 for column in zip(*held, strict=True)
    ]


@pytest.mark.parametrize("make", [apart, together])
def test_masked_values_that_look_alike_are_not_called_the_same(make: Callable[..., Rows]) -> None:
    [template] = found(make("lost link to 10.0.0.1 now", "lost link to 10.0.0.2 now"))
    assert template.parameters == (Parameter("", "ip", "<ip>", constant=False),)


def test_a_name_and_a_value_side_by_side_are_one() -> None:
    [template] = found(together("NameNode 5 lost 7 blocks", "NameNode 5 lost 8 blocks"))
    assert [parameter.constant for parameter in template.parameters] == [True, False]

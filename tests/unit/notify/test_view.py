"""What routes and silences see of a group."""

from __future__ import annotations

from typing import Any

import pytest

from stormcell.config import GroupCondition
from stormcell.notify import group_view, severity_word
from tests.unit.features.build import alert, log
from tests.unit.notify.build import group, settings


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({}, True),
        ({"severity": "critical"}, True),
        ({"severity": ["error", "warning"]}, False),
        ({"status": "open"}, True),
        ({"service": "cart"}, True),  # the exemplar's
        ({"service": "redis"}, True),  # the most blamed
        ({"service": "shop"}, False),
        ({"signals": "log"}, True),
        ({"signals": "span"}, False),
        ({"not": {"signals": "log"}}, False),
        ({"title": "~refused"}, True),
        ({"text": "refused"}, True),
        ({"labels.tenant": "acme"}, True),  # of the alert beside the exemplar
        ({'resource["zone"]': "a"}, True),
        ({'attributes["labels.tenant"]': "acme"}, False),  # the exemplar is a log
    ],
)
def test_conditions_on_groups(source: dict[str, Any], expected: bool) -> None:
    assert GroupCondition(source).holds(group_view(group(), settings())) is expected


def test_without_an_alert_there_are_no_labels() -> None:
    found = group(exemplars=())
    assert GroupCondition({"labels.tenant": ""}).holds(group_view(found, settings()))


def test_words_for_severities_come_from_numbers_and_labels() -> None:
    words = settings(
        severity=[
            {"word": "page", "when": {"labels.team": "night"}},
            {"word": "loud", "when": {"severity": ">=17"}},
        ]
    )
    assert severity_word(group(), words) == "loud"
    assert severity_word(group(most_severe=alert(attributes={"labels.team": "night"})), words) == "page"
    assert severity_word(group(most_severe=log(severity=9)), words) == ""
    assert [
        severity_word(group(most_severe=log(severity=number)), settings()) for number in (24, 17, 13, 12, 0)
    ] == ["critical", "error", "warning", "info", "info"]

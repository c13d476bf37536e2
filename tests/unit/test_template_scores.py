from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))  # scripts beside each other, no package

from _template_scores import TemplateScores, template_scores


def test_the_same_groups_under_other_names_score_one() -> None:
    assert template_scores(["a", "a", "b", "c"], [7, 7, 1, 3]) == TemplateScores(1.0, 1.0, 1.0, 1.0, 1.0)


def test_a_template_in_two_groups_counts_nowhere() -> None:
    # "a" is torn: only "b" is exact. One of three groups, one of two templates, one of five lines.
    scores = template_scores(list("aaaab"), [1, 1, 1, 2, 3])
    assert scores.ga == pytest.approx(1 / 5)
    assert scores.pga == pytest.approx(1 / 3)
    assert scores.rga == pytest.approx(1 / 2)
    assert scores.fga == pytest.approx(2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2))


def test_two_templates_in_one_group_count_nowhere() -> None:
    # "a" and "b" are thrown together: "c" is exact. One of two groups, one of three templates, three of six lines.
    scores = template_scores(list("aabccc"), [1, 1, 1, 2, 2, 2])
    assert scores.ga == pytest.approx(3 / 6)
    assert scores.pga == pytest.approx(1 / 2)
    assert scores.rga == pytest.approx(1 / 3)
    assert scores.fga == pytest.approx(2 / 5)


def test_a_stray_line_spoils_both_groups_for_all_but_the_index() -> None:
    # Pairs: 3 + 1 of 6 + 1 in truth, 3 + 3 in groups, of 15; ARI = (4 - 7*6/15) / ((7 + 6) / 2 - 7*6/15).
    scores = template_scores(list("aaaabb"), [1, 1, 1, 2, 2, 2])
    assert (scores.ga, scores.fga, scores.pga, scores.rga) == (0.0, 0.0, 0.0, 0.0)
    assert scores.ari == pytest.approx((4 - 42 / 15) / (6.5 - 42 / 15))


def test_nothing_is_all_right() -> None:
    assert template_scores([], []) == TemplateScores(1.0, 1.0, 1.0, 1.0, 1.0)


def test_every_line_needs_both_labels() -> None:
    with pytest.raises(ValueError, match="2 true labels but 1 predicted"):
        template_scores(["a", "b"], [1])

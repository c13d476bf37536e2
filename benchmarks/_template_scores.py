"""How well the groups of a template miner agree with the true templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from stormcell.cluster.quality.agreement import agreement


@dataclass(frozen=True, slots=True)
class TemplateScores:
    """Scores of one run, 1 at best.

    Attributes
    ----------
    ga : float
        Grouping accuracy (Zhu et al. 2019): the share of the lines whose group holds exactly the lines of their
        template. Common templates decide it.
    fga : float
        The F1 of whole groups (Jiang et al. 2024), in which every template counts the same.
    pga, rga : float
        Its precision and recall: exact groups of those predicted, and of the templates there are.
    ari : float
        Adjusted Rand index, which gives credit for groups that are nearly right.
    """

    ga: float
    fga: float
    pga: float
    rga: float
    ari: float


def template_scores(truth: Sequence[Hashable], predicted: Sequence[Hashable]) -> TemplateScores:
    """Score the groups of lines.

    Parameters
    ----------
    truth, predicted : sequence of hashable, length n
        The template and the group of each line.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    ari = agreement(truth, predicted).ari  # refuses sequences of different lengths
    pairs = Counter(zip(truth, predicted, strict=True))
    templates, groups = Counter(truth), Counter(predicted)
    exact = [count for (template, group), count in pairs.items() if templates[template] == groups[group] == count]
    return TemplateScores(
        ga=sum(exact) / len(truth) if truth else 1.0,
        fga=2 * len(exact) / (len(templates) + len(groups)) if truth else 1.0,
        pga=len(exact) / len(groups) if truth else 1.0,
        rga=len(exact) / len(templates) if truth else 1.0,
        ari=ari,
    )

"""Approved drafts on their way to where people read them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from stormcell.config import PublisherSettings, Settings
from stormcell.errors import SettingsError, StormcellError
from stormcell.escape import markdown, terminal
from stormcell.operate.people import Person
from stormcell.privacy import conceal, conceal_markdown
from stormcell.registry import publisher
from stormcell.types import Paper, Publication, Review

_MOST_PROBLEM: Final = 1000
_UNREVIEWED: Final = re.compile(r"^> \*\*Draft, to be reviewed by a person\.\*\*", re.MULTILINE)
"""What the shipped templates say of every draft."""


def hand_out(
    review: Review, person: Person, settings: Settings, destinations: Collection[str] = (), unmasked: bool = False
) -> Sequence[Publication]:
    """Hand the latest revision of a review to some of the places in the settings.

    One that does not take it holds up no other: its problem is part of what is returned.

    Parameters
    ----------
    review : Review
    person : Person
        Who publishes, and when.
    settings : Settings
        Where ``privacy.mask`` is off, nothing is masked here either.
    destinations : collection of str
        Names of places; all of them without any.
    unmasked : bool
        Whether personal data and secrets are left in the text.

    Returns
    -------
    sequence of Publication
        One a place, in the order of the settings.

    Raises
    ------
    SettingsError
        If there is no place of such a name, or none at all.
    """
    places = _places(settings, destinations)
    told = paper(review, person.now, unmasked=unmasked or not settings.privacy.mask)
    return [_handed(one, told) for one in places]


def paper(review: Review, time: int, *, unmasked: bool = False) -> Paper:
    """Return the latest revision of a review as it is published at a time (ns).

    Where a template says of its text that it is to be reviewed, it now says that it was.
    """
    by = f" by {markdown(review.reviewer)}" if review.reviewer else ""
    made = Paper(
        review=review.id,
        group=review.group,
        kind=review.kind,
        title=review.title,
        revision=review.latest.number,
        markdown=_UNREVIEWED.sub(lambda _: f"> **Reviewed{by}.**", review.latest.markdown, count=1),
        author=review.latest.author,
        reviewer=review.reviewer,
        time=time,
    )
    if unmasked:
        return made
    return replace(made, title=conceal(made.title), markdown=conceal_markdown(made.markdown))


def _places(settings: Settings, names: Collection[str]) -> Sequence[PublisherSettings]:
    there = settings.drafts.publish
    if not there:
        raise SettingsError(
            "drafts.publish: no place is set where drafts are published; set one, such as "
            "`drafts: {publish: [{name: wiki, kind: folder, target: /srv/runbooks}]}` in stormcell.yaml"
        )
    known = [one.name for one in there]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise SettingsError(
            f"drafts.publish: no place is called {unknown[0][:100]!a}; there are: {', '.join(known)}"
        )
    return [one for one in there if not names or one.name in names]


def _handed(place: PublisherSettings, paper: Paper) -> Publication:
    try:
        where = publisher(place.kind, place.options).publish(paper, place.target)
    except StormcellError as error:
        problem = str(error)
    except Exception as error:  # another's publisher may raise anything, and the others are still to come
        problem = f"the publisher {place.kind!r} failed: {type(error).__name__}: {error}"
    else:
        return Publication(place.name, paper.revision, paper.time, where=terminal(where))
    # Addresses stay: who reads this has set them.
    shown = conceal(terminal(problem), digits=False)[:_MOST_PROBLEM]
    return Publication(place.name, paper.revision, paper.time, problem=shown or "it does not say why")

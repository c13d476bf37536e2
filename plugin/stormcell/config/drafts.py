"""Settings of drafts: what they are made of, who signs them, where they are published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from stormcell.config.base import Name, Section
from stormcell.config.base import Share as ShareOfOne
from stormcell.config.notifications import Option
from stormcell.config.rules import unique


class PublisherSettings(Section):
    """A place where approved drafts are published."""

    name: Name
    """What it is called."""
    kind: Annotated[str, Field(min_length=1, max_length=100)]
    """The publisher: a name in the entry point group `stormcell.publishers`."""
    target: Annotated[str, Field(min_length=1, max_length=4096)]
    """A folder, an address."""
    options: dict[str, Option] = Field(default_factory=dict)
    """What the publisher is to do otherwise."""


class LinkSettings(Section):
    """A link that drafts offer."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    """What it is called."""
    url: Annotated[str, Field(pattern=r"^https?://", max_length=4096)]
    """Its address, with `{group}`, `{service}`, `{trace}`, `{from}` and `{to}` (UTC, RFC 3339) for those of the
    group; a link whose value is not known is left out."""


class DraftsSettings(Section):
    """How drafts are made, reviewed and published."""

    templates: tuple[Path, ...] = ()
    """Folders of your own templates, searched before the shipped ones: `*.md.j2` in them are of runbooks, those in
    their folders `runbook` and `postmortem` of either kind."""
    runbooks: tuple[Path, ...] = ()
    """Folders of Markdown, your runbooks: the one that fits a group is put first in its draft."""
    links: tuple[LinkSettings, ...] = ()
    """Links that drafts offer, each a `name` and a `url`."""
    four_eyes: bool = False
    """Whether a draft is to be approved by another person than wrote its last revision."""
    stale_share: ShareOfOne = 0.2
    """An approved draft is stale when another event speaks for its group, or when this part of its members are
    others."""
    publish: tuple[PublisherSettings, ...] = ()
    """Where approved drafts are published: each a `name`, a `kind`, a `target` and perhaps `options`
    ([which there are](publishing.md))."""

    @model_validator(mode="after")
    def _one_of_a_name(self) -> Self:
        unique([one.name for one in self.publish], "drafts.publish")
        return self

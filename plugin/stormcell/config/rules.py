"""The rules of the house: what a team knows of its events, which goes before what is learned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from stormcell.config.base import Name, Section
from stormcell.config.conditions import Condition, EventCondition

Holds = TypeVar("Holds", bound=Condition)
_Attribute = Annotated[str, Field(min_length=1, max_length=200)]


class SameRule(Section):
    """A label that must be equal; written as its name alone where that says enough."""

    name: _Attribute
    """What it is called."""
    fields: Annotated[tuple[_Attribute, ...], Field(max_length=20)] = ()
    """The attributes of resources and events that may hold it, the first that an event has counts; by default what
    `labels` lists for the name, the attribute of that name and an alert's label of that name."""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, found: Any) -> Any:
        return {"name": found} if isinstance(found, str) else found


class TogetherRule(Section):
    """Events that are one group if they are in one session."""

    name: Name
    """What it is called."""
    when: EventCondition
    """Which events."""
    by: Annotated[tuple[SameRule, ...], Field(max_length=20)] = ()
    """Labels: one group for each value of them, written as in `same`."""

    @field_validator("when")
    @classmethod
    def _says_something(cls, when: EventCondition) -> EventCondition:
        return filled(when)


class ApartRule(Section):
    """Two kinds of events that are never in one group."""

    name: Name
    """What it is called."""
    when: EventCondition
    """The one kind."""
    from_: Annotated[EventCondition, Field(alias="from")]
    """The other kind."""

    @field_validator("when", "from_")
    @classmethod
    def _says_something(cls, when: EventCondition) -> EventCondition:
        return filled(when)

    @model_serializer(mode="wrap")
    def _as_written(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return as_written(serialize(self))


class RulesSettings(Section):
    """What a team knows, which goes before what is learned ([how](rules.md))."""

    same: Annotated[tuple[SameRule, ...], Field(max_length=20)] = ()
    """Labels or attributes that must be equal to be grouped, such as `tenant`: events with different values are
    never in one group."""
    together: tuple[TogetherRule, ...] = ()
    """Events that are one group: each a `name`, a condition `when` and perhaps `by`."""
    apart: tuple[ApartRule, ...] = ()
    """Events that are never in one group: each a `name` and two conditions, `when` and `from`."""

    @property
    def named(self) -> tuple[TogetherRule | ApartRule, ...]:
        """The rules on conditions, in their order."""
        return (*self.together, *self.apart)

    @model_validator(mode="after")
    def _unique(self) -> Self:
        unique([rule.name for rule in self.named], "rules")
        unique([rule.name for rule in self.same], "rules.same")
        return self


def filled(when: Holds) -> Holds:
    """Return a condition that says something.

    Raises
    ------
    ValueError
        If it is empty.
    """
    if not when:
        raise ValueError("expected at least one field, found an empty mapping, which holds of everything")
    return when


def unique(names: Iterable[str], what: str) -> None:
    """Look for a name that comes twice.

    Raises
    ------
    ValueError
        Naming it.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what}: the name {name!r} comes twice; each rule needs a name of its own")
        seen.add(name)


def as_written(values: dict[str, Any]) -> dict[str, Any]:
    """Return dumped settings with ``from`` as people write it, in the place of ``from_``."""
    return {"from" if key == "from_" else key: value for key, value in values.items()}

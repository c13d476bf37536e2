"""What scikit-learn asks of every estimator, without scikit-learn: parameters by name, and tags."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

P = ParamSpec("P")
Returned = TypeVar("Returned")
Me = TypeVar("Me")


def unchanged_on_error(
    method: Callable[Concatenate[Me, P], Returned],
) -> Callable[Concatenate[Me, P], Returned]:
    """Make a method that fails leave the attributes of its object as they were: a model stays what was fitted."""

    @functools.wraps(method)
    def careful(self: Me, /, *args: P.args, **kwargs: P.kwargs) -> Returned:
        before = dict(vars(self))
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return careful


class Parameters:
    """An estimator whose parameters are the arguments of its ``__init__``, kept as they are given."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name; ``deep`` changes nothing, as none is an estimator."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters.

        Raises
        ------
        ValueError
            If there is none of a name.
        """
        known = list(self._defaults())
        for name in params:
            if name not in known:
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}; it has {', '.join(known)}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = [
            f"{name}={getattr(self, name)!r}"
            for name, default in self._defaults().items()
            if repr(getattr(self, name)) != repr(default)
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        return {name: given.default for name, given in inspect.signature(cls).parameters.items()}


def clusterer_tags(*, precomputed: bool, mixed: bool) -> Any:
    """Return what scikit-learn (from 1.6) should know of a clusterer that also transforms."""
    from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

    return Tags(
        estimator_type="clusterer",
        target_tags=TargetTags(required=False),
        transformer_tags=TransformerTags(preserves_dtype=["float32"]),
        input_tags=InputTags(
            pairwise=precomputed, positive_only=precomputed, allow_nan=mixed, categorical=mixed, string=mixed
        ),
    )

"""Options that are given to a backbone, architecture, weighting method or task set, against the entry's signature."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from typing import Any

from mtl_core.errors import UserError, nearest
from mtl_core.recipe import Recipe
from mtl_core.registry import Entry, find


def check_options(recipe: Recipe) -> None:
    """Refuse options that an entry of the recipe does not have, and values that are not among the named ones.

    What else an option may be, its own class or :func:`mtl_core.network.feasibility.why_infeasible` says.

    Raises:
        UserError: naming the option, what was found and what there is.
    """
    for field, kind in (("backbone", "backbones"), ("sharing", "sharing"), ("weighting", "weighting")):
        options = getattr(recipe, f"{field}_options")
        for mistake in wrong_names(find(kind, getattr(recipe, field)), options, f"recipe: {field}_options"):
            raise mistake


def wrong_names(entry: Entry, options: Mapping[str, Any], where: str) -> Iterator[UserError]:
    """Yield a mistake for every option that an entry does not have, and for every value that is not a named one.

    Args:
        entry: what the options are for.
        options: values by name.
        where: the place of the options, for messages.
    """
    hints = typing.get_type_hints(entry.cls.__init__) if options else {}
    for name, value in options.items():
        place, hint = f"{where}.{name}", hints.get(name)
        if name not in entry.options:
            yield UserError(place, f"{entry.name} has no such option.", nearest(name, entry.options))
        elif typing.get_origin(hint) is typing.Literal and value not in (names := typing.get_args(hint)):
            yield UserError(place, f"it is {str(value)[:80]!r}.", nearest(str(value), map(str, names)))

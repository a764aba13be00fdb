"""Options that a recipe gives to its backbone, architecture and weighting method, checked against their signatures."""

from __future__ import annotations

import typing
from collections.abc import Mapping
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
    _check("backbone_options", find("backbones", recipe.backbone), recipe.backbone_options)
    _check("sharing_options", find("sharing", recipe.sharing), recipe.sharing_options)
    _check("weighting_options", find("weighting", recipe.weighting), recipe.weighting_options)


def _check(field: str, entry: Entry, options: Mapping[str, Any]) -> None:
    hints = typing.get_type_hints(entry.cls.__init__) if options else {}
    for name, value in options.items():
        where = f"recipe: {field}.{name}"
        if name not in entry.options:
            raise UserError(where, f"{entry.name} has no such option.", nearest(name, entry.options))
        names = typing.get_args(hints.get(name)) if typing.get_origin(hints.get(name)) is typing.Literal else None
        if names is not None and value not in names:
            raise UserError(where, f"it is {value!r}.", nearest(str(value), map(str, names)))

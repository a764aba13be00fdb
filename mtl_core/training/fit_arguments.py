"""The arguments of :func:`mtl_core.training.trainer.fit`, checked before anything is trained.

What training would not notice — a hyperparameter of no such name, a second row of the same key — would else end in
numbers that look like any others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

from mtl_core.errors import UserError, nearest
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.registry import find
from mtl_core.training.entry_options import check_options
from mtl_core.training.ranges import COMMON_RANGES

OPTIMISER_HYPERPARAMETERS = {"adamw": ("beta1", "beta2"), "sgd": ("momentum",)}
"""Hyperparameters that an optimiser has beside the common ones, by its name."""
_BELOW_ONE = ("dropout", "beta1", "beta2", "momentum")


def check_arguments(recipe: Recipe, rows: Sequence[ReplicaConfig], until: int, max_rows: int) -> None:
    """Refuse rows and limits that no training can follow.

    Args:
        recipe: what the rows have in common.
        rows: to be trained.
        until: number of epochs after which to pause.
        max_rows: number of rows that train at once.

    Raises:
        UserError: naming the row or the argument, what was found there and the remedy.
    """
    if not 1 <= until <= recipe.epochs:
        remedy = f"Write a number of epochs from 1 to the recipe's {recipe.epochs}."
        raise UserError("until", f"it is {until!r}.", remedy)
    if max_rows < 1 and rows:
        raise UserError("max_rows", f"it is {max_rows!r}.", "Write a whole number from 1.")
    check_options(recipe)
    seen: set[str] = set()
    for row in rows:
        if row.key in seen:
            raise UserError(f"row {row.key!r}", "another row has the same key.", "Give every row a key of its own.")
        seen.add(row.key)
    _check_hyperparameters(recipe, rows)


def _check_hyperparameters(recipe: Recipe, rows: Sequence[ReplicaConfig]) -> None:
    entries = find("sharing", recipe.sharing), find("weighting", recipe.weighting)
    own = [option.name for entry in entries for option in entry.options.values() if option.per_replica]
    common = [*COMMON_RANGES, *OPTIMISER_HYPERPARAMETERS[recipe.optimiser]]
    backbone = find("backbones", recipe.backbone).options
    given = {name for row in rows for name in row.hyperparameters}
    needed = ["learning_rate", *(name for name in own if name in given)]
    for row in rows:
        where = f"row {row.key!r}: hyperparameters"
        for name, value in row.hyperparameters.items():
            if name in backbone and name not in common and name not in own:
                _check_same(f"{where}.{name}", value, recipe.backbone_options.get(name, backbone[name].default))
            elif name not in common and name not in own:
                found = f"{recipe.sharing} with {recipe.weighting} and {recipe.optimiser} has no such hyperparameter."
                raise UserError(f"{where}.{name}", found, nearest(name, [*common, *own]))
            elif name in common and name not in own:
                _check_number(f"{where}.{name}", value, name in _BELOW_ONE)
        for name in needed:
            if name not in row.hyperparameters:
                raise UserError(f"{where}.{name}", "it is missing.", "Give every row a value.")


def _check_same(where: str, value: Any, of_recipe: Any) -> None:
    """An option of the backbone is the same for all rows, so a row can but repeat what the recipe says."""
    if value != of_recipe:
        found = f"it is {value!r}, and the network of the recipe has {of_recipe!r}."
        raise UserError(where, found, "Set it in the recipe's backbone_options, or take it out.")


def _check_number(where: str, value: Any, below_one: bool) -> None:
    number = isinstance(value, Real) and not isinstance(value, bool) and 0 <= float(value) < math.inf
    if not number or (below_one and not value < 1):
        remedy = "Write a number from 0 up, below 1." if below_one else "Write a number from 0 up."
        raise UserError(where, f"it is {value!r}.", remedy)

"""Checks of the options that experts and gates have in common, in words for the plan's list of skipped arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_core.layers.bank import SHARED
from mtl_core.recipe import Recipe
from mtl_core.sharing import Sharing


def options_of(cls: type[Sharing], recipe: Recipe) -> Mapping[str, Any]:
    """The options of an architecture as the recipe sets them, defaults elsewhere."""
    return {**(cls.__init__.__kwdefaults__ or {}), **recipe.sharing_options}


def miscounted(options: Mapping[str, Any], name: str, least: int, reason: str) -> str | None:
    """Why there may not be as many experts, or ``None``."""
    number = options[name]
    if isinstance(number, int) and number >= least:
        return None
    return f"{name} must be a whole number from {least}, found {number!r}: {reason}"


def misdropped(options: Mapping[str, Any]) -> str | None:
    """Why the dropout of the gates may not have this rate, or ``None``."""
    rate = options["gate_dropout"]
    return None if 0 <= rate < 1 else f"gate_dropout must be a probability below 1, found {rate!r}"


def namesake(tasks: Sequence[str], shared: int, own: int = 0) -> str | None:
    """Why a task may not bear its name: an expert has it, and with it the same random numbers."""
    experts = [*_numbered(SHARED.name, shared)[1:], *(name for task in tasks for name in _numbered(task, own)[1:])]
    same = sorted(set(experts) & set(tasks))
    return f"task {same[0]!r} bears the name of an expert: rename it" if same else None


def _numbered(name: str, number: int) -> list[str]:
    return [name, *(f"{name} {place}" for place in range(2, number + 1))][:number]

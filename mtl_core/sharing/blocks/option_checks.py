"""Checks of the options that experts and gates have in common; each returns a reason for the plan's skipped arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_core.layers.bank import SHARED
from mtl_core.recipe import Recipe
from mtl_core.sharing import Sharing


def options_of(cls: type[Sharing], recipe: Recipe) -> Mapping[str, Any]:
    """Return the options of an architecture as the recipe sets them, with the defaults of all others."""
    return {**(cls.__init__.__kwdefaults__ or {}), **recipe.sharing_options}


def invalid_count(options: Mapping[str, Any], name: str, least: int, reason: str) -> str | None:
    """Return why the option ``name`` is no whole number of at least ``least``, or ``None`` if it is one.

    Args:
        options: of the architecture, by name.
        name: of the option to check.
        least: smallest number allowed.
        reason: what would be wrong with a smaller number; it ends the message.
    """
    number = options[name]
    if isinstance(number, int) and not isinstance(number, bool) and number >= least:
        return None
    return f"{name} must be a whole number from {least}, found {number!r}: {reason}"


def invalid_gate_dropout(options: Mapping[str, Any]) -> str | None:
    """Return why ``gate_dropout`` is no probability below 1, or ``None`` if it is one."""
    rate = options["gate_dropout"]
    return None if 0 <= rate < 1 else f"gate_dropout must be a probability below 1, found {rate!r}"


def expert_name_clash(tasks: Sequence[str], shared: int, own: int = 0) -> str | None:
    """Return why a task must be renamed that has the name, hence the random numbers, of an expert, or ``None``.

    Args:
        tasks: names of the tasks.
        shared: number of experts that all tasks use.
        own: number of experts of each task.
    """
    numbered = [expert_names(SHARED.name, shared), *(expert_names(task, own) for task in tasks)]
    same = sorted({name for names in numbered for name in names[1:]} & set(tasks))
    return f"task {same[0]!r} bears the name of an expert: rename it" if same else None


def expert_names(name: str, number: int) -> list[str]:
    """Return the names of ``number`` experts: the first has the plain ``name``, the others a number behind it."""
    return [name, *(f"{name} {place}" for place in range(2, number + 1))][:number]

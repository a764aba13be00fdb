"""Options of methods and architectures that a study file gives a range instead of a value: they are drawn from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtl_core.errors import UserError
from mtl_core.registry import Entry
from mtl_core.search_space import Choice, LogUniform, Simplex, Uniform
from study.config.field_types import is_number

KINDS = {"uniform": Uniform, "log_uniform": LogUniform}


def range_of(value: Any) -> Uniform | LogUniform | None:
    """Return the range that an option's value stands for, such as ``{uniform: [0, 0.5]}``, or ``None``."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((kind, ends),) = value.items()
    if kind not in KINDS or not isinstance(ends, list | tuple) or len(ends) != 2 or not all(map(is_number, ends)):
        return None
    if not ends[0] < ends[1] or (kind == "log_uniform" and ends[0] <= 0):
        return None
    return KINDS[kind](float(ends[0]), float(ends[1]))


def settled_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that have one value, without those that are drawn from a range."""
    return {option: value for option, value in options.items() if range_of(value) is None}


def without_ranges(entry: Entry, options: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the options of ``entry`` without those that are drawn from a range, after checking these ranges.

    Raises:
        UserError: naming ``where``, when a range is not one that rises, belongs to an option that is no number to be
            tuned, or leaves the option's own range, outside which nothing is known to be sound.
    """
    for option, value in options.items():
        own = entry.tunable.get(option)
        if not isinstance(own, Uniform | LogUniform) or not isinstance(value, dict):
            continue
        asked = range_of(value)
        if asked is None or not (own.holds(asked.low) and own.holds(asked.high)):
            remedy = (
                f"Write a number, or a range that rises, such as {{uniform: [{own.low:g}, {own.high:g}]}}, inside it."
            )
            found = f"it is {str(value)[:80]}; {option} is tuned between {own.low:g} and {own.high:g}."
            raise UserError(f"{where}.{option}", found, remedy)
    ranged = {option for option, own in entry.tunable.items() if not isinstance(own, Simplex | Choice)}
    ranged = {option for option in ranged if range_of(options.get(option)) is not None}
    return {option: value for option, value in options.items() if option not in ranged}

"""The kinds of value that a study file has: levels of a factor, ranges, names, lengths of time.

Each is a type for pydantic whose errors say what was found and what to do (:func:`refusal`).
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from mtl_core.search_space import LogUniform, Range, Uniform
from study.config import registered_names
from study.config.budgets import SHAPES, Budget, Quantity, budget_of
from study.config.text import nearest, wrong_with_name

RANGE_SHAPES = "Write a number, {uniform: [low, high]} or {log_uniform: [low, high]}."


def refusal(found: str, remedy: str) -> PydanticCustomError:
    """Return the error that a validator raises: what was found and what to do; pydantic adds the place."""
    return PydanticCustomError("study", "{found}", {"found": found, "remedy": remedy})


def is_number(value: Any) -> bool:
    """Return whether ``value`` is a finite number; true and false are not numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def as_levels(value: Any) -> Any:
    """Return a single level, as in ``width: 64``, as a tuple of one; a list as a tuple."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _distinct(levels: tuple[Any, ...]) -> tuple[Any, ...]:
    if not levels:
        raise refusal("the list is empty.", "Name at least one level, or take the key out for its default.")
    repeated = [level for index, level in enumerate(levels) if level in levels[:index]]
    if repeated:
        raise refusal(f"the level {repeated[0]!r} stands there twice.", "Keep one of the two.")
    return levels


def each_once() -> AfterValidator:
    """Return a validator for a list in which nothing may stand twice; it may be empty."""
    return AfterValidator(lambda levels: _distinct(levels) if levels else levels)


def one_of(kind: str) -> AfterValidator:
    """Return a validator for text that names something of ``kind``."""

    def check(name: str) -> str:
        if name not in registered_names.names(kind):
            raise refusal(f"{name!r} is not one of the {kind}.", nearest(name, registered_names.names(kind)))
        return name

    return AfterValidator(check)


def levels_or_all(low: int, high: int) -> PlainValidator:
    """Return a validator for ``all``, or a list of whole numbers from ``low`` to ``high``."""

    def check(value: Any) -> Any:
        if value == "all":
            return value
        for level in as_levels(value):
            if not is_number(level) or not isinstance(level, int) or not low <= level <= high:
                raise refusal(f"it is {level!r}.", f"Write all, or whole numbers from {low} to {high}.")
        return _distinct(as_levels(value))

    return PlainValidator(check)


def count_or_all(low: int) -> PlainValidator:
    """Return a validator for ``all``, or one whole number from ``low`` up."""

    def check(value: Any) -> Any:
        if value != "all" and (not is_number(value) or not isinstance(value, int) or value < low):
            raise refusal(f"it is {value!r}.", f"Write all, or a whole number from {low} up.")
        return value

    return PlainValidator(check)


SMALLEST = 1e-6
"""Smallest importance or weight, and 1 over the largest: beyond it float32 no longer tells the others apart."""
AUTO = "auto"
"""What a study file says of a setting that is left to the size of the data."""


def is_auto(value: object) -> bool:
    """Return whether a setting is left to the size of the data."""
    return isinstance(value, str) and value == AUTO


def _or_auto(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    return value if is_auto(value) else handler(value)


def number_or_auto(low: float, high: float) -> PlainValidator:
    """Return a validator for ``auto``, or a number from ``low`` to ``high``."""

    def check(value: Any) -> Any:
        if is_auto(value):
            return value
        if not is_number(value) or not low <= value <= high:
            raise refusal(f"it is {value!r}.", f"Write auto, or a number from {low:g} to {high:g}.")
        return float(value)

    return PlainValidator(check)


def _name(value: str) -> str:
    if problem := wrong_with_name(value):
        raise refusal(f"{value[:80]!r} cannot name a study: {problem}.", "Choose a plain name, such as my-study_2.")
    return value


def _range(value: Any) -> Range | float | None:
    if value is None or isinstance(value, Uniform | LogUniform):
        return value
    if is_number(value):
        if value < 0:
            raise refusal(f"it is {value}.", "Write a number from 0 up.")
        return float(value)
    kind, ends = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else (None, None)
    if kind not in ("uniform", "log_uniform") or not isinstance(ends, list | tuple) or len(ends) != 2:
        raise refusal(f"it is {value!r}.", RANGE_SHAPES)
    if not all(is_number(end) for end in ends) or not 0 <= ends[0] < ends[1]:
        raise refusal(f"the range {ends!r} does not rise from a number ≥ 0.", "Write [low, high] with 0 ≤ low < high.")
    if kind == "log_uniform" and ends[0] == 0:
        raise refusal("a logarithmic range cannot start at 0.", "Start above 0, or use uniform.")
    return {"uniform": Uniform, "log_uniform": LogUniform}[kind](float(ends[0]), float(ends[1]))


def _range_as_written(value: Any) -> Any:
    if isinstance(value, Uniform | LogUniform):
        return {"uniform" if isinstance(value, Uniform) else "log_uniform": [value.low, value.high]}
    return value


def _budget(value: Any) -> Budget:
    found = budget_of(value)
    if found is None:
        raise refusal(f"{value!r} is no budget.", SHAPES)
    return found


def _budget_as_written(value: Budget | None) -> float | str | None:
    return str(value) if isinstance(value, Quantity) else value


def _is_plain(value: Any) -> bool:
    """Text, numbers, true or false, or lists and mappings of them."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(part) for key, part in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, str | bool) or is_number(value)


def _options(value: Any) -> Any:
    if not isinstance(value, dict) or not _is_plain(value):
        raise refusal(f"it is {value!r}.", "Write 'option: value' lines with text, numbers, true or false.")
    return dict(value)


def options_by_name(kind: str) -> PlainValidator:
    """Return a validator for options of registered things of ``kind``, by their names."""

    def check(value: Any) -> Any:
        if not isinstance(value, dict) or not all(isinstance(options, dict) for options in value.values()):
            raise refusal(f"it is {value!r}.", "Write 'name: {option: value}' lines.")
        for name in value:
            if name not in registered_names.names(kind):
                raise refusal(f"{name!r} is not one of the {kind}.", nearest(str(name), registered_names.names(kind)))
        return {name: _options(options) for name, options in value.items()}

    return PlainValidator(check)


def positive_by_name() -> PlainValidator:
    """Return a validator for numbers above 0, by name or pattern."""

    def check(value: Any) -> Any:
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise refusal(f"it is {value!r}.", "Write 'name: number' lines, such as {y_a: 3}.")
        for name, number in value.items():
            if not is_number(number) or not SMALLEST <= number <= 1 / SMALLEST:
                raise refusal(f"{name!r} has {number!r}.", f"Write a number from {SMALLEST:g} to {1 / SMALLEST:g}.")
        return {name: float(number) for name, number in value.items()}

    return PlainValidator(check)


def sampling_rule() -> PlainValidator:
    """Return a validator for ``uniform``, ``proportional``, or a temperature from 1 up."""

    def check(value: Any) -> Any:
        if value in ("uniform", "proportional") or (is_number(value) and value >= 1):
            return value
        raise refusal(f"it is {value!r}.", "Write uniform, proportional, or a temperature from 1 up.")

    return PlainValidator(check)


Item = TypeVar("Item")
Levels = Annotated[tuple[Item, ...], BeforeValidator(as_levels), AfterValidator(_distinct)]
"""A factor: one or more distinct levels of a type."""
OrAuto = Annotated[Item, WrapValidator(_or_auto), PlainSerializer(lambda value: value)]
"""A setting of a type, or ``auto`` until :mod:`study.planning.settings_from_data` puts a value in its place."""
StudyName = Annotated[str, AfterValidator(_name)]
Tuned = Annotated[Any, PlainValidator(_range), PlainSerializer(_range_as_written)]
BudgetField = Annotated[Any, PlainValidator(_budget), PlainSerializer(_budget_as_written)]
Options = Annotated[dict[str, Any], PlainValidator(_options)]
Seeds = Annotated[int, Field(ge=1, le=1_000)]
Share = Annotated[float, Field(gt=0, lt=1)]

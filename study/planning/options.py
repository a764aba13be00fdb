"""Options of task sets, backbones, architectures and methods, checked against the signatures of their classes."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from mtl_core.errors import UserError
from mtl_core.registry import Entry, Option, entries, find
from mtl_core.training.entry_options import wrong_names
from study.config.mistakes import Mistakes
from study.config.spec import Spec
from study.config.text import nearest
from study.planning.arm import BRANCH, NORM
from study.planning.drawn_options import settled_options, without_ranges
from study.planning.evaluation import evaluation_of
from study.planning.task_trees import is_to_be_found

if TYPE_CHECKING:
    from mtl_core.data.task import Task
    from mtl_core.data.task_set import TaskSet


def build_task_set(spec: Spec) -> TaskSet:
    """Build the task set that ``spec.tasks`` names, after checking its options.

    Its metrics and remarks suit the study's evaluation, whose folds :mod:`study.planning.evaluation` gives it.

    Raises:
        UserError: when an option is unknown, missing or of the wrong type, or the data are unfit.
    """
    entry = find("tasks", spec.tasks.set)
    return entry.cls(**checked_options(entry, spec.tasks.options, "tasks")).build_for(evaluation_of(spec))


def check_options(spec: Spec) -> None:
    """Refuse options that a backbone, an architecture or a weighting method does not have, or not with such a value.

    Raises:
        UserError: naming the option that is the first to be wrong, what there is, and how many more are wrong.
    """
    mistakes = Mistakes()
    _check_backbones(spec, mistakes)
    for kind in ("sharing", "weighting"):
        for name, options in getattr(spec.training, f"{kind}_options").items():
            _check_named(kind, name, options, mistakes)
    mistakes.refuse(spec.source)


def _check_backbones(spec: Spec, mistakes: Mistakes) -> None:
    """Note mistakes in the options of the study's backbones, the factor ``norm`` among them."""
    norms, given, where = spec.factors.norm, spec.training.backbone_options, "training.backbone_options"
    for name in spec.factors.backbone:
        entry = find("backbones", name)
        mistakes.found += wrong_options(entry, given, where)
        if norms is not None and NORM not in entry.options:
            able = ", ".join(other for other, one in entries("backbones").items() if NORM in one.options)
            found = f"{name} has no choice of norm."
            mistakes.found.append(UserError("factors.norm", found, f"Take it out; {able} have one."))
    if norms is not None and NORM in given:
        found = f"{where}.norm sets one norm for all networks."
        mistakes.found.append(UserError("factors.norm", found, "Keep one of the two."))


def _check_named(kind: str, name: str, options: Mapping[str, Any], mistakes: Mistakes) -> None:
    """Note mistakes in the options of an architecture or a weighting method."""
    where, entry, before = f"training.{kind}_options.{name}", find(kind, name), len(mistakes.found)
    written: dict[str, Any] = {}
    for option, value in options.items():
        with mistakes.noted():
            if not (kind == "sharing" and name == BRANCH and option == "tree" and is_to_be_found(value)):
                written |= without_ranges(entry, {option: value}, where)
    mistakes.found += wrong_options(entry, written, where)
    if kind == "weighting" and len(mistakes.found) == before and (inner := entry.cls.consulted(written)) is not None:
        mistakes.found += _wrong_in_consulted(inner[0], inner[1], where)


def _wrong_in_consulted(name: str, options: Mapping[str, Any], where: str) -> Iterator[UserError]:
    """Yield that a weighting method that another is to consult does not exist, or options that are wrong for it."""
    if name not in entries("weighting"):
        yield UserError(where, f"{name!r} is not one of the weighting methods.", nearest(name, entries("weighting")))
    else:
        yield from wrong_options(find("weighting", name), options, f"{where}.options")


def check_weightings(spec: Spec, tasks: Sequence[Task]) -> None:
    """Refuse options of weighting methods that do not suit the study's tasks, and methods that lack what they replay.

    Raises:
        UserError: naming the option and what was found.
    """
    given, mistakes = spec.training.weighting_options, Mistakes()
    for name, options in given.items():
        with mistakes.noted():
            _check_method(name, options, tasks)
    for name in spec.factors.weighting:
        for option in find("weighting", name).options.values():
            if option.per_replica and option.range is None and option.name not in given.get(name, {}):
                found = f"{name} has nothing to go by without its {option.name}, which no draw provides."
                where = f"training.weighting_options.{name}.{option.name}"
                remedy = f"Write them as {where}, or take {name} out."
                mistakes.found.append(UserError("factors.weighting", found, remedy))
    mistakes.refuse(spec.source)


def _check_method(name: str, options: Mapping[str, Any], tasks: Sequence[Task]) -> None:
    """Refuse options of a weighting method that do not suit the study's tasks."""
    where, known = f"training.weighting_options.{name}", [task.name for task in tasks]
    try:
        method = find("weighting", name).cls(tasks, **settled_options(options))
    except ValueError as error:
        raise UserError(where, str(error), "See `mtl-study list weighting`, or take the option out.") from error
    if unknown := sorted(method.named_tasks.difference(known)):
        raise UserError(where, f"{unknown[0]!r} is not one of the tasks.", nearest(unknown[0], known))


def checked_options(entry: Entry, values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return ``values`` as the keyword-only arguments of ``entry``'s class.

    Raises:
        UserError: naming ``where``, when an option is unknown, missing, of the wrong type or outside its domain, and
            how many more are so.
    """
    mistakes = Mistakes()
    mistakes.found += wrong_options(entry, values, where)
    mistakes.refuse()
    hints = typing.get_type_hints(entry.cls.__init__)
    return {name: _converted(value, hints.get(name, Any)) for name, value in values.items()}


def wrong_options(entry: Entry, values: Mapping[str, Any], where: str) -> Iterator[UserError]:
    """Yield a mistake for every option that is unknown, missing, of the wrong type or outside its domain.

    Args:
        entry: what the options are for.
        values: by name, as a study file holds them.
        where: the place of the options, for messages.
    """
    named = list(wrong_names(entry, values, where))
    yield from named
    for option in entry.options.values():
        if option.required and option.name not in values:
            yield UserError(f"{where}.{option.name}", f"{entry.name} needs it, and it is missing.", "Add it.")
    told, hints = {mistake.where for mistake in named}, typing.get_type_hints(entry.cls.__init__)
    for name, value in values.items():
        if (place := f"{where}.{name}") not in told:
            yield from _wrong_value(entry.options[name], value, hints.get(name, Any), place)


def _wrong_value(option: Option, value: Any, hint: Any, where: str) -> Iterator[UserError]:
    try:
        converted = _converted(value, hint)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = first["msg"].removeprefix("Input should be ")
        if first["type"] == "string_type" and isinstance(first["input"], int | float):
            message += f": put it in quotes, '{first['input']}'"
        yield UserError(where, f"it is {str(value)[:80]!r}.", f"It should be {message}.")
        return
    if option.domain is not None:
        try:
            option.domain.check(option.name, converted)
        except ValueError as error:
            yield UserError(where, str(error), "Write such a number, or take it out.")


def _converted(value: Any, hint: Any) -> Any:
    # Judged as JSON in strict mode: lists become tuples and text a path, but text never becomes a number.
    return TypeAdapter(hint).validate_json(json.dumps(value), strict=True)

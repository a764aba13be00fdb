"""Options of task sets, backbones, architectures and methods, checked against the signatures of their classes."""

from __future__ import annotations

import json
import typing
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from mtl_core.errors import UserError
from mtl_core.registry import Entry, entries, find
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


def check_backbone_options(spec: Spec) -> None:
    """Refuse options that one of the study's backbones does not have, the factor ``norm`` among them.

    Raises:
        UserError: naming the option and what there is.
    """
    norms, given = spec.factors.norm, spec.training.backbone_options
    for name in spec.factors.backbone:
        entry = find("backbones", name)
        checked_options(entry, given, "training.backbone_options")
        if norms is not None and NORM not in entry.options:
            able = ", ".join(other for other, one in entries("backbones").items() if NORM in one.options)
            raise UserError("factors.norm", f"{name} has no choice of norm.", f"Take it out; {able} have one.")
    if norms is not None and NORM in given:
        where = "training.backbone_options.norm"
        raise UserError("factors.norm", f"{where} sets one norm for all networks.", "Keep one of the two.")


def check_named_options(spec: Spec) -> None:
    """Refuse options that an architecture or a weighting method does not have.

    Raises:
        UserError: naming the option and what there is.
    """
    for kind in ("sharing", "weighting"):
        for name, options in getattr(spec.training, f"{kind}_options").items():
            to_find = kind == "sharing" and name == BRANCH and is_to_be_found(options.get("tree"))
            written = {option: value for option, value in options.items() if not (to_find and option == "tree")}
            where = f"training.{kind}_options.{name}"
            checked_options(find(kind, name), without_ranges(find(kind, name), written, where), where)
            if kind == "weighting" and (consulted := find(kind, name).cls.consulted(written)) is not None:
                inner, own = consulted
                _check_consulted(inner, own, where)


def _check_consulted(name: str, options: Mapping[str, Any], where: str) -> None:
    """Refuse a weighting method that another is to consult and that there is not, or options that it does not have."""
    if name not in entries("weighting"):
        raise UserError(where, f"{name!r} is not one of the weighting methods.", nearest(name, entries("weighting")))
    checked_options(find("weighting", name), options, f"{where}.options")


def check_weightings(spec: Spec, tasks: Sequence[Task]) -> None:
    """Refuse options of weighting methods that do not suit the study's tasks, and methods that lack what they replay.

    Raises:
        UserError: naming the option and what was found.
    """
    given, known = spec.training.weighting_options, [task.name for task in tasks]
    for name in given:
        where = f"training.weighting_options.{name}"
        try:
            method = find("weighting", name).cls(tasks, **settled_options(given[name]))
        except ValueError as error:
            raise UserError(where, str(error), "See `mtl-study list weighting`, or take the option out.") from error
        if unknown := sorted(method.named_tasks.difference(known)):
            raise UserError(where, f"{unknown[0]!r} is not one of the tasks.", nearest(unknown[0], known))
    for name in spec.factors.weighting:
        for option in find("weighting", name).options.values():
            if option.per_replica and option.range is None and option.name not in given.get(name, {}):
                found = f"{name} has nothing to go by without its {option.name}, which no draw provides."
                where = f"training.weighting_options.{name}.{option.name}"
                raise UserError("factors.weighting", found, f"Write them as {where}, or take {name} out.")


def checked_options(entry: Entry, values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return ``values`` as the keyword-only arguments of ``entry``'s class.

    Raises:
        UserError: naming ``where``, when an option is unknown, missing, of the wrong type or outside its domain.
    """
    hints = typing.get_type_hints(entry.cls.__init__)
    for name in values:
        if name not in entry.options:
            raise UserError(f"{where}.{name}", f"{entry.name} has no such key.", nearest(name, entry.options))
    for option in entry.options.values():
        if option.required and option.name not in values:
            raise UserError(f"{where}.{option.name}", f"{entry.name} needs it, and it is missing.", "Add it.")
    checked = {name: _checked(value, hints.get(name, Any), f"{where}.{name}") for name, value in values.items()}
    for name, value in checked.items():
        if (domain := entry.options[name].domain) is not None:
            try:
                domain.check(name, value)
            except ValueError as error:
                raise UserError(f"{where}.{name}", str(error), "Write such a number, or take it out.") from None
    return checked


def _checked(value: Any, hint: Any, where: str) -> Any:
    # Judged as JSON in strict mode: lists become tuples and text a path, but text never becomes a number.
    try:
        return TypeAdapter(hint).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = first["msg"].removeprefix("Input should be ")
        if first["type"] == "string_type" and isinstance(first["input"], int | float):
            message += f": put it in quotes, '{first['input']}'"
        raise UserError(where, f"it is {str(value)[:80]!r}.", f"It should be {message}.") from None

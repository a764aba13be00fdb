"""From a study file with ``suite`` in the place of ``tasks`` to a :class:`Suite`.

What a study says for itself goes over what stands beside ``suite``: section by section, key by key; a list replaces a
list.  The command line goes over both: ``--set training.epochs=5`` in every study, and in one of them
``--set suite.NAME.training.epochs=5``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from mtl_core.errors import UserError
from study.config.budgets import Quantity, budget_of
from study.config.overrides import override
from study.config.sections import Factors
from study.config.source import Source
from study.config.spec import LEFT_TO_THE_DATA, Spec
from study.config.strict_yaml import Document
from study.config.suite import SHARED_KEYS, Suite
from study.config.text import nearest, wrong_with_name
from study.config.validation_errors import user_error_of

KEY = "suite"
RESERVED_NAMES = ("figures", "tables", "report.html", "suite.yaml")
"""What a suite's directory holds beside run directories."""

Given = tuple[str | None, str, str]
"""A ``--set``: the study that it is for (``None``: all), the keys there, and the whole text."""
RANGES = frozenset(("uniform", "log_uniform"))
"""A mapping with one of these keys is a value, not a section."""


def suite_of(
    document: Document, where: str, overrides: Sequence[str] = (), context: dict[str, Any] | None = None
) -> Suite:
    """Return the suite that ``document`` describes.

    Args:
        document: the study file.
        where: its name, for messages.
        overrides: the ``--set`` of the command line.
        context: of the validation of the studies, such as :data:`study.config.unused_settings.AS_RUN`.

    Raises:
        UserError: naming ``where``, the line and the place, such as ``suite.digits3.tasks.set``.
    """
    file = _File(document, where, context)
    common, own = file.common_and_own()
    given = [_addressee(text, own) for text in overrides]
    for study, keys, text in given:
        if study is None and keys in ("name", "budget"):
            override(common, text, keys)
        elif study is not None:
            override(own[study], text, keys)  # so that the rules below see what the command line says, too
    for study in own:
        file.refuse_keys_of_the_suite(study, own[study], given)
    if common.get("budget") is not None and (spending := [study for study in own if "budget" in own[study]]):
        found = "the whole suite has a budget, and so has this study."
        raise UserError(file.place_of_own(spending[0], "budget", given), found, "Give one or the other.")
    name = common.pop("name", "suite")
    if problem := wrong_with_name(name) if isinstance(name, str) else "it is not text":
        found = f"{str(name)[:80]!r} cannot name a suite: {problem}."
        raise UserError(file.place("name"), found, "Choose a plain name, such as my-suite_2.")
    specs = {study: file.spec(study, common, own[study], given, overrides) for study in own}
    file.refuse_same_tasks(specs)
    total = budget_of(common.get("budget"))
    if isinstance(total, Quantity):
        found = f"{total} cannot be split among the studies of a suite."
        raise UserError(file.place("budget"), found, "Give the suite a time, or each study a budget of its own.")
    if total is not None:
        specs = {study: spec.model_copy(update={"budget": None}) for study, spec in specs.items()}
    return Suite(name, specs, total)


class _File:
    """A document with ``suite``, and where its parts stand."""

    def __init__(self, document: Document, where: str, context: dict[str, Any] | None) -> None:
        self.document, self.where, self.context = document, where, context

    def place(self, *path: str) -> str:
        line = self.document.line(path)
        return f"{self.where}{f', line {line}' if line else ''}: {'.'.join(path)}"

    def common_and_own(self) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Return what all studies have in common, and what each says for itself."""
        common = copy.deepcopy(self.document.data)
        own = common.pop(KEY)
        if not isinstance(own, dict):
            found = "it names no studies." if own is None else f"it is {str(own)[:80]!r}."
            raise UserError(self.place(KEY), found, "Write a line 'name: {tasks: {set: …}}' for each study.")
        if "tasks" in common:
            remedy = "Give every study of the suite tasks of its own, or take suite out."
            raise UserError(self.place("tasks"), "there are both tasks and a suite.", remedy)
        if len(own) < 2:
            remedy = "Name at least two studies, or write tasks in the place of suite."
            raise UserError(self.place(KEY), f"the suite has {'one study' if own else 'no study'}.", remedy)
        for name, study in own.items():
            self._check(name, study, own)
        return common, own

    def _check(self, name: str, study: Any, own: Mapping[str, Any]) -> None:
        place = self.place(KEY, name)
        if problem := wrong_with_name(name):
            found = f"{name[:80]!r} cannot name a study: {problem}."
            raise UserError(
                self.place(KEY), found, "Choose a plain name, such as digits_2: its run directory is called so."
            )
        if name.lower() in RESERVED_NAMES:
            raise UserError(place, f"a suite keeps {name!r} for its own report.", "Choose another name.")
        if twin := next((other for other in own if other != name and other.lower() == name.lower()), None):
            found = f"{twin!r} and {name!r} are one directory on some systems."
            raise UserError(place, found, "Choose names that differ in more than capitals.")
        if not isinstance(study, dict):
            raise UserError(place, f"it is {str(study)[:80]!r}.", "Write a section such as {tasks: {set: digits3}}.")

    def refuse_keys_of_the_suite(self, name: str, study: Mapping[str, Any], given: Sequence[Given]) -> None:
        """Refuse what only the whole suite has, in the file or on the command line.

        Raises:
            UserError: naming the place, or the ``--set``.
        """
        if KEY in study:
            place = self.place_of_own(name, KEY, given)
            raise UserError(place, "a suite holds no suites.", "Name its studies one level up.")
        if whole := next((key for key in SHARED_KEYS if key in study), None):
            place, found = self.place_of_own(name, whole, given), f"{whole} is no business of a single study."
            set_for_all = f"Give it for the whole suite: --set {whole}=…."
            remedy = set_for_all if place.startswith("--set ") else f"Write {whole} beside suite."
            raise UserError(place, found, "Its name is the key before the colon." if whole == "name" else remedy)

    def place_of_own(self, name: str, key: str, given: Sequence[Given]) -> str:
        """Return where a study got ``key`` from: the last ``--set`` that names it, or else the file."""
        texts = [text for study, keys, text in given if study == name and keys.partition(".")[0] == key]
        return f"--set {texts[-1]}" if texts else self.place(KEY, name, key)

    def spec(
        self,
        name: str,
        common: Mapping[str, Any],
        own: Mapping[str, Any],
        given: Sequence[Given],
        overrides: Sequence[str],
    ) -> Spec:
        data = merged(common, own) | {"name": name}
        for study, keys, text in given:
            if study == name or (study is None and keys not in ("name", "budget")):
                override(data, text, keys)
        try:
            study = Spec.model_validate(with_levels_of_all(data), context=self.context)
            return study.written_in(Source(self.document, self.where, overrides, name))
        except ValidationError as error:
            raise user_error_of(error, self.document, self.where, overrides, study=name) from None

    def refuse_same_tasks(self, specs: Mapping[str, Spec]) -> None:
        """Refuse equal tasks in two studies: intervals over the suite take its task sets for independent."""
        seen: dict[str, str] = {}
        for name, spec in specs.items():
            tasks = spec.tasks.model_dump_json()
            if tasks in seen:
                found = f"these are the tasks of {seen[tasks]!r}, which would count twice."
                raise UserError(
                    self.place(KEY, name, "tasks"), found, "Name another task set, or make it a level of factors."
                )
            seen[tasks] = name


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``below`` with the values of ``above`` over it, section by section; an empty section removes nothing."""
    result = copy.deepcopy(dict(below))
    for key, value in above.items():
        if not _is_section(result.get(key)) or not (_is_section(value) or value is None):
            result[key] = copy.deepcopy(value)
        elif value is not None:
            result[key] = merged(result[key], value)
    return result


def with_levels_of_all(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``data`` with levels of every factor: a suite compares the same arms on tables of all sizes."""
    factors = data.get("factors") or {}
    if not isinstance(factors, Mapping):
        return dict(data)
    defaults = {name: list(Factors.model_fields[name].default) for name in LEFT_TO_THE_DATA["factors"]}
    return {**data, "factors": defaults | dict(factors)}


def _is_section(value: Any) -> bool:
    return isinstance(value, Mapping) and not RANGES & value.keys()


def _addressee(text: str, own: Mapping[str, Any]) -> Given:
    keys = text.partition("=")[0]
    first, _, rest = keys.partition(".")
    if first != KEY:
        return None, keys, text
    study = next((name for name in sorted(own, key=len, reverse=True) if rest.startswith(f"{name}.")), None)
    if study is None:
        remedy = nearest(rest.partition(".")[0], own)
        raise UserError(f"--set {text}", "this names no key of a study of the suite.", remedy)
    return study, rest.removeprefix(f"{study}."), text

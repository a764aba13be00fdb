"""From the command line's first word — a study file, a table, a preset — to a :class:`Spec` or a suite of them.

Nothing is written here, and nothing heavy is imported: an error in a study file is reported at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mtl_core.data.files.by_name import stem_of
from mtl_core.errors import UserError
from study.config import registered_names, strict_yaml
from study.config.budgets import SHAPES, budget_of
from study.config.column_options import with_columns
from study.config.data_files import data_section, known_suffixes, with_absolute_paths, with_options
from study.config.load_suite import KEY, suite_of
from study.config.named_code import DOTTED_PATH
from study.config.overrides import override
from study.config.source import Source
from study.config.spec import DATASET, TABLE, Spec
from study.config.strict_yaml import Document
from study.config.suite import Suite
from study.config.text import MAX_NAME, nearest, wrong_with_name
from study.config.unused_settings import AS_RUN
from study.config.validation_errors import user_error_of

STUDY_SUFFIXES = (".yaml", ".yml")


def load(
    what: str | Path,
    targets: Sequence[str] = (),
    overrides: Sequence[str] = (),
    budget: str | None = None,
    *,
    kinds: Sequence[str] = (),
    metrics: Sequence[str] = (),
    losses: Sequence[str] = (),
    task: str | None = None,
    groups: str | None = None,
    test: str | None = None,
    validation: str | None = None,
    query: str | None = None,
) -> Spec | Suite:
    """Load the study, or the suite of studies, that ``what`` names.

    Args:
        what: a study file (``.yaml``), a file or folder with data, or the name of a preset.
        targets: columns to predict, with ``*`` as in ``y_*``; for tables.
        overrides: ``section.key=value``, the value written as in a study file.
        budget: such as ``2h`` or ``5000 replicas``; wins over the file's.
        kinds: kinds of columns, each ``COLUMN=KIND`` as in ``y_*=regression``; for tables.
        metrics: metrics of targets, written likewise.
        losses: training losses of targets that are functions of the user's own, written likewise.
        task: column that says which task a row belongs to; for long tables.
        groups: column with the group of every row, which no split divides; for tables.
        test: column that marks the rows to test on, or a file with them.
        validation: file with the rows to validate on.
        query: table of a data base, or a ``SELECT``.

    Raises:
        UserError: when there is no such thing, or it does not describe a study.
    """
    document = _document(str(what))
    data, is_data = document.data, not document.lines
    given = {"targets": list(targets), "task": task, "groups": groups}
    with_options(data.get("tasks"), given | {"test": test, "validation": validation, "query": query}, str(what))
    with_columns(data.get("tasks"), "kinds", "--kind", kinds, str(what))
    with_columns(data.get("tasks"), "metrics", "--metric", metrics, str(what))
    with_columns(data.get("tasks"), "losses", "--loss", losses, str(what))
    if KEY not in data:
        for text in overrides:
            override(data, text)
    if is_data and data["tasks"]["set"] == TABLE and "targets" not in data["tasks"]:
        raise UserError(str(what), "no targets are named.", "Say what to predict: --targets 'y_*' (may be repeated).")
    if budget is not None:
        if budget_of(budget) is None:
            raise UserError(f"--budget {budget}", "this is no budget.", SHAPES)
        data["budget"] = budget
    return _validated(Document(data, document.lines), str(what), overrides)


def load_spec(
    what: str | Path,
    targets: Sequence[str] = (),
    overrides: Sequence[str] = (),
    budget: str | None = None,
    **columns: Any,
) -> Spec:
    """Load the study that ``what`` names, as :func:`load` does, with its options ``kinds, metrics, losses, task, …``.

    Raises:
        UserError: also when ``what`` is a suite of studies.
    """
    loaded = load(what, targets, overrides, budget, **columns)
    if isinstance(loaded, Suite):
        raise UserError(str(what), "this is a suite of studies.", "Use load_suite for it, and run_suite to run it.")
    return loaded


def load_suite(what: str | Path, overrides: Sequence[str] = (), budget: str | None = None) -> Suite:
    """Load the suite that ``what`` names, as :func:`load` does.

    Raises:
        UserError: also when ``what`` is a single study.
    """
    loaded = load(what, overrides=overrides, budget=budget)
    if isinstance(loaded, Spec):
        raise UserError(str(what), "this is a single study.", "Use load_spec for it, and run to run it.")
    return loaded


def read_spec(path: Path) -> Spec:
    """Read the study of a run directory's ``study.yaml``.

    Raises:
        UserError: when the file cannot be read, or holds no study.
    """
    read = _validated(_read(path), str(path), (), AS_RUN)
    if isinstance(read, Suite):
        raise UserError(str(path), "this is a suite of studies.", "Put the study file back as it was run.")
    return read


def read_suite(path: Path) -> Suite:
    """Read the suite of a directory's ``suite.yaml``.

    Raises:
        UserError: when the file cannot be read, or holds no suite.
    """
    return suite_of(_read(path), str(path), context=AS_RUN)


def as_text(study: Spec | Suite) -> str:
    """Return a study, or a suite, as the text of a study file."""
    return strict_yaml.dump(study.plain())


def _document(what: str) -> Document:
    path = Path(what)
    if what in registered_names.names("presets"):
        return _read(registered_names.PRESETS / f"{what}.yaml")
    if "\0" in what or len(what) > 4_000:
        raise UserError(repr(what[:40]), "this is no path.", "Name a study file, a table or a preset.")
    if path.exists() and (section := data_section(path)):
        return _named(Document({"tasks": section}), path)
    if path.is_dir():
        raise UserError(what, "this is a directory without data.", "Name a study file, a table or a preset.")
    if not path.exists() and DOTTED_PATH.fullmatch(what):
        name = what.rpartition(":")[2].replace(".", "-")
        return _named(Document({"tasks": {"set": DATASET, "call": what}}), Path(name))
    if not path.is_file():
        raise UserError(what, "there is no such file or preset.", _suggestion(what))
    if path.suffix.lower() in STUDY_SUFFIXES:
        return _named(_with_absolute_paths(_read(path), path.parent), path)
    known = ", ".join((*STUDY_SUFFIXES, *known_suffixes()))
    raise UserError(what, f"nothing reads {path.suffix or 'files without a suffix'}.", f"Known are {known}.")


def _suggestion(what: str) -> str:
    presets = registered_names.names("presets")
    return (
        nearest(what, presets)
        if re.fullmatch(r"\w+", what)
        else f"Check the path, or name a preset: {', '.join(presets)}."
    )


def _read(path: Path) -> Document:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(str(path), f"byte {error.start} is not UTF-8 text.", "Save the file as UTF-8.") from None
    except OSError as error:
        raise UserError(
            str(path), f"it cannot be read: {error.strerror}.", "Check the path and its permissions."
        ) from None
    document = strict_yaml.parse(text, str(path))
    if not isinstance(document.data, dict):
        raise UserError(
            str(path), "it does not hold 'key: value' lines.", "Start from a preset: mtl-study list presets."
        )
    return document


def _named(document: Document, path: Path) -> Document:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem_of(path.resolve())).strip("-._")[:MAX_NAME]
    document.data.setdefault("name", "study" if wrong_with_name(name) else name)
    return document


def spec_of_sections(given: Spec | Mapping[str, Any] | None, name: str, tasks: Mapping[str, Any]) -> Spec:
    """Return the study that a call from Python describes, of data in memory.

    Args:
        given: a study, whose task set gives way to ``tasks``, or sections of a study file; ``None``: all defaults.
        name: of the study where the sections have none.
        tasks: the section ``tasks``.

    Raises:
        UserError: when the sections do not describe a study.
    """
    if isinstance(given, Spec):
        return given.with_tasks(tasks)
    sections = {"name": name} | dict(given or {}) | {"tasks": dict(tasks)}
    try:
        return Spec.model_validate(sections)
    except ValidationError as error:
        raise user_error_of(error, Document(sections), "study.run", ()) from None


def _with_absolute_paths(document: Document, folder: Path) -> Document:
    """Make paths absolute: they start from the study file's own folder, so that the command may run anywhere."""
    studies = document.data.get(KEY)
    for section in (document.data, *(studies.values() if isinstance(studies, dict) else ())):
        if isinstance(section, dict):
            with_absolute_paths(section.get("tasks"), folder)
            _with_absolute_path_of_run(section.get("search"), folder)
    return document


def _with_absolute_path_of_run(search: Any, folder: Path) -> None:
    if isinstance(search, dict) and isinstance(search.get("warm_start"), str):
        search["warm_start"] = str((folder / search["warm_start"]).absolute())


def _validated(
    document: Document, where: str, overrides: Sequence[str], context: dict[str, Any] | None = None
) -> Spec | Suite:
    if KEY in document.data:
        return suite_of(document, where, overrides, context)
    try:
        study = Spec.model_validate(document.data, context=context)
        return study.written_in(Source(document, where, overrides))
    except ValidationError as error:
        raise user_error_of(error, document, where, overrides) from None

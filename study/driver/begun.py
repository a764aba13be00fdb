"""A study that was begun, as its run directory has it: its study file, and its data if they are still the same."""

from __future__ import annotations

from pathlib import Path

from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from study.config.load import read_spec
from study.config.spec import DATASET, Spec
from study.config.suite import is_suite
from study.driver.manifest import DATA, KEPT, refuse_other_data_or_engine
from study.store import ledger


def begun_spec(out: Path, data: Path | None = None) -> Spec:
    """Return the study that was begun in ``out``, with its table at another place if one is named.

    Data that the run directory itself keeps are found there wherever it was moved, or fetched, to.

    Raises:
        UserError: when there is no study, or its table is not there.
    """
    refuse_no_study(out)
    spec = read_spec(out / "study.yaml")
    if spec.tasks.set == DATASET:
        found = "its study file names code that would be run for the data."
        raise UserError(str(out), found, "Begin a new study of that data set; a run keeps what was read of it.")
    path = spec.tasks.options.get("path")
    if data is not None:
        if path is None:
            raise UserError(f"--data {data}", "the study does not read a table.", "Leave --data out.")
        path = str(data.absolute())
        spec = _with_path(spec, path)
    else:
        spec = with_kept_data(spec, out)
        path = spec.tasks.options.get("path")
    if path is not None and not Path(path).exists():
        found = "the study's table is not there."
        raise UserError(str(path), found, "Put it back, or name its new place with --data PATH.")
    return spec


def with_kept_data(spec: Spec, out: Path) -> Spec:
    """Return the study of a run directory with the data that it keeps there, where these were moved with it."""
    path = spec.tasks.options.get("path")
    if isinstance(path, str) and not Path(path).exists() and (kept := _kept_in(out, Path(path))) is not None:
        return _with_path(spec, str(kept))
    return spec


def _with_path(spec: Spec, path: str) -> Spec:
    return spec.model_copy(update={"tasks": spec.tasks.model_copy(update={"path": path})})


def _kept_in(out: Path, path: Path) -> Path | None:
    """The data that a run directory keeps, if ``path`` is where it kept them before it was moved."""
    kept = out.absolute() / path.name
    return kept if path.name in (DATA, KEPT) and kept.is_file() else None


def refuse_no_study(out: Path) -> None:
    """Refuse a directory in which no study was begun.

    Raises:
        UserError: for the directory of a suite, and for any other.
    """
    if is_suite(out):
        raise UserError(str(out), "this is the directory of a suite.", "Name that of one of its studies.")
    if not (out / ledger.NAME).is_file() or not (out / "study.yaml").is_file():
        raise UserError(str(out), "there is no study here.", "Name a run directory, such as runs/demo.")


def refuse_changes(out: Path, task_set: TaskSet) -> None:
    """Refuse data or an engine that differ from those that the study in ``out`` was begun with.

    Raises:
        UserError: with what differs.
    """
    of_data = "Put them back as they were (--data PATH names another place), or begin a new study with these."
    of_engine = "Install the version that began it, or begin a new study."
    refuse_other_data_or_engine(out, task_set.fingerprint(), of_data=of_data, of_engine=of_engine)

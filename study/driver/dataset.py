"""Studies of torch data sets: every item is read once, and kept in the run directory as a file of arrays.

The study file of the run directory names that file, so that whatever reads a run directory later runs no code of the
data set.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from mtl_core.data.arrays.from_dataset import Progress, arrays_of_parts, parts_of, probe
from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from mtl_core.registry import find
from mtl_core.tasks.arrays import Arrays, read_arrays
from mtl_core.tasks.dataset import Dataset
from study.config.load import spec_of_sections
from study.config.spec import ARRAYS, DATASET, Spec
from study.driver.card_packing import say_measuring
from study.driver.manifest import KEPT, refuse_something_else
from study.planning.evaluation import evaluation_of
from study.planning.options import checked_options
from study.planning.prepare import Prepared, prepare_run
from study.store.atomic_files import durable_file

SOURCE = "_source"
"""Name of the array in it that says what the items were read from."""
OWN_OPTIONS = ("call", "arguments")
HERE: Mapping[str, Any] = MappingProxyType({})
"""Nothing said of where a study trains: on this machine, on the device that it names."""
SECONDS_BETWEEN_LINES = 5.0


@dataclass(frozen=True)
class DataInMemory:
    """A torch data set, or several for the parts of the data, and what is to be predicted of it.

    Args:
        parts: data sets by part; see :func:`mtl_core.data.arrays.from_dataset.parts_of`.
        name: of the study.
        options: of the task set ``arrays``, such as ``metrics``.
    """

    parts: Mapping[str, Any]
    name: str
    options: Mapping[str, Any]


def dataset(data: Any, *, name: str = "dataset", **options: Any) -> DataInMemory:
    """Return a torch data set as the data of a study, for ``study.run(data=…)``.

    Its items are pairs ``(x, {task: y})``: a tensor or an array, and a mapping from names of tasks to labels.  A label
    that is ``None`` or NaN, or a task that an item leaves out, is missing.  All items are read once.

    Args:
        data: a data set with a length and items by number, or ``{"train": …, "test": …}`` and, if need be, ``"valid"``.
        name: of the study, and of its run directory where none is named.
        options: further options of a file of arrays, as in a study file: ``targets``, ``kinds``, ``metrics``, ….

    Raises:
        UserError: when ``data`` is no data set.
    """
    return DataInMemory(parts_of(data, "study.dataset"), name, options)


@dataclass(frozen=True)
class KeptData:
    """The items of a data set, which are, or will be, in a run directory.

    Args:
        spec: the study of the file that holds them.
        task_set: the study's data.
        write: writes the file; nothing where it is there already.
    """

    spec: Spec
    task_set: TaskSet
    write: Callable[[], None]


def kept_data(spec: Spec, out: Path, *, screen: str | None = None) -> KeptData | None:
    """Read the data set that ``spec`` names by a dotted path; nothing is written yet.

    Args:
        spec: the study; for any other task set there is nothing to do.
        out: the run directory; where the same data set was kept there, its items are not read again.
        screen: ``None``: silent; else progress goes to the standard error.

    Raises:
        UserError: when the data set cannot be made or read, or ``out`` holds other data.
    """
    if spec.tasks.set != DATASET:
        return None
    named = Dataset(**checked_options(find("tasks", DATASET), spec.tasks.options, "tasks"))
    code = hashlib.sha256(named.source().encode()).hexdigest()[:16]
    facts = {"call": named.call, "arguments": named.arguments, "code": code}
    options = {key: value for key, value in spec.tasks.options.items() if key not in OWN_OPTIONS}
    tasks = {"set": ARRAYS, "path": str(out.absolute() / KEPT), **options}
    return _kept(spec.with_tasks(tasks), named.parts(), facts, named.call, out, screen)


def kept_in_memory(
    data: DataInMemory, spec: Spec | Mapping[str, Any] | None, out: Path, *, screen: str | None = None
) -> KeptData:
    """Read a data set that is given as an object; nothing is written yet.

    Args:
        data: the data set.
        spec: a study, whose task set the data replace, or sections of a study file; ``None``: all defaults.
        out: the run directory.
        screen: as in :func:`kept_data`.

    Raises:
        UserError: as :func:`kept_data` does, and when sections do not describe a study.
    """
    tasks = {"set": ARRAYS, "path": str(out.absolute() / KEPT), **data.options}
    return _kept(spec_of_sections(spec, data.name, tasks), data.parts, {}, "study.dataset", out, screen)


def prepare_with_data(spec: Spec, out: Path, screen: str | None, where: Mapping[str, Any] = HERE) -> Prepared:
    """Prepare a study for ``out``; a data set that it names by a dotted path is read and kept there first.

    Args:
        spec: the study.
        out: the run directory.
        screen: as in :func:`kept_data`.
        where: ``device`` and ``address`` of :func:`study.planning.prepare.prepare`.

    Raises:
        UserError: when the data are unfit, or the study cannot finish on this machine; nothing is written then.
    """
    with spec.source.placing():
        kept = kept_data(spec, out, screen=screen)
    where = {**where} if screen in (None, "json") else {**where, "announce": say_measuring}
    return prepare_run(spec, out.absolute(), **where) if kept is None else prepare_kept(kept, out, where)


def prepare_kept(kept: KeptData, out: Path, where: Mapping[str, Any] = HERE) -> Prepared:
    """Prepare the study of a data set, and write its items to ``out`` once the study is known to be sound."""
    prepared = prepare_run(kept.spec, out.absolute(), task_set=kept.task_set, **where)
    if out.is_dir() and not (out / "study.yaml").is_file():
        refuse_something_else(out)
    kept.write()
    return prepared


def _kept(
    spec: Spec, parts: Mapping[str, Any], facts: Mapping[str, Any], where: str, out: Path, screen: str | None
) -> KeptData:
    path = out.absolute() / KEPT
    source = json.dumps({**facts, "items": probe(parts, where)}, sort_keys=True)
    arrays = _read_before(path, source)
    begun = arrays is not None
    if arrays is None:
        arrays = arrays_of_parts(parts, where, None if screen is None else _lines_of_progress())
    options = checked_options(find("tasks", ARRAYS), spec.tasks.options, "tasks")
    task_set = Arrays(**options).of(arrays, evaluation_of(spec))
    return KeptData(spec, task_set, lambda: None if begun else _write(path, arrays, source))


def _read_before(path: Path, source: str) -> dict[str, np.ndarray] | None:
    """Return the arrays of a run directory; ``None`` where it holds none."""
    if not path.is_file():
        return None
    arrays = read_arrays(path)
    before = str(arrays.get(SOURCE, ""))
    if before != source:
        found = f"this run directory holds other data: read from {before[:300]}, and now {source[:300]}."
        raise UserError(str(path), found, "Choose a new out, or put the data set back as it was.")
    return arrays


def _write(path: Path, arrays: Mapping[str, np.ndarray], source: str) -> None:
    with durable_file(path) as file:
        np.savez(file, allow_pickle=False, **arrays, **{SOURCE: np.array(source)})


def _lines_of_progress() -> Progress:
    """Return what prints, now and then, how many items are read."""
    last = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            print(f"data: {done:,} of {total:,} items read", file=sys.stderr, flush=True)

    return show

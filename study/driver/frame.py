"""Studies of data that are in memory: a data frame becomes a file of the run directory, and a study of that file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from mtl_core.errors import UserError
from study.config.load import spec_of_sections
from study.config.spec import TABLE, Spec
from study.driver.manifest import DATA
from study.driver.table_content import as_parquet, is_same_content, without_codes
from study.store.atomic_files import write_durably


@dataclass(frozen=True)
class Frame:
    """A table in memory and what is to be predicted from it.

    Args:
        table: of Arrow.
        name: of the study.
        options: of the task set ``table``, such as ``targets``.
    """

    table: pa.Table
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


def frame(data: Any, *, targets: str | Sequence[str], name: str = "frame", **options: Any) -> Frame:
    """Return a table in memory as the data of a study, for ``study.run(data=…)``.

    Args:
        data: a data frame of pandas or polars, a table of Arrow, a mapping from names to columns (lists or arrays), or
            a mapping from the names of tasks to data frames with the same columns: one data set per task.
        targets: columns to predict; ``*`` and ``?`` as in ``y_*`` stand for any text and any one character.
        name: of the study, and of its run directory where none is named.
        options: further options of a table, as in a study file: ``kinds``, ``metrics``, ``losses``, ``groups``,
            ``task``, ``test``, ``ignore``, ….

    Raises:
        UserError: when ``data`` is no table.
    """
    if isinstance(data, Mapping) and data and all(map(_is_table, data.values())):
        data, options = _one_below_the_other(data), {"task": TASK_COLUMN} | options
    wanted = [targets] if isinstance(targets, str) else list(targets)
    return Frame(_arrow(data), name, {"targets": wanted} | options)


TASK_COLUMN = "task"


def _is_table(data: Any) -> bool:
    return (hasattr(data, "columns") and hasattr(data, "__len__")) or isinstance(data, pa.Table)


def _one_below_the_other(tables: Mapping[str, Any]) -> pa.Table:
    """The data sets of all tasks in one table, with the names of the tasks in a further column."""
    parts = []
    for task, data in tables.items():
        table = _arrow(data)
        if TASK_COLUMN in table.column_names:
            found = f"the data of {task!r} have a column {TASK_COLUMN!r}, which is to hold the names of the tasks."
            raise UserError("study.frame", found, "Rename it.")
        plain = pa.table([without_codes(column) for column in table.columns], names=table.column_names)
        parts.append(plain.append_column(TASK_COLUMN, pa.array([str(task)] * len(table))))
    names = parts[0].column_names
    for task, part in zip(tables, parts, strict=True):
        if sorted(part.column_names) != sorted(names):
            odd = sorted(set(part.column_names) ^ set(names))
            found = f"the data of {task!r} have other columns than the first ({', '.join(odd[:5])})."
            raise UserError("study.frame", found, "Give every task the same columns; missing values may be empty.")
    try:
        return pa.concat_tables([part.select(names) for part in parts], promote_options="permissive")
    except pa.ArrowException as error:
        found = f"a column holds other types in the data of one task than of another: {str(error)[:200]}."
        raise UserError("study.frame", found, "Give it one type.") from None


def _arrow(data: Any) -> pa.Table:
    try:
        if isinstance(data, pa.Table):
            return data.replace_schema_metadata(None)
        if hasattr(data, "to_arrow"):  # polars
            return data.to_arrow()
        if isinstance(data, Mapping):
            return pa.table({str(name): _column(values) for name, values in data.items()})
        if hasattr(data, "iloc"):
            named = data.set_axis([str(name) for name in data.columns], axis=1)
            return pa.Table.from_pandas(named, preserve_index=False).replace_schema_metadata(None)
    except (pa.ArrowException, TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise UserError("study.frame", f"this is no table: {reason}.", "Give columns of one type each.") from None
    found = f"a {type(data).__name__} is no table."
    raise UserError("study.frame", found, "Give a data frame, an Arrow table, or a mapping from names to columns.")


def _column(values: Any) -> Any:
    """A column of a mapping; tensors of torch are taken through NumPy."""
    return values.numpy(force=True) if hasattr(values, "numpy") else values


def spec_of_frame(data: Frame, spec: Spec | Mapping[str, Any] | None, out: Path) -> Spec:
    """Return the study of a table in memory, after its data were written to the run directory ``out``.

    Args:
        data: the table.
        spec: a study, whose task set the data replace, or sections of a study file; ``None``: all defaults.
        out: the run directory; one that exists has to hold the same data.

    Raises:
        UserError: when ``out`` holds other data, or sections do not describe a study.
    """
    path = out.absolute() / DATA
    spec = spec_of_sections(spec, data.name, {"set": TABLE, "path": str(path), **data.options})
    _write_once(data.table, path)
    return spec


@contextmanager
def unwritten_where_refused(out: Path) -> Iterator[None]:
    """Take the data out of the run directory again where a study is refused that has just written them.

    Else the next call, with corrected data, would find a study of other data.

    Args:
        out: the run directory.
    """
    path = out.absolute() / DATA
    was_there = path.exists()
    try:
        yield
    except UserError:
        if not was_there:
            path.unlink(missing_ok=True)
        raise


def _write_once(table: pa.Table, path: Path) -> None:
    if path.is_file():
        if not is_same_content(path.read_bytes(), table):
            raise UserError(str(path), "this run directory holds a study of other data.", "Choose a new out.")
        return
    if path.parent.is_dir() and any(not entry.name.startswith(".") for entry in path.parent.iterdir()):
        raise UserError(str(path.parent), "this directory holds something else.", "Choose a new out.")
    write_durably(path, as_parquet(table))

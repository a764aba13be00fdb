"""Which files make a table: one, a folder with one for each task, and files of their own to validate and test on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from mtl_core.data.files.by_name import format_of, holds_table, stem_of
from mtl_core.data.remark import Remark
from mtl_core.errors import UserError

Part = Literal["develop", "validate", "test"]
TASK = "task"
"""Name of the column that says from which file of a folder a row is."""
MOST_SHOWN = 5


@dataclass(frozen=True)
class TableFile:
    """A file with rows of the table.

    Args:
        path: of the file.
        part: what its rows are for; without files of their own for validating and testing, splits decide that.
        task: the task that all of its rows belong to; ``None``: not decided by the file.
    """

    path: Path
    part: Part
    task: str | None


@dataclass(frozen=True)
class TableFiles:
    """The files of a table in the order of their rows.

    Args:
        files: all of them.
        remarks: on files in the folder that are no tables.
    """

    files: tuple[TableFile, ...]
    remarks: tuple[Remark, ...]

    @property
    def paths(self) -> list[Path]:
        """Path of every file."""
        return [file.path for file in self.files]

    @property
    def names_tasks(self) -> bool:
        """Whether each file is a task."""
        return self.files[0].task is not None

    def rows_of(self, part: Part, num_rows: Iterable[int]) -> np.ndarray:
        """Return the mask of the rows whose file is for ``part``; ``num_rows`` is the number of rows of each file."""
        return np.concatenate([np.full(rows, one.part == part) for one, rows in zip(self.files, num_rows, strict=True)])

    def task_of_rows(self, num_rows: Iterable[int]) -> list[str]:
        """Return the name of the task of every row."""
        pairs = zip(self.files, num_rows, strict=True)
        return [name for file, rows in pairs for name in [file.task or ""] * rows]


def table_files(path: Path, test: str | None, validation: str | None) -> TableFiles:
    """Return the files of a table.

    Args:
        path: of the table, or of a folder with a table for each task.
        test: file, or folder, of the rows to test on; ``None``: there is none.
        validation: file, or folder, of the rows to validate on; ``None``: there is none.

    Raises:
        UserError: when a folder holds no table, or the paths do not go together.
    """
    if validation is not None and test is None:
        found = "there is a file to validate on and none to test on."
        raise UserError("table: validation", found, "Name one, test: test.csv, or leave both to the program.")
    named: dict[Part, str | Path | None] = {"develop": path, "validate": validation, "test": test}
    given: list[tuple[Part, Path]] = [(part, Path(one)) for part, one in named.items() if one is not None]
    files: list[TableFile] = []
    remarks: list[Remark] = []
    for part, one in given:
        if one.is_dir() != path.is_dir():
            kind = "folder" if path.is_dir() else "file"
            found = f"{path.name} is a {kind}, and this is none."
            raise UserError(f"table: {_OPTIONS[part]} {one}", found, f"Name a {kind}.")
        own, left_out = _of_folder(one, part) if one.is_dir() else ([TableFile(one, part, None)], [])
        files += own
        remarks += left_out
    _refuse_the_same(files)
    _refuse_unknown_tasks(files)
    return TableFiles(tuple(files), tuple(remarks))


_OPTIONS = {"develop": "path", "validate": "validation", "test": "test"}


def _of_folder(folder: Path, part: Part) -> tuple[list[TableFile], list[Remark]]:
    """Return the tables of a folder, each a task, in the order of their names."""
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    tables = [entry for entry in entries if entry.is_file() and holds_table(entry)]
    others = [entry.name for entry in entries if entry not in tables]
    if len(tables) < 2 and part == "develop":
        number = "a single table" if len(tables) == 1 else f"{len(tables)} tables"
        found = f"there is no such file, and the folder of this name holds {number}."
        raise UserError(str(folder), found, "Give a table for each task, or name a single file.")
    if len({format_of(table) for table in tables}) > 1:
        names = ", ".join(sorted({"".join(table.suffixes) for table in tables}))
        raise UserError(str(folder), f"its tables are of several formats: {names}.", "Write all in one format.")
    stems = [stem_of(table) for table in tables]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice is not None:
        raise UserError(str(folder), f"two of its tables are called {twice!r}.", "Keep one of them.")
    shown = ", ".join(others[:MOST_SHOWN]) + f" and {len(others) - MOST_SHOWN} more" * (len(others) > MOST_SHOWN)
    remarks = [Remark("file_left_out", "", f"In {folder.name}, {shown}: no table, left out.")] if others else []
    return [TableFile(table, part, stem) for table, stem in zip(tables, stems, strict=True)], remarks


def _refuse_the_same(files: list[TableFile]) -> None:
    seen: dict[Path, Part] = {}
    for file in files if len(files) > 1 else ():
        before = seen.setdefault(file.path.resolve(), file.part)
        if before != file.part:
            found = f"it is named to {before} and to {file.part} on."
            raise UserError(str(file.path), found, "Give each its own rows.")


def _refuse_unknown_tasks(files: list[TableFile]) -> None:
    """Refuse a task to test or validate on that nothing is trained for, and one that nothing tests."""
    known = {file.task for file in files if file.part == "develop"}
    for part in {file.part for file in files} - {"develop"}:
        own = {file.task: file.path for file in files if file.part == part}
        if odd := sorted(str(task) for task in own.keys() ^ known):
            found = f"{odd[0]!r} is a file in one of the folders alone."
            raise UserError(f"table: {_OPTIONS[part]}", found, "Give every task a file in each folder.")

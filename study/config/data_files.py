"""Data files as the first word of a command, and what the command line says of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mtl_core.data.files.by_name import TABLES, holds_arrays, holds_table, names_file, suffixes
from mtl_core.data.formats import ArrayFormat
from mtl_core.errors import UserError
from study.config.spec import OF_DATA

FILES = ("test", "validation")
"""Options that may name a file."""


def data_section(path: Path) -> dict[str, Any] | None:
    """Return the ``tasks`` section of a study of the data in ``path``, a file or a folder; ``None``: it holds none.

    A folder with a table for each task is a table; one with arrays, such as the four files of MNIST, is a data set.
    """
    if path.is_dir():
        entries = [entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith(".")]
        kinds = ("table",) * any(map(holds_table, entries)) + ("arrays",) * any(map(holds_arrays, entries))
        if len(kinds) > 1:
            found = "this folder holds tables and arrays."
            raise UserError(str(path), found, "Name one file, or keep the two in folders of their own.")
        return {"set": kinds[0], "path": str(path.resolve())} if kinds else None
    if holds_table(path):
        return {"set": "table", "path": str(path.resolve())}
    return {"set": "arrays", "path": str(path.resolve())} if holds_arrays(path) else None


def known_suffixes() -> tuple[str, ...]:
    """Return the suffixes of all files with data."""
    return (*suffixes(*TABLES), *suffixes(ArrayFormat))


def with_options(tasks: Any, given: Mapping[str, Any], what: str) -> None:
    """Put options of the command line into the ``tasks`` section of a study file, in place.

    Args:
        tasks: content of the section.
        given: values by option, such as ``{"groups": "patient"}``; empty ones are not given.
        what: the study file, for messages.

    Raises:
        UserError: when the study reads no data of the user's.
    """
    for key, value in given.items():
        if not value:
            continue
        if not isinstance(tasks, dict) or tasks.get("set") not in OF_DATA:
            shown = value if isinstance(value, str) else value[0]
            raise UserError(f"--{key} {shown}", f"{what} does not read a table.", f"Leave --{key} out.")
        tasks[key] = absolute(value, Path()) if key in FILES else value


def with_absolute_paths(tasks: Any, folder: Path) -> None:
    """Make the paths of a ``tasks`` section absolute, in place: they start from the study file's own folder."""
    if not isinstance(tasks, dict):
        return
    if isinstance(tasks.get("path"), str) and "\0" not in tasks["path"]:
        tasks["path"] = os.path.realpath(folder / tasks["path"])  # Path.resolve raises where links form a circle
    for key in FILES:
        if isinstance(tasks.get(key), str):
            tasks[key] = absolute(tasks[key], folder)


def absolute(value: str, folder: Path) -> str:
    """Return a value that names a file, or a folder that exists, as an absolute path; any other value as it is."""
    if "\0" in value or not (names_file(value) or (folder / value).is_dir()):
        return value
    return os.path.realpath(folder / value)

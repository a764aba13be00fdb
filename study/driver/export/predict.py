"""Predictions of an exported model, or of a finished study, for the rows of a new file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.errors import UserError
from mtl_core.network.portable.model import MODEL, InputError, Predictor
from study.config.suite import is_suite
from study.driver.export.card import state_of_run
from study.driver.export.folder import CARD
from study.driver.export.new_rows import read_new_rows
from study.driver.export.write import export
from study.store import ledger

KEPT = "model"
"""Folder in a run directory with the recommended option, exported for the first prediction."""


@dataclass(frozen=True)
class Predictions:
    """Predictions for the rows of a file.

    Args:
        columns: values by name, in the order of the rows; see ``Predictor.predict``.
        num_rows: number of rows.
        networks: number of networks that answered.
        ignored: columns of the file that the model does not know.
    """

    columns: dict[str, list[Any]]
    num_rows: int
    networks: int
    ignored: tuple[str, ...]

    def text(self) -> str:
        """Return the predictions as CSV."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(map(_written, zip(*self.columns.values(), strict=True)))
        return file.getvalue()


def _written(row: tuple[Any, ...]) -> list[Any]:
    return [f"{value:.12g}" if isinstance(value, float) else value for value in row]


def load_predictor(source: Path, data: Path | None = None, say: Callable[[str], None] = lambda line: None) -> Predictor:
    """Return the model in an exported folder, or that of the recommended option of a finished study.

    Nothing of the folder runs as code.  That of a run directory is exported there first, unless that was done before
    and nothing was added to the study since.

    Args:
        source: a folder that was exported, or a run directory.
        data: where the study's table lies now.
        say: called with what is under way.

    Raises:
        UserError: when there is neither, or the study cannot be exported.
    """
    folder, is_run = source, (source / ledger.NAME).is_file()
    if not is_run and not (source / MODEL).is_file() and not is_suite(source):
        found = "there is neither a study nor an exported model."
        raise UserError(str(source), found, "Name a run directory, such as runs/demo, or a folder that export wrote.")
    if is_run or is_suite(source):
        folder = source / KEPT
        if not _is_current(source):
            export(source, folder, data=data, say=say)
    try:
        return Predictor.load(folder)
    except InputError as error:
        raise UserError(error.where, error.found, error.remedy) from error


def _is_current(run: Path) -> bool:
    """Whether the run directory holds an export of the study as it is now."""
    try:
        card = json.loads((run / KEPT / CARD).read_text("utf-8"))
        return card["state"] == state_of_run(run) and bool(card["option"]["recommended"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def predict_file(predictor: Predictor, path: Path) -> Predictions:
    """Return the predictions of a model for the rows of a file.

    Raises:
        UserError: when the file cannot be read, lacks columns, or a cell cannot be read.
    """
    table, known = read_new_rows(path, predictor), predictor.columns
    ignored: tuple[str, ...] = ()
    if known is not None:
        ignored = tuple(name for name in table if name and name not in known)
        table = {name: cells for name, cells in table.items() if name not in ignored}
    try:
        columns = predictor.predict(table)
    except InputError as error:
        where = {"the table": str(path), "the input": str(path), "the model": "the model"}.get(error.where)
        where = where or f"{path}: {error.where}"
        raise UserError(where, error.found, error.remedy) from error
    return Predictions(columns, len(next(iter(columns.values()), [])), len(predictor.networks), ignored)

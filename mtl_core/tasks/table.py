"""Task sets from the user's own table."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import torch

from mtl_core.data.tabular.columns import INPUT_KINDS, TARGET_KINDS, Column, ColumnKind, columns_of
from mtl_core.data.tabular.encoding import Encoded, encode
from mtl_core.data.tabular.leakage import refuse_copies, repeated_rows
from mtl_core.data.tabular.read_table import read_table
from mtl_core.data.tabular.targets import target
from mtl_core.data.tabular.test_split import group_numbers, rows_drawn_for_test, rows_named_for_test
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.errors import UserError
from mtl_core.tasks import TaskSource


class Table(TaskSource):
    """The user's own table: a CSV, Parquet or Arrow file with input and target columns; values may be missing.

    Numbers stay raw, with a further 0/1 column where values are missing; dates count days; categories become one 0/1
    column each.  Classes and categories are taken from the development rows, never from the test rows.  The task set's
    remarks say which kinds were inferred, and why.

    Source: the user's file.

    Args:
        path: of the file.
        targets: columns to predict; ``*`` and ``?`` stand for any text, as in ``y_*``.
        kinds: kinds of columns, where inference is wrong: ``numeric``, ``boolean``, ``categorical``, ``date`` for
            inputs; ``regression``, ``binary``, ``multiclass`` for targets.
        groups: column with the group of every row (a patient, a household), which no split divides; it is no input.
        test: column that marks the rows for testing; it is no input.
        test_share: share of the rows that is used for testing where no column marks them.
        ignore: columns to leave out, written like targets.
        seed: of the rows drawn for testing.

    Raises:
        UserError: when the share is out of range or no target is named.
    """

    def __init__(
        self,
        *,
        path: Path,
        targets: tuple[str, ...],
        kinds: dict[str, ColumnKind] | None = None,
        groups: str | None = None,
        test: str | None = None,
        test_share: float = 0.2,
        ignore: tuple[str, ...] = (),
        seed: int = 0,
    ) -> None:
        self.path, self.targets, self.kinds = Path(path), tuple(targets), dict(kinds or {})
        self.groups, self.test, self.test_share = groups, test, test_share
        self.ignore, self.seed = tuple(ignore), seed
        if not 0 < test_share < 1:
            raise UserError("table: test_share", f"is {test_share}.", "Choose a share between 0 and 1, both excluded.")
        if not targets:
            raise UserError("table: targets", "none are named.", "Say what to predict, such as 'y_*'.")

    def build(self) -> TaskSet:
        """Return the task set of the file.

        Raises:
            UserError: when the file, an option or a column cannot be used; it names the place and the remedy.
        """
        columns = columns_of(read_table(self.path), self.path.name)
        self._check_names(columns)
        groups = group_numbers(columns[self.groups]) if self.groups else None
        num_rows = len(next(iter(columns.values())).values)
        test = (
            rows_named_for_test(columns[self.test], groups)
            if self.test
            else rows_drawn_for_test(num_rows, groups, self.test_share, self.seed)
        )
        predicted, inputs = self._roles(columns)
        tasks, labels, remarks = self._tasks(predicted, ~test)
        encoded = self._inputs(inputs, ~test)
        remarks += refuse_copies(inputs, predicted) + encoded.remarks + repeated_rows(encoded.matrix(), test)
        development, held_out = (_examples(encoded, labels, groups, rows) for rows in (~test, test))
        pool = Development(tasks, development, torch.tensor(encoded.standardise))
        return TaskSet(self.path.stem, pool, held_out, remarks=tuple(remarks))

    def _check_names(self, columns: dict[str, Column]) -> None:
        for option, name in [("groups", self.groups), ("test", self.test), *(("kinds", name) for name in self.kinds)]:
            if name is not None and name not in columns:
                raise UserError(
                    f"table: {option}", f"{self.path.name} has no column {name!r}.", _nearest(name, columns)
                )
        for option, patterns in (("targets", self.targets), ("ignore", self.ignore)):
            for pattern in patterns:
                if not any(fnmatchcase(name, pattern) for name in columns):
                    found = f"{pattern!r} matches no column of {self.path.name}."
                    raise UserError(f"table: {option}", found, _nearest(pattern, columns))

    def _roles(self, columns: dict[str, Column]) -> tuple[list[Column], list[Column]]:
        """Columns to predict and columns to predict from."""
        apart = {self.groups, self.test, ""} | {name for name in columns if _matches(name, self.ignore)}
        predicted = [column for name, column in columns.items() if name not in apart and _matches(name, self.targets)]
        inputs = [column for name, column in columns.items() if name not in apart and not _matches(name, self.targets)]
        if not predicted:
            raise UserError("table: targets", "all of them are groups, test or ignored.", "Name another column.")
        if not inputs:
            raise UserError("table: targets", f"{list(self.targets)} leave no input column.", "Narrow the pattern.")
        return predicted, inputs

    def _tasks(self, columns: list[Column], development: np.ndarray) -> tuple[tuple[Task, ...], np.ndarray, list[str]]:
        targets = [target(column, self._kind(column, TARGET_KINDS), development) for column in columns]
        tasks, labels, remarks = zip(*targets, strict=True)
        return tuple(tasks), np.stack(labels, axis=1), [remark for several in remarks for remark in several]

    def _inputs(self, columns: list[Column], development: np.ndarray) -> Encoded:
        encoded = encode(
            [(column, self._kind(column, INPUT_KINDS) or column.kind()) for column in columns], development
        )
        if not encoded.columns:
            raise UserError(str(self.path), f"no input is left. {' '.join(encoded.remarks)}", "Give one.")
        return encoded

    def _kind(self, column: Column, allowed: Sequence[str]) -> ColumnKind | None:
        kind = self.kinds.get(column.name)
        if kind is not None and kind not in allowed:
            role = "a target" if allowed == TARGET_KINDS else "an input"
            raise UserError(
                f"table: kinds.{column.name}", f"{kind!r} is no kind of {role}.", f"Use {', '.join(allowed)}."
            )
        return kind


def _examples(encoded: Encoded, labels: np.ndarray, groups: np.ndarray | None, rows: np.ndarray) -> Examples:
    return Examples(
        inputs=torch.from_numpy(encoded.matrix()[rows]),
        targets=torch.from_numpy(labels[rows].astype(np.float32)),
        groups=None if groups is None else torch.from_numpy(groups[rows].astype(np.int64)),
    )


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _nearest(name: str, columns: dict[str, Column]) -> str:
    close = difflib.get_close_matches(name, columns, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    more = f" and {len(columns) - 20} more" if len(columns) > 20 else ""
    return f"There are {', '.join(list(columns)[:20])}{more}."

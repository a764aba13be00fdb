"""Task sets from the user's own table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from mtl_core.data.column_facts import Role
from mtl_core.data.remark import Remark, ordered
from mtl_core.data.tabular.by_column import by_column, one_column
from mtl_core.data.tabular.column_names import nearest_name, refuse_unmatched, selected
from mtl_core.data.tabular.columns import INPUT_KINDS, TARGET_KINDS, Column, ColumnKind
from mtl_core.data.tabular.csv_format import CsvFormat
from mtl_core.data.tabular.encoding import LEFT_OUT, Encoded, encode
from mtl_core.data.tabular.input_columns import input_columns
from mtl_core.data.tabular.leakage import refuse_copies, refuse_recodings, remarks_on_order, repeated_rows
from mtl_core.data.tabular.names_in_digits import Role as DigitsRole
from mtl_core.data.tabular.names_in_digits import told_apart
from mtl_core.data.tabular.near_groups import remarks_on_near_groups
from mtl_core.data.tabular.read_columns import read_columns
from mtl_core.data.tabular.row_numbers import why_it_numbers_rows
from mtl_core.data.tabular.same_targets import remarks_on_same_targets
from mtl_core.data.tabular.table_facts import facts_of_columns
from mtl_core.data.tabular.targets import Target, target
from mtl_core.data.tabular.task_column import RowTasks, one_task_each, rows_drawn_by_task, tasks_of_rows
from mtl_core.data.tabular.test_split import (
    group_numbers,
    remarks_on_labelled_groups,
    rows_drawn_for_test,
    rows_named_for_test,
)
from mtl_core.data.tabular.yaml_names import in_yaml
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.errors import UserError
from mtl_core.tasks import TaskSource


class Table(TaskSource):
    """The user's own table: a CSV, Parquet or Arrow file with input and target columns; values may be missing.

    Numbers stay raw, with a further 0/1 column where values are missing; dates count days; categories become one 0/1
    column each.  Classes and categories are taken from the development rows, never from the test rows.  The task set's
    remarks say which kinds were inferred, and why.  Groups, classes and categories in a text file go by the text of the
    cell where different texts would be one number, such as 01 and 1; inputs that measure go by the number.

    Source: the user's file.

    Args:
        path: of the file.
        targets: columns to predict; in a name that no column has, ``*`` and ``?`` stand for any text and for any one
            character, as in ``y_*``.
        kinds: what a column is, where inference is wrong: ``numeric``, ``boolean``, ``categorical``, ``date`` for
            inputs; ``regression``, ``binary``, ``multiclass`` for targets; for the column of groups ``numeric``, where
            01 and 1 are one group, or ``categorical``, where they are two.  Written like targets, as in
            ``{'y_*': regression}``; a column's own name goes before a pattern, and patterns may not disagree.
        metrics: metric of a target, where another one than the data suggest is to judge it; written like kinds.
        task: column that says which task a row belongs to, as in a long table of schools; it is no input.  There is one
            target then, with the labels of all tasks, and the tasks are the values of this column.
        groups: column with the group of every row (a patient, a household), which no split divides; it is no input.  A
            pattern may stand for it, where that is one column.
        test: column that marks the rows for testing; it is no input.
        test_share: share of the rows that is used for testing where no column marks them.
        ignore: columns to leave out, written like targets.
        seed: of the rows drawn for testing.
        missing: codes that stand for a missing value, in all columns (``[-999]``) or by column (``{age: [-1, 99]}``).
            Where a column of a text file has codes of its own, or none (``{country: []}``), words like ``NA`` are text.
        csv: how a text file is written where it is not by commas and decimal points: ``delimiter``, ``decimal``.
            Where columns differ, ``decimal`` names those with another decimal mark: ``{decimal: {price: ','}}``.
        encoding: of a text file.
    """

    def __init__(
        self,
        *,
        path: Path,
        targets: tuple[str, ...],
        kinds: dict[str, ColumnKind] | None = None,
        metrics: dict[str, str] | None = None,
        task: str | None = None,
        groups: str | None = None,
        test: str | None = None,
        test_share: float = 0.2,
        ignore: tuple[str, ...] = (),
        seed: int = 0,
        missing: tuple[str | int | float, ...] | dict[str, tuple[str | int | float, ...]] = (),
        csv: dict[Literal["delimiter", "decimal"], str | dict[str, str]] | None = None,
        encoding: str = "utf-8",
    ) -> None:
        self.path, self.targets, self.kinds = Path(path), tuple(targets), dict(kinds or {})
        self.metrics = dict(metrics or {})
        self.task, self.groups, self.test, self.test_share = task, groups, test, test_share
        self.ignore, self.seed, self.missing = tuple(ignore), seed, missing
        self.written = CsvFormat(**(csv or {}), encoding=encoding)  # pyright: ignore[reportArgumentType]
        if not 0 < test_share < 1:
            raise UserError("table: test_share", f"is {test_share}.", "Choose a share between 0 and 1, both excluded.")
        if not targets:
            raise UserError("table: targets", "none are named.", "Say what to predict, such as 'y_*'.")

    def build(self) -> TaskSet:
        """Return the task set of the file.

        Raises:
            UserError: when the file, an option or a column cannot be used; it names the place and the remedy.
        """
        file = read_columns(self.path, self.written, self.missing)
        columns, remarks = file.columns, list(file.remarks)
        remarks += [Remark("no_name", "", "A column without a name is left out.")] if "" in columns else []
        self._find_names(columns)
        remarks += self._tell_apart(columns)
        predicted, candidates = self._roles(columns)
        groups = group_numbers(columns[self.groups]) if self.groups else None
        remarks += remarks_on_labelled_groups(predicted, groups)
        of_task = self._tasks_of_rows(columns, predicted)
        remarks += [] if of_task is None else of_task.remarks
        test = self._test_rows(columns, predicted, groups, of_task)
        metrics = by_column("metrics", self.metrics, [column.name for column in predicted], "the targets")
        targets = [
            target(column, self._kind(column, TARGET_KINDS), ~test, metrics.get(column.name)) for column in predicted
        ]
        of_columns, tasks, labels = targets, *_tasks_and_labels(targets)
        remarks += remarks_on_same_targets(tasks, labels)
        inputs, dropped = self._without_row_numbers(candidates, file.index)
        encoded = self._inputs(inputs, ~test, dropped)
        refuse_copies(inputs, predicted)
        remarks += dropped + remarks_on_order(candidates, predicted) + refuse_recodings(inputs, tasks, labels)
        if of_task is not None:
            targets = one_task_each(targets[0], of_task, ~test, metric_is_asked=bool(metrics))
            tasks, labels = _tasks_and_labels(targets)
        remarks += [remark for one in targets for remark in one.remarks]
        used = np.ones(len(test), dtype=bool) if of_task is None else of_task.number >= 0
        remarks += encoded.remarks + repeated_rows(encoded.matrix(), test)
        development, held_out = (_examples(encoded, labels, groups, rows & used) for rows in (~test, test))
        pool = Development(
            tasks,
            development,
            torch.tensor(encoded.standardise),
            own_inputs=of_task is not None,
            input_origin=_origin(encoded.origins),
            target_origin=_origin([one.origin for one in targets]),
        )
        facts = facts_of_columns(columns, self.kinds, of_columns, encoded.treatments, self._apart(columns, dropped))
        read = input_columns(encoded.encodings, columns, self.missing, self.written, self.path)
        return TaskSet(
            self.path.stem, pool, held_out, {}, ordered(remarks), facts, test_is_drawn=not self.test, input_columns=read
        )

    def _tell_apart(self, columns: dict[str, Column]) -> list[Remark]:
        """Replace columns whose digits name things by text, and return remarks on what would be one as numbers."""
        predicted, candidates = self._roles(columns)
        roles: dict[str, DigitsRole] = {column.name: "target" for column in predicted}
        roles |= {column.name: "input" for column in candidates}
        roles |= {self.groups: "group"} if self.groups else {}
        remarks = remarks_on_near_groups(columns[self.groups]) if self.groups else []
        for name, role in roles.items():
            columns[name], said = told_apart(columns[name], role, self.kinds.get(name))
            remarks += said
        return remarks

    def _apart(self, columns: dict[str, Column], dropped: list[Remark]) -> dict[str, tuple[Role, str]]:
        """Return the role of the columns that are neither targets nor inputs, and what they do or why they are out."""
        apart: dict[str, tuple[Role, str]] = dict.fromkeys(columns, ("left out", "as asked"))
        apart |= {"": ("left out", "it has no name")}
        apart |= {remark.subject: ("left out", "it numbers the rows") for remark in dropped}
        if self.groups:
            apart[self.groups] = ("group", "keeps rows together in every split")
        if self.task:
            apart[self.task] = ("task", "says which task a row belongs to")
        if self.test:
            apart[self.test] = ("test", "marks the test rows")
        return apart

    def _tasks_of_rows(self, columns: dict[str, Column], predicted: list[Column]) -> RowTasks | None:
        if self.task is None:
            return None
        if len(predicted) > 1:
            found = f"{len(predicted)} are named, and with a column of tasks one holds the labels of all of them."
            raise UserError("table: targets", found, f"Name one, such as {predicted[0].name!r}.")
        return tasks_of_rows(columns[self.task], predicted[0])

    def _test_rows(
        self,
        columns: dict[str, Column],
        predicted: list[Column],
        groups: np.ndarray | None,
        of_task: RowTasks | None,
    ) -> np.ndarray:
        if self.test:
            return rows_named_for_test(columns[self.test], groups)
        if of_task is not None and groups is None:
            return rows_drawn_by_task(of_task, self.test_share, self.seed)
        labelled = np.stack([column.is_present for column in predicted], axis=1)
        labelled = labelled if of_task is None else of_task.labelled
        return rows_drawn_for_test(len(labelled), groups, self.test_share, self.seed, labelled)

    def _without_row_numbers(self, candidates: list[Column], index: list[str]) -> tuple[list[Column], list[Remark]]:
        """Return the input columns without those that number the rows, and a remark on each of these."""
        inputs, remarks = [], []
        for column in candidates:
            reason = None if column.name in self.kinds else why_it_numbers_rows(column, index)
            if reason is None:
                inputs.append(column)
            else:
                advice = f"To keep it, write kinds: {{{in_yaml(column.name)}: numeric}} under tasks."
                found = f"Column {column.name!r} {reason}, and is left out. {advice}"
                remarks.append(Remark("row_number", column.name, found))
        return inputs, remarks

    def _find_names(self, columns: dict[str, Column]) -> None:
        """Put names of columns in the place of patterns; refuse those that no column has."""
        names, file = list(columns), self.path.name
        self.task = self.task and one_column("task", self.task, names, file)
        self.groups = self.groups and one_column("groups", self.groups, names, file)
        self.test = self.test and one_column("test", self.test, names, file)
        self.kinds = by_column("kinds", self.kinds, names, file)
        named = [("missing", name) for name in (self.missing if isinstance(self.missing, dict) else ())]
        named += [("csv.decimal", name) for name in self.written.columns_named]
        for option, name in named:
            if name not in columns:
                raise UserError(f"table: {option}", f"{file} has no column {name!r}.", nearest_name(name, names))
        if (kind := self.kinds.get(self.groups or "")) not in (None, "numeric", "categorical"):
            advice = "Use numeric, where 01 and 1 are one group, or categorical, where they are two."
            raise UserError(f"table: kinds.{self.groups}", f"{kind!r} is no kind of a column of groups.", advice)
        for option, patterns in (("targets", self.targets), ("ignore", self.ignore)):
            refuse_unmatched(option, patterns, names, file)

    def _roles(self, columns: dict[str, Column]) -> tuple[list[Column], list[Column]]:
        """Return the columns to predict and those that may be predicted from."""
        names = list(columns)
        apart = {"", self.task, self.groups, self.test, *selected(self.ignore, names)}
        wanted = set(selected(self.targets, names))
        predicted = [columns[name] for name in names if name in wanted - apart]
        inputs = [columns[name] for name in names if name not in wanted | apart]
        if not predicted:
            raise UserError("table: targets", "all of them are groups, test or ignored.", "Name another column.")
        if not inputs:
            raise UserError("table: targets", f"{list(self.targets)} leave no input column.", "Narrow the pattern.")
        return predicted, inputs

    def _inputs(self, columns: list[Column], development: np.ndarray, dropped: list[Remark]) -> Encoded:
        encoded = encode(
            [(column, self._kind(column, INPUT_KINDS) or column.kind(INPUT_KINDS)) for column in columns], development
        )
        if not encoded.columns:
            reasons = " ".join(remark.text for remark in [*dropped, *encoded.remarks])
            raise UserError(str(self.path), f"no input is left. {reasons}", "Give one.")
        inputs = [name for name, done in encoded.treatments.items() if not done.startswith(LEFT_OUT)]
        if encoded.constant.issuperset(inputs):
            found = f"every input has one and the same value in all rows to develop on ({', '.join(inputs[:5])})."
            raise UserError(str(self.path), found, "Give an input that differs between rows.")
        return encoded

    def _kind(self, column: Column, allowed: Sequence[str]) -> ColumnKind | None:
        kind = self.kinds.get(column.name)
        if kind is not None and kind not in allowed:
            role = "a target" if allowed == TARGET_KINDS else "an input"
            raise UserError(
                f"table: kinds.{column.name}", f"{kind!r} is no kind of {role}.", f"Use {', '.join(allowed)}."
            )
        return kind


def _tasks_and_labels(targets: Sequence[Target]) -> tuple[tuple[Task, ...], np.ndarray]:
    return tuple(one.task for one in targets), np.stack([one.labels for one in targets], axis=1)


def _examples(encoded: Encoded, labels: np.ndarray, groups: np.ndarray | None, rows: np.ndarray) -> Examples:
    return Examples(
        inputs=torch.from_numpy(encoded.matrix()[rows]),
        targets=torch.from_numpy(labels[rows]),
        groups=None if groups is None else torch.from_numpy(groups[rows].astype(np.int64)),
    )


def _origin(origins: list[float]) -> torch.Tensor | None:
    return torch.tensor(origins, dtype=torch.float64) if any(origins) else None

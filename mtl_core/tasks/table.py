"""Task sets from the user's own table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from mtl_core.data.files.by_name import names_file, stem_of
from mtl_core.data.files.given_validation import given_validation
from mtl_core.data.files.table_files import TASK, table_files
from mtl_core.data.remark import Remark, ordered
from mtl_core.data.row_parts import EveryRowJudges, holdout, parts_of_rows
from mtl_core.data.splits import refuse_no_share
from mtl_core.data.tabular.column_roles import Roles
from mtl_core.data.tabular.columns import ColumnKind
from mtl_core.data.tabular.csv_format import CsvFormat
from mtl_core.data.tabular.encoding import Encoded
from mtl_core.data.tabular.input_checks import remarks_on_leaks, remarks_on_repeats
from mtl_core.data.tabular.input_columns import input_columns
from mtl_core.data.tabular.label_columns import LabelOptions
from mtl_core.data.tabular.made_columns import made_columns
from mtl_core.data.tabular.names_in_digits import columns_told_apart
from mtl_core.data.tabular.read_columns import read_columns
from mtl_core.data.tabular.same_targets import remarks_on_same_targets
from mtl_core.data.tabular.several_files import name_of
from mtl_core.data.tabular.table_columns import TableColumns
from mtl_core.data.tabular.table_facts import facts_of_columns
from mtl_core.data.tabular.table_inputs import encoded_inputs, examples_of, origin_of, without_row_numbers
from mtl_core.data.tabular.table_rows import TableRows
from mtl_core.data.tabular.table_targets import targets_of
from mtl_core.data.tabular.table_tasks import TableTasks, tasks_of_columns
from mtl_core.data.tabular.task_column import column_of_tasks, task_of_files, tasks_and_labels, tasks_of_rows
from mtl_core.data.tabular.test_split import group_numbers, remarks_on_labelled_groups, test_rows
from mtl_core.data.tabular.training_losses import with_training_losses
from mtl_core.data.tabular.weights import ClassWeight, WeightsIn, example_weights, refuse_metrics_without_weights
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.errors import UserError
from mtl_core.tasks import TaskSource


class Table(TaskSource):
    """The user's own table: a file with input and target columns, or one for each task; values may be missing.

    Numbers stay raw, with a further 0/1 column where values are missing; dates count days; categories become one 0/1
    column each.  Classes and categories are taken from the development rows, never from the test rows.  The task set's
    remarks say which kinds were inferred, and why.  Groups, classes and categories in a text file go by the text of the
    cell where different texts would be one number, such as 01 and 1; inputs that measure go by the number.

    Source: the user's file.

    Args:
        path: of the file (``mtl-study list formats``), or of a folder of files with the same columns, each of which is
            a task of its own, named like the file.
        query: of a data base, which table, or a ``SELECT``; without it its only table.
        targets: columns to predict; in a name that no column has, ``*`` and ``?`` stand for any text and for any one
            character, as in ``y_*``.
        kinds: what a column is, where inference is wrong: ``numeric``, ``boolean``, ``categorical``, ``date`` for
            inputs; ``regression``, ``count``, ``binary``, ``multiclass``, ``ordinal`` for targets; for the column of
            groups ``numeric``, where 01 and 1 are one group, or ``categorical``, where they are two.  Written like
            targets, as in ``{'y_*': regression}``; a column's own name goes before a pattern, and patterns may not
            disagree.
        order: classes of ordinal targets, lowest first, ``{y_pain: [none, mild, strong]}``, written like kinds; without
            it they are numbers, whose order it is.
        labels: columns whose cells hold several labels, each of which becomes a task of two classes, written like
            kinds: ``{tags: {separator: ';'}}``; an empty cell has none of them, or is unknown (``empty: missing``).
        vectors: tasks that predict several columns at once, ``{image: ['y_img_*']}``, or one of lists; their loss and
            metric are means over the numbers.
        metrics: metric of a target, where another one than the data suggest is to judge it; written like kinds.  A path
            ``package.module:name`` names a function of your own.
        losses: training loss of a target, where it is a function of your own: its path ``package.module:name``, written
            like kinds.
        task: column that says which task a row belongs to, as in a long table of schools; it is no input.  There is one
            target then, with the labels of all tasks, and the tasks are the values of this column.
        groups: column with the group of every row (a patient, a household), which no split divides; it is no input.  A
            pattern may stand for it, where that is one column.
        test: column that marks the rows for testing, and is no input; or a file with them (a folder, where ``path`` is
            one), such as ``test.csv``.
        validation: file with the rows to validate on, where there is one to test on; without it seeds draw them.
        test_share: share of the rows that is used for testing where no column marks them.
        ignore: columns to leave out, written like targets.
        seed: of the rows drawn for testing.
        missing: codes that stand for a missing value, in all columns (``[-999]``) or by column (``{age: [-1, 99]}``).
            Where a column of a text file has codes of its own, or none (``{country: []}``), words like ``NA`` are text.
        csv: how a text file is written where it is not by commas and decimal points: ``delimiter``, ``decimal``.
            Where columns differ, ``decimal`` names those with another decimal mark: ``{decimal: {price: ','}}``.
        encoding: of a text file.
        weight: column with a weight for every row, 0 or more, for all targets; it is no input.
        weights: columns with weights by target, ``{y_a: w_a}``, which go before ``weight``; written like kinds.
        class_weight: weights of classes in the loss: ``balanced``, such that the classes of a task have the same total
            on each training split, or by target, written like kinds: ``{y_a: balanced, y_b: {yes: 5}}``.
        weights_in: where the weights of rows count: in the ``loss`` alone, or in ``loss_and_metric``, which then has to
            be a mean over examples.
    """

    def __init__(
        self,
        *,
        path: Path,
        targets: tuple[str, ...],
        query: str | None = None,
        kinds: dict[str, ColumnKind] | None = None,
        metrics: dict[str, str] | None = None,
        losses: dict[str, str] | None = None,
        order: dict[str, tuple[str, ...]] | None = None,
        labels: dict[str, LabelOptions] | None = None,
        vectors: dict[str, tuple[str, ...]] | None = None,
        task: str | None = None,
        groups: str | None = None,
        test: str | None = None,
        validation: str | None = None,
        test_share: float = 0.2,
        ignore: tuple[str, ...] = (),
        seed: int = 0,
        missing: tuple[str | int | float, ...] | dict[str, tuple[str | int | float, ...]] = (),
        csv: dict[Literal["delimiter", "decimal"], str | dict[str, str]] | None = None,
        encoding: str = "utf-8",
        weight: str | None = None,
        weights: dict[str, str] | None = None,
        class_weight: Literal["balanced"] | dict[str, ClassWeight] | None = None,
        weights_in: WeightsIn = "loss",
    ) -> None:
        self.path, self.query = Path(path), query
        self.test_file = test if names_file(test) else None
        self.files = table_files(self.path, self.test_file, validation)
        self.roles = Roles(
            targets=tuple(targets),
            ignore=tuple(ignore),
            kinds=dict(kinds or {}),
            task=task_of_files(task) if self.files.names_tasks else task,
            groups=groups,
            test=None if self.test_file else test,
            weight=weight,
            weights=dict(weights or {}),
            weights_judge=weights_in == "loss_and_metric",
        )
        self.metrics, self.losses, self.order = dict(metrics or {}), dict(losses or {}), dict(order or {})
        self.labels, self.vectors = dict(labels or {}), dict(vectors or {})
        self.test_share, self.seed, self.missing = test_share, seed, missing
        self.written = CsvFormat(**(csv or {}), encoding=encoding)  # pyright: ignore[reportArgumentType]
        self.class_weight: Literal["balanced"] | dict[str, ClassWeight] | None = class_weight
        if self.roles.weights_judge and not (weight or weights):
            raise UserError("table: weights_in", "no column gives weights to rows.", "Name one: weight: …")
        refuse_no_share("table: test_share", test_share)
        if not targets:
            raise UserError("table: targets", "none are named.", "Say what to predict, such as 'y_*'.")

    def build(self) -> TaskSet:
        """Return the task set of the file.

        Raises:
            UserError: when the file, an option or a column cannot be used; it names the place and the remedy.
        """
        return self.build_for(holdout)

    def build_for(self, design: EveryRowJudges) -> TaskSet:
        """Return the same examples, with metrics and remarks of all rows where ``design`` lets all rows judge."""
        table = self._read()
        rows = self._rows(table, design)
        tasks, roles = self._tasks(table, rows)
        of_columns = tasks_and_labels(tasks.targets)
        parts = () if self.files.names_tasks else table.num_rows  # a day of each task's own is no row number
        inputs, dropped = without_row_numbers(table.candidates, table.index, roles.kinds, parts)
        encoded = encoded_inputs(inputs, roles.kinds, rows.parts, dropped, str(self.path))
        remarks = [*table.remarks, *rows.remarks, *remarks_on_same_targets(*of_columns), *dropped]
        remarks += remarks_on_leaks(inputs, table.candidates, table.predicted, *of_columns, rows.parts)
        apart = roles.apart(table.columns, dropped)
        facts = facts_of_columns(table.columns, roles.kinds, tasks.targets, encoded.treatments, apart)
        tasks = tasks.of_rows(rows, metric_is_asked=bool(self.metrics))
        remarks += [remark for one in tasks.targets for remark in one.remarks] + encoded.remarks
        remarks += remarks_on_repeats(encoded, rows.parts, rows.groups)
        pool, held_out = self._examples(encoded, rows, tasks, table.num_rows)
        return TaskSet(
            stem_of(self.path),
            pool,
            held_out,
            {},
            ordered(remarks),
            facts,
            test_is_drawn=not (roles.test or self.test_file),
            input_columns=input_columns(encoded.encodings, table.columns, self.missing, self.written, self.path),
        )

    def _examples(
        self, encoded: Encoded, rows: TableRows, tasks: TableTasks, num_rows: Sequence[int]
    ) -> tuple[Development, Examples]:
        """Return the pool to develop on, and the examples to test on."""
        development, held_out = (
            examples_of(encoded, tasks.labels, (rows.groups, tasks.weights), part & rows.used)
            for part in (rows.parts.development, rows.parts.test)
        )
        validating = self.files.rows_of("validate", num_rows)[rows.parts.development & rows.used]
        validates, share = given_validation(validating, tasks.tasks, development.targets.numpy())
        pool = Development(
            tasks.tasks,
            development,
            torch.tensor(encoded.standardise),
            validation_share=share,
            own_inputs=rows.tasks is not None,
            input_origin=origin_of(encoded.origins),
            target_origin=origin_of(tasks.origins),
            weights_judge=self.roles.weights_judge,
            validates=validates,
        )
        return pool, held_out

    def _read(self) -> TableColumns:
        """Read the files; find the columns that the options name."""
        file = read_columns(self.files.paths, self.written, self.missing, self.query)
        if self.files.names_tasks:
            file.columns[TASK] = column_of_tasks(self.files.task_of_rows(file.num_rows), file)
        made = made_columns(file.columns, self.labels, self.vectors, file.name)
        columns, remarks = made.columns, [*self.files.remarks, *file.remarks, *made.remarks]
        remarks += [Remark("no_name", "", "A column without a name is left out.")] if "" in columns else []
        coded = self.missing if isinstance(self.missing, dict) else ()
        named = {"missing": coded, "csv.decimal": self.written.columns_named}
        roles = self.roles.found_in(made, name_of(self.files.paths), named)
        remarks += columns_told_apart(columns, *roles.targets_and_inputs(columns), roles.groups, roles.kinds)
        predicted, candidates = roles.targets_and_inputs(columns)
        return TableColumns(columns, roles, predicted, candidates, made.vectors, file.index, file.num_rows, remarks)

    def _rows(self, table: TableColumns, design: EveryRowJudges) -> TableRows:
        """Find the group and the task of every row, and the rows to test on."""
        columns, roles, predicted = table.columns, table.roles, table.predicted
        groups = group_numbers(columns[roles.groups]) if roles.groups else None
        remarks = remarks_on_labelled_groups(predicted, groups)
        tasks = tasks_of_rows(columns[roles.task], predicted) if roles.task else None
        remarks += [] if tasks is None else tasks.remarks
        labelled = tasks.labelled if tasks else np.stack([one.is_present for one in predicted], axis=1)
        by_file = self.files.rows_of("test", table.num_rows) if self.test_file else None
        named = columns[roles.test] if roles.test else by_file
        test = test_rows(named, groups, labelled, self.test_share, self.seed, by_task=roles.task is not None)
        used = tasks.number >= 0 if tasks else np.ones_like(test)
        return TableRows(groups, tasks, parts_of_rows(test, groups, used, design, is_drawn=named is None), remarks)

    def _tasks(self, table: TableColumns, rows: TableRows) -> tuple[TableTasks, Roles]:
        """Make tasks of the columns to predict; the roles then say which column weighs which of them."""
        targets = targets_of(table.predicted, rows.parts, table.roles.kinds, self.metrics, self.order)
        tasks = tasks_of_columns(with_training_losses(targets, self.class_weight, self.losses), table.vectors)
        roles = table.roles.weighing([task.name for task in tasks.tasks])
        weights = example_weights(roles.weights, table.columns, tasks.tasks, tasks.whole.known, rows.parts)
        if roles.weights_judge:
            refuse_metrics_without_weights([task for task in tasks.tasks if task.name in roles.weights])
        return replace(tasks, weights=weights, weighed_by=roles.weights), roles

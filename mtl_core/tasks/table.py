"""Task sets from the user's own table."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import torch

from mtl_core.data.files.by_name import names_file, stem_of
from mtl_core.data.files.given_validation import given_validation
from mtl_core.data.files.table_files import TASK, table_files
from mtl_core.data.remark import Remark, ordered
from mtl_core.data.splits import refuse_no_share
from mtl_core.data.tabular.by_column import by_column, one_column
from mtl_core.data.tabular.column_roles import targets_and_inputs
from mtl_core.data.tabular.columns import INPUT_KINDS, Column, ColumnKind
from mtl_core.data.tabular.csv_format import CsvFormat
from mtl_core.data.tabular.declared_kinds import declared_kind, refuse_unknown_kinds
from mtl_core.data.tabular.input_checks import remarks_on_leaks, remarks_on_repeats
from mtl_core.data.tabular.input_columns import input_columns
from mtl_core.data.tabular.label_columns import LabelOptions
from mtl_core.data.tabular.made_columns import made_columns
from mtl_core.data.tabular.named_columns import refuse_kind_of_groups, refuse_unknown_columns
from mtl_core.data.tabular.names_in_digits import columns_told_apart
from mtl_core.data.tabular.read_columns import read_columns
from mtl_core.data.tabular.same_targets import remarks_on_same_targets
from mtl_core.data.tabular.several_files import name_of
from mtl_core.data.tabular.table_facts import columns_apart, facts_of_columns
from mtl_core.data.tabular.table_inputs import encoded_inputs, examples_of, origin_of, without_row_numbers
from mtl_core.data.tabular.table_targets import targets_of
from mtl_core.data.tabular.task_column import (
    column_of_tasks,
    one_task_each,
    task_of_files,
    tasks_and_labels,
    tasks_of_rows,
)
from mtl_core.data.tabular.test_split import (
    group_numbers,
    remarks_on_labelled_groups,
    test_rows,
)
from mtl_core.data.tabular.training_losses import with_training_losses
from mtl_core.data.tabular.vectors import joined
from mtl_core.data.tabular.weights import (
    ClassWeight,
    WeightsIn,
    columns_with_weights,
    example_weights,
    refuse_metrics_without_weights,
)
from mtl_core.data.task_set import Development, TaskSet
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
        self.path, self.targets = Path(path), tuple(targets)
        self.kinds: dict[str, ColumnKind] = dict(kinds or {})
        self.metrics, self.losses, self.order = dict(metrics or {}), dict(losses or {}), dict(order or {})
        self.labels, self.vectors = dict(labels or {}), dict(vectors or {})
        self.task, self.groups, self.test_share, self.query = task, groups, test_share, query
        self.test, self.test_file = (None, test) if names_file(test) else (test, None)
        self.files = table_files(self.path, self.test_file, validation)
        if self.files.names_tasks:
            self.task = task_of_files(task)
        self.ignore, self.seed, self.missing = tuple(ignore), seed, missing
        self.written = CsvFormat(**(csv or {}), encoding=encoding)  # pyright: ignore[reportArgumentType]
        self.weight, self.weights = weight, dict(weights or {})
        self.class_weight: Literal["balanced"] | dict[str, ClassWeight] | None = class_weight
        self.weights_judge = weights_in == "loss_and_metric"
        if self.weights_judge and not (weight or weights):
            raise UserError("table: weights_in", "no column gives weights to rows.", "Name one: weight: …")
        refuse_no_share("table: test_share", test_share)
        if not targets:
            raise UserError("table: targets", "none are named.", "Say what to predict, such as 'y_*'.")

    def build(self) -> TaskSet:
        """Return the task set of the file.

        Raises:
            UserError: when the file, an option or a column cannot be used; it names the place and the remedy.
        """
        file = read_columns(self.files.paths, self.written, self.missing, self.query)
        if self.files.names_tasks:
            file.columns[TASK] = column_of_tasks(self.files.task_of_rows(file.num_rows), file)
        made = made_columns(file.columns, self.labels, self.vectors, file.name)
        columns, remarks = made.columns, [*self.files.remarks, *file.remarks, *made.remarks]
        self.targets = tuple(dict.fromkeys([*self.targets, *made.targets]))
        self.kinds = made.with_kinds(self.kinds)
        remarks += [Remark("no_name", "", "A column without a name is left out.")] if "" in columns else []
        self._find_names(columns, made.sources)
        remarks += columns_told_apart(columns, *self._roles(columns), self.groups, self.kinds)
        predicted, candidates = self._roles(columns)
        groups = group_numbers(columns[self.groups]) if self.groups else None
        remarks += remarks_on_labelled_groups(predicted, groups)
        rows_of = tasks_of_rows(columns[self.task], predicted) if self.task else None
        remarks += [] if rows_of is None else rows_of.remarks
        labelled = rows_of.labelled if rows_of else np.stack([one.is_present for one in predicted], axis=1)
        by_file = self.files.rows_of("test", file.num_rows) if self.test_file else None
        named = columns[self.test] if self.test else by_file
        test = test_rows(named, groups, labelled, self.test_share, self.seed, by_task=self.task is not None)
        targets = targets_of(predicted, ~test, self.kinds, self.metrics, self.order)
        targets = with_training_losses(targets, self.class_weight, self.losses)
        tasks, labels = tasks_and_labels(targets)
        whole = joined(tasks, labels, made.vectors)
        self.weights = columns_with_weights(self.weight, self.weights, [task.name for task in whole.tasks])
        weights = example_weights(self.weights, columns, whole.tasks, whole.known, test)
        if self.weights_judge:
            refuse_metrics_without_weights([task for task in whole.tasks if task.name in self.weights])
        remarks += remarks_on_same_targets(tasks, labels)
        parts = () if self.files.names_tasks else file.num_rows  # a day of each task's own is no row number
        inputs, dropped = without_row_numbers(candidates, file.index, self.kinds, parts)
        kinds = [declared_kind(self.kinds, column.name, INPUT_KINDS) or column.kind() for column in inputs]
        encoded = encoded_inputs(inputs, kinds, ~test, dropped, str(self.path))
        remarks += dropped + remarks_on_leaks(inputs, candidates, predicted, tasks, labels, ~test)
        named = {"group": self.groups, "task": self.task, "test": self.test}
        apart = columns_apart(columns, dropped, named, self.weights, weights_judge=self.weights_judge)
        facts = facts_of_columns(columns, self.kinds, targets, encoded.treatments, apart)
        used = np.ones_like(test)
        if rows_of is not None:
            targets = one_task_each(targets[0], rows_of, ~test, metric_is_asked=bool(self.metrics))
            whole = joined(*tasks_and_labels(targets), {})
            labels, used = tasks_and_labels(targets)[1], rows_of.number >= 0
            weights = None if weights is None else np.repeat(weights, len(targets), axis=1)
        remarks += [remark for one in targets for remark in one.remarks] + encoded.remarks
        remarks += remarks_on_repeats(encoded, test)
        numbers, more = labels[:, whole.order], (groups, weights)
        development, held_out = (examples_of(encoded, numbers, more, rows & used) for rows in (~test, test))
        validating = self.files.rows_of("validate", file.num_rows)[~test & used]
        validates, share = given_validation(validating, whole.tasks, development.targets.numpy())
        pool = Development(
            whole.tasks,
            development,
            torch.tensor(encoded.standardise),
            validation_share=share,
            own_inputs=rows_of is not None,
            input_origin=origin_of(encoded.origins),
            target_origin=origin_of([targets[place].origin for place in whole.order]),
            weights_judge=self.weights_judge,
            validates=validates,
        )
        read = input_columns(encoded.encodings, columns, self.missing, self.written, self.path)
        drawn = not (self.test or self.test_file)
        return TaskSet(
            stem_of(self.path), pool, held_out, {}, ordered(remarks), facts, test_is_drawn=drawn, input_columns=read
        )

    def _find_names(self, columns: dict[str, Column], sources: set[str]) -> None:
        """Put names of columns in the place of patterns; refuse those that no column has."""
        names, file = list(columns), name_of(self.files.paths)
        self.task = self.task and one_column("task", self.task, names, file)
        self.groups = self.groups and one_column("groups", self.groups, names, file)
        self.test = self.test and one_column("test", self.test, names, file)
        self.kinds = by_column("kinds", self.kinds, names, file)
        refuse_unknown_kinds(self.kinds)
        refuse_kind_of_groups(self.groups, self.kinds.get(self.groups or ""))
        coded = self.missing if isinstance(self.missing, dict) else ()
        single = {"missing": coded, "csv.decimal": self.written.columns_named, "weights": self.weights.values()}
        refuse_unknown_columns(names, sources, file, single, {"targets": self.targets, "ignore": self.ignore})
        self.weight = self.weight and one_column("weight", self.weight, names, file)

    def _roles(self, columns: dict[str, Column]) -> tuple[list[Column], list[Column]]:
        """Return the columns to predict and those that may be predicted from."""
        named = (self.task, self.groups, self.test, self.weight, *self.weights.values())
        return targets_and_inputs(columns, self.targets, self.ignore, named)

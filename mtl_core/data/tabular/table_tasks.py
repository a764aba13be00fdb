"""The tasks of a table, with their labels and weights in all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mtl_core.data.row_parts import RowParts
from mtl_core.data.tabular.no_weight import remarks_on_no_weight
from mtl_core.data.tabular.table_rows import TableRows
from mtl_core.data.tabular.targets import Target
from mtl_core.data.tabular.task_column import one_task_each, tasks_and_labels
from mtl_core.data.tabular.vectors import Joined, joined
from mtl_core.data.task import Task


@dataclass(frozen=True)
class TableTasks:
    """Tasks that columns, or values of a column of tasks, stand for.

    Args:
        targets: in the order of their columns, or of the tasks of rows.
        whole: their tasks, where those of a vector are one.
        weights: of every row in every task, ``[n, t]``; ``None``: all weigh the same.
        weighed_by: names of the columns that hold them, by target.
    """

    targets: Sequence[Target]
    whole: Joined
    weights: np.ndarray | None = None
    weighed_by: Mapping[str, str] = field(default_factory=dict)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks."""
        return self.whole.tasks

    @property
    def labels(self) -> np.ndarray:
        """Numbers ``[n, c]`` of every row, in the order of the tasks; NaN without a label."""
        return tasks_and_labels(self.targets)[1][:, self.whole.order]

    @property
    def origins(self) -> list[float]:
        """What was subtracted from the numbers of each column of labels."""
        return [self.targets[place].origin for place in self.whole.order]

    def of_rows(self, rows: TableRows, *, metric_is_asked: bool) -> TableTasks:
        """Return the tasks of a long table, whose only target holds the labels of all; or the same of another.

        Labels that all weigh 0 are remarked on.

        Args:
            rows: of the table.
            metric_is_asked: whether the user chose the metric.

        Raises:
            UserError: when the user's metric is not known on a task's labels.
        """
        if rows.tasks is None:
            return self._remarked(rows.parts)
        targets = one_task_each(self.targets[0], rows.tasks, rows.parts, metric_is_asked=metric_is_asked)
        weights = None if self.weights is None else np.repeat(self.weights, len(targets), axis=1)
        weighed_by = dict.fromkeys((one.task.name for one in targets), *self.weighed_by.values())
        tasks = TableTasks(targets, joined(*tasks_and_labels(targets), {}), weights, weighed_by)
        return tasks._remarked(rows.parts)

    def _remarked(self, parts: RowParts) -> TableTasks:
        """The same tasks, with remarks at the first on labels that all weigh 0."""
        if self.weights is None:
            return self
        first, *others = self.targets
        found = remarks_on_no_weight(self.tasks, self.labels, self.weights, self.weighed_by, parts)
        return replace(self, targets=[replace(first, remarks=[*first.remarks, *found]), *others])


def tasks_of_columns(targets: Sequence[Target], vectors: Mapping[str, Sequence[str]]) -> TableTasks:
    """Return the tasks of columns, those of a vector as one.

    Args:
        targets: in the order of their columns.
        vectors: columns of every vector, by the name of its task.

    Raises:
        UserError: when a column of a vector is no regression, or its metric does not judge vectors.
    """
    return TableTasks(targets, joined(*tasks_and_labels(targets), vectors))

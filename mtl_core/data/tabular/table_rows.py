"""What the rows of a table are for, before any column becomes a target or an input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtl_core.data.remark import Remark
from mtl_core.data.row_parts import RowParts
from mtl_core.data.tabular.task_column import RowTasks


@dataclass(frozen=True)
class TableRows:
    """Group, task and part of every row.

    Args:
        groups: number of every row's group, ``[n]``; ``None``: every row is its own.
        tasks: the task of every row, in a long table; ``None``: targets are columns.
        parts: what they are for.
        remarks: on groups, and on tasks that are left out.
    """

    groups: np.ndarray | None
    tasks: RowTasks | None
    parts: RowParts
    remarks: list[Remark]

    @property
    def used(self) -> np.ndarray:
        """Mask of the rows that belong to a task: all of them, where targets are columns."""
        return np.ones_like(self.parts.test) if self.tasks is None else self.tasks.number >= 0

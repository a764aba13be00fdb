"""The columns of a table once they are read, and the role of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.column_roles import Roles
from mtl_core.data.tabular.columns import Column


@dataclass(frozen=True)
class TableColumns:
    """Columns with their roles.

    Args:
        columns: all of them, by name.
        roles: what the study file says that they are for.
        predicted: those to predict.
        candidates: those that may be predicted from.
        vectors: columns of every vector, by the name of its task.
        index: names of those that held the index of a data frame.
        num_rows: of each file.
        remarks: on the files and on the columns.
    """

    columns: Mapping[str, Column]
    roles: Roles
    predicted: Sequence[Column]
    candidates: Sequence[Column]
    vectors: Mapping[str, Sequence[str]]
    index: Sequence[str]
    num_rows: Sequence[int]
    remarks: Sequence[Remark]

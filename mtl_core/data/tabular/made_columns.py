"""Columns that a table gets before anything else is done: one for every label of a cell, or number of a list."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.column_names import selected
from mtl_core.data.tabular.columns import Column, ColumnKind
from mtl_core.data.tabular.label_columns import LabelOptions, with_label_columns
from mtl_core.data.tabular.vectors import Vectors, columns_of_vectors, with_lists_apart


@dataclass(frozen=True)
class MadeColumns:
    """Columns of a table with those of labels and of numbers in the place of their sources.

    Args:
        columns: by name.
        sources: names of columns of the file that others took the place of.
        vectors: columns of every vector, by the name of its task.
        targets: columns that are targets in any case.
        remarks: on empty cells, and on labels that are left out.
    """

    columns: dict[str, Column]
    sources: set[str]
    vectors: dict[str, list[str]]
    targets: list[str]
    remarks: list[Remark]

    def with_kinds(self, kinds: Mapping[str, ColumnKind]) -> dict[str, ColumnKind]:
        """Return the declared kinds, by name or pattern, with regression for numbers of vectors that have none."""
        named = set(selected(kinds, list(self.columns)))
        numbers = itertools.chain(*self.vectors.values())
        return {**kinds, **{name: "regression" for name in numbers if name not in named}}


def made_columns(
    columns: Mapping[str, Column], labels: Mapping[str, LabelOptions], vectors: Vectors, file: str
) -> MadeColumns:
    """Return the columns of a file as targets need them.

    Args:
        columns: of the file, by name.
        labels: options of columns whose cells hold several labels, by name or pattern.
        vectors: columns or patterns of the tasks that predict several.
        file: name of the file, for messages.

    Raises:
        UserError: when an option or a column is unfit.
    """
    parted = with_label_columns(columns, labels, file)
    found, lists = with_lists_apart(parted.columns, vectors)
    asked = {
        name: tuple(itertools.chain(*(lists.get(pattern, [pattern]) for pattern in patterns)))
        for name, patterns in vectors.items()
    }
    of_vectors = columns_of_vectors(asked, list(found), file)
    targets = [*itertools.chain(*parted.parts.values(), *of_vectors.values())]
    return MadeColumns(found, {*parted.parts, *lists}, of_vectors, targets, parted.remarks)

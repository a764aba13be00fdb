"""From the target columns of a table, and what a study file says of them, to tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtl_core.data.row_parts import RowParts
from mtl_core.data.tabular.by_column import by_column
from mtl_core.data.tabular.columns import TARGET_KINDS, Column, ColumnKind
from mtl_core.data.tabular.declared_kinds import declared_kind
from mtl_core.data.tabular.ordered_and_counted import ORDINAL
from mtl_core.data.tabular.targets import Target, target
from mtl_core.data.tabular.yaml_names import in_yaml
from mtl_core.errors import UserError


def targets_of(
    columns: Sequence[Column],
    parts: RowParts,
    kinds: Mapping[str, ColumnKind],
    metrics: Mapping[str, str],
    order: Mapping[str, tuple[str, ...]],
) -> list[Target]:
    """Return the tasks of the target columns.

    Args:
        columns: to predict.
        parts: what the rows are for.
        kinds: by column.
        metrics: by name or pattern of a target.
        order: of the classes of ordinal targets, by name or pattern.

    Raises:
        UserError: when a column, or what the study file says of it, is unfit.
    """
    names = [column.name for column in columns]
    asked = by_column("metrics", metrics, names, "the targets")
    orders = by_column("order", order, names, "the targets")
    for name in orders:
        if kinds.get(name) != ORDINAL:
            advice = f"Write kinds: {{{in_yaml(name)}: ordinal}}, or take the order out."
            raise UserError("table: order", f"{name!r} is not declared ordinal.", advice)
    return [
        target(
            column,
            declared_kind(kinds, column.name, TARGET_KINDS),
            parts,
            asked.get(column.name),
            orders.get(column.name),
        )
        for column in columns
    ]

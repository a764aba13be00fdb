"""Which columns of a table are predicted, and which may be predicted from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mtl_core.data.tabular.column_names import selected
from mtl_core.data.tabular.columns import Column
from mtl_core.errors import UserError


def targets_and_inputs(
    columns: Mapping[str, Column], targets: Sequence[str], ignore: Sequence[str], named: Iterable[str | None]
) -> tuple[list[Column], list[Column]]:
    """Return the columns to predict and those that may be predicted from.

    Args:
        columns: by name.
        targets: names or patterns of those to predict.
        ignore: names or patterns of those to leave out.
        named: columns with another role: groups, tasks, test, weights; ``None``: there is no such column.

    Raises:
        UserError: when no target, or no input, is left.
    """
    names = list(columns)
    apart = {"", *named, *selected(ignore, names)}
    wanted = set(selected(targets, names))
    predicted = [columns[name] for name in names if name in wanted - apart]
    inputs = [columns[name] for name in names if name not in wanted | apart]
    if not predicted:
        found = "all of them are groups, test, weights or ignored."
        raise UserError("table: targets", found, "Name another column.")
    if not inputs:
        raise UserError("table: targets", f"{list(targets)} leave no input column.", "Narrow the pattern.")
    return predicted, inputs

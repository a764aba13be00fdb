"""What each column of a table is for: predicted, predicted from, or with a role of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mtl_core.data.column_facts import Role
from mtl_core.data.remark import Remark
from mtl_core.data.tabular.by_column import by_column, one_column
from mtl_core.data.tabular.column_names import selected
from mtl_core.data.tabular.columns import Column, ColumnKind
from mtl_core.data.tabular.declared_kinds import refuse_unknown_kinds
from mtl_core.data.tabular.made_columns import MadeColumns
from mtl_core.data.tabular.named_columns import refuse_kind_of_groups, refuse_unknown_columns
from mtl_core.data.tabular.table_facts import columns_apart
from mtl_core.data.tabular.weights import columns_with_weights
from mtl_core.errors import UserError


@dataclass(frozen=True)
class Roles:
    """What a study file says that columns are for; each may be named by a pattern until the columns are known.

    Args:
        targets: columns to predict.
        ignore: columns to leave out.
        kinds: what a column is, where inference is wrong.
        task: column that says which task a row belongs to; ``None``: there is no such column.
        groups: column with the group of every row.
        test: column that marks the rows for testing.
        weight: column with a weight for every row.
        weights: columns with weights by target.
        weights_judge: whether rows are weighed in the metric, too.
    """

    targets: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    kinds: Mapping[str, ColumnKind] = field(default_factory=dict)
    task: str | None = None
    groups: str | None = None
    test: str | None = None
    weight: str | None = None
    weights: Mapping[str, str] = field(default_factory=dict)
    weights_judge: bool = False

    def found_in(self, made: MadeColumns, file: str, named: Mapping[str, Iterable[str]]) -> Roles:
        """Return the same roles with names of columns in the place of patterns.

        Args:
            made: the columns.
            file: name of the file, for messages.
            named: columns that other options of the study file name, by option.

        Raises:
            UserError: when a name or a pattern stands for no column, or for too many.
        """
        names = list(made.columns)
        one = {name: getattr(self, name) and one_column(name, getattr(self, name), names, file) for name in _SINGLE}
        kinds = by_column("kinds", made.with_kinds(self.kinds), names, file)
        refuse_unknown_kinds(kinds)
        refuse_kind_of_groups(one["groups"], kinds.get(one["groups"] or ""))
        targets = tuple(dict.fromkeys([*self.targets, *made.targets]))
        patterns = {"targets": targets, "ignore": self.ignore}
        refuse_unknown_columns(names, made.sources, file, {**named, "weights": self.weights.values()}, patterns)
        weight = self.weight and one_column("weight", self.weight, names, file)
        return replace(self, targets=targets, kinds=kinds, weight=weight, **one)

    def weighing(self, tasks: Sequence[str]) -> Roles:
        """Return the same roles with the column that weighs the rows of each of ``tasks``.

        Raises:
            UserError: when a pattern stands for no target, or two disagree about one.
        """
        return replace(self, weights=columns_with_weights(self.weight, self.weights, tasks))

    def targets_and_inputs(self, columns: Mapping[str, Column]) -> tuple[list[Column], list[Column]]:
        """Return the columns to predict and those that may be predicted from.

        Raises:
            UserError: when no target, or no input, is left.
        """
        names = list(columns)
        own = (self.task, self.groups, self.test, self.weight, *self.weights.values())
        apart = {"", *own, *selected(self.ignore, names)}
        wanted = set(selected(self.targets, names))
        predicted = [columns[name] for name in names if name in wanted - apart]
        inputs = [columns[name] for name in names if name not in wanted | apart]
        if not predicted:
            found = "all of them are groups, test, weights or ignored."
            raise UserError("table: targets", found, "Name another column.")
        if not inputs:
            raise UserError("table: targets", f"{list(self.targets)} leave no input column.", "Narrow the pattern.")
        return predicted, inputs

    def apart(self, columns: Iterable[str], dropped: Sequence[Remark]) -> dict[str, tuple[Role, str]]:
        """Return the role of the columns that are neither targets nor inputs, and what they do or why they are out.

        Args:
            columns: names of all columns.
            dropped: remarks on columns that number the rows.
        """
        named = {"group": self.groups, "task": self.task, "test": self.test}
        return columns_apart(columns, dropped, named, self.weights, weights_judge=self.weights_judge)


_SINGLE = ("task", "groups", "test")

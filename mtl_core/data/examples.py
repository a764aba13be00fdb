"""Examples in memory: inputs, targets, and what groups and weighs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jaxtyping import Float, Int
from torch import Tensor

from mtl_core.data.target_columns import columns_of_only
from mtl_core.data.task import Task


@dataclass(frozen=True)
class Examples:
    """Raw examples in memory, before any preprocessing.

    Args:
        inputs: float32; NaN means missing.
        targets: float32; class numbers 0 … k−1 for classification, the target's own unit for regression; NaN means
            that the example has no label for the task.  A task has as many columns as it has targets.
        groups: number of each example's group; a split never divides a group.  ``None``: every example is its own.
        weights: 0 or more, of every example in the loss of every task; ``None``: all count alike.
        copies: how many times the inputs serve, see :mod:`mtl_core.data.stacked_tasks`: targets, groups and weights
            then stand so many times below each other.
    """

    inputs: Float[Tensor, "n d"]
    targets: Float[Tensor, "n c"]
    groups: Int[Tensor, " n"] | None = None
    weights: Float[Tensor, "n t"] | None = None
    copies: int = 1

    def __len__(self) -> int:
        return len(self.inputs)

    def only(self, tasks: Sequence[Task], names: Sequence[str]) -> Examples:
        """Return the same examples with the targets and weights of the named tasks alone.

        Args:
            tasks: all of them, in the order of their columns.
            names: of the tasks to keep.
        """
        places = {task.name: place for place, task in enumerate(tasks)}
        targets = self.targets[:, columns_of_only(tasks, names)].contiguous()
        kept = None if self.weights is None else self.weights[:, [places[name] for name in names]].contiguous()
        return replace(self, targets=targets, weights=kept)

"""Loading of batches from examples in memory, by each replica's indices and with each replica's preprocessing."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.example_weights import class_numbers
from mtl_core.data.examples import Examples
from mtl_core.data.metrics.statistics.sums import CHUNK
from mtl_core.data.preprocessing import Preparation
from mtl_core.data.resident import resident
from mtl_core.data.target_columns import columns_of, labels
from mtl_core.fixed_tensor import FixedTensor


class BatchLoader:
    """Loader of the inputs and targets of one pool's examples for r replicas.

    An index has one signal for all tasks, ``[r, 1, b]``, or one for each, ``[r, t, b]``.  Targets of several tasks may
    stand one below the other for the same inputs (:mod:`mtl_core.data.stacked_tasks`).

    Args:
        examples: the pool.
        preparations: preprocessing of each row.
        device: where batches are made; the examples are copied there once per process.
    """

    def __init__(
        self, examples: Examples, preparations: Sequence[Preparation], device: torch.device | None = None
    ) -> None:
        device = examples.inputs.device if device is None else device
        self.examples, self.device = resident(examples, device), device
        self._tasks = [constant.task for constant in preparations[0].constants]
        self.fully_labelled = not bool(examples.targets.isnan().any())
        self._has_gaps = bool(examples.inputs.isnan().any())
        self._some_count_not = examples.weights is not None and bool((examples.weights == 0).any())
        self._is_stacked = examples.copies > 1
        self._input_shift, self._input_scale, self.target_shift, self.target_scale = (
            torch.stack([getattr(preparation, name) for preparation in preparations]).view(len(preparations), *shape)
            for name, shape in (
                ("input_shift", (1, 1, -1)),
                ("input_scale", (1, 1, -1)),
                ("target_shift", (-1, 1)),
                ("target_scale", (-1, 1)),
            )
        )
        # (x − 0) · 1 is x to the last bit; it is skipped to save time
        self._scales_inputs = bool((self._input_shift != 0).any() or (self._input_scale != 1).any())
        self._scales_targets = bool((self.target_shift != 0).any() or (self.target_scale != 1).any())
        self._input_shift, self._input_scale = self._input_shift.to(device), self._input_scale.to(device)
        self.target_shift, self.target_scale = self.target_shift.to(device), self.target_scale.to(device)
        self._class_weights, self._mean_weight = (
            _stacked(preparations, name, device) for name in ("class_weights", "mean_weight")
        )
        self._weights_judge = preparations[0].weights_judge
        self._first = FixedTensor([columns.start for columns in columns_of(self._tasks)])
        self._repeats = FixedTensor([task for task, one in enumerate(self._tasks) for _ in range(one.num_targets)])

    @property
    def num_tasks(self) -> int:
        """Number of tasks whose targets are loaded."""
        return len(self._tasks)

    def inputs(self, index: Int[Tensor, "r g b"]) -> Float[Tensor, "r g b d"]:
        """Return scaled inputs; a missing value becomes 0, which is the training mean of a standardised column."""
        inputs, places = self.examples.inputs, index.flatten()
        if self._is_stacked:
            places = places % len(inputs)
        x = inputs.index_select(0, places).view(*index.shape, -1)
        if self._scales_inputs:
            x = (x - self._input_shift) * self._input_scale
        if self._has_gaps:
            x = torch.where(x.isnan(), 0.0, x)
        return x

    def targets(self, index: Int[Tensor, "r g b"]) -> tuple[Float[Tensor, "r c b"], Bool[Tensor, "r t b"] | None]:
        """Return standardised targets without NaN, and the mask of those that count in the loss (``None``: all do).

        A label of weight 0 counts as none: a step divides by the number of labels, and trains the tasks that have some.
        """
        y = self.raw_targets(index)
        counted = None if self.fully_labelled else labels(self._tasks, y, dim=1)
        if self._some_count_not:
            weighs = self._own_weights(index) > 0
            counted = weighs if counted is None else counted & weighs
        if self._scales_targets:
            y = (y - self.target_shift) * self.target_scale
        return (y if self.fully_labelled else torch.where(y.isnan(), 0.0, y)), counted

    def labelled(self, index: Int[Tensor, "r g b"]) -> Bool[Tensor, "r t b"] | None:
        """Return the mask of examples that have a label, whatever its weight, as metrics judge them; ``None``: all."""
        return None if self.fully_labelled else labels(self._tasks, self.raw_targets(index), dim=1)

    def raw_targets(self, index: Int[Tensor, "r g b"]) -> Float[Tensor, "r c b"]:
        """Return targets in their own unit: every task's at a common index, or each task's at the task's own index."""
        targets = self.examples.targets
        if index.shape[1] == 1:
            rows = targets.index_select(0, index.flatten())
            return rows.view(len(index), index.shape[2], -1).transpose(1, 2)
        num_columns = targets.shape[1]
        if num_columns > index.shape[1]:
            index = index.index_select(1, self._repeats.at(index.device))
        places = index * num_columns + torch.arange(num_columns, device=index.device).view(1, -1, 1)
        return targets.flatten().index_select(0, places.flatten()).view(index.shape)

    def weights(self, index: Int[Tensor, "r g b"]) -> Float[Tensor, "r t b"] | None:
        """Return the weights of examples in the losses, with mean 1 on the training split; ``None``: all are alike."""
        if self._mean_weight is None:
            return None
        scale = self._mean_weight.unsqueeze(2)
        if self._class_weights is None:
            return self._own_weights(index) / scale
        targets = self.raw_targets(index).index_select(1, self._first.at(index.device))
        numbers = class_numbers(targets, self._class_weights)
        by_class = self._class_weights.gather(2, numbers) / scale
        return by_class if self.examples.weights is None else by_class * self._own_weights(index)

    def judging_weights(self, index: Int[Tensor, "r g b"]) -> Float[Tensor, "r t b"] | None:
        """Return the weights of examples in the metrics; ``None``: all count alike there."""
        return self._own_weights(index) if self._weights_judge and self.examples.weights is not None else None

    def _own_weights(self, index: Int[Tensor, "r g b"]) -> Float[Tensor, "r t b"]:
        weights = self.examples.weights
        assert weights is not None
        if index.shape[1] == 1:
            return weights.index_select(0, index.flatten()).view(len(index), index.shape[2], -1).transpose(1, 2)
        places = index * weights.shape[1] + torch.arange(weights.shape[1], device=index.device).view(1, -1, 1)
        return weights.flatten().index_select(0, places.flatten()).view(index.shape)


def _stacked(preparations: Sequence[Preparation], name: str, device: torch.device) -> Tensor | None:
    parts = [getattr(preparation, name) for preparation in preparations]
    return None if parts[0] is None else torch.stack(parts).to(device)


def padded(parts: Sequence[Sequence[Int[Tensor, " n"]]]) -> tuple[Int[Tensor, "r g m"], Bool[Tensor, "r g m"]]:
    """Return index sets of unequal lengths as one array of whole chunks, and the mask of the entries that are real.

    Chunks are whole so that the order of a sum, hence its bits, does not depend on the lengths of the other sets.

    Args:
        parts: for each row and signal, the indices of the examples.
    """
    length = -(-max(len(part) for row in parts for part in row) // CHUNK) * CHUNK
    index = torch.zeros(len(parts), len(parts[0]), length, dtype=torch.int64)
    real = torch.zeros(index.shape, dtype=torch.bool)
    for row, signals in enumerate(parts):
        for signal, part in enumerate(signals):
            index[row, signal, : len(part)] = part
            real[row, signal, : len(part)] = True
    return index, real

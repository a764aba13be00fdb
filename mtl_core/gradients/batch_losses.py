"""The tasks' losses on a batch, one for training steps, probes of gradients and steps that look ahead."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.losses import label_means, weighted
from mtl_core.network.network import Network


class BatchLosses:
    """Losses of the tasks on one batch: weighted means over the labels that count, and 0 for a task without any.

    Args:
        loader: the examples, prepared for each replica.
        index: positions of the batch's examples in the pool, common to all tasks (g = 1) or each task's own (g = t).
        real: which entries of ``index`` are no padding; ``None``: all.

    Attributes:
        counted: mask ``[r, t, b]`` of the labels that count; ``None``: every example has every label.
    """

    def __init__(
        self, loader: BatchLoader, index: Int[Tensor, "r g b"], real: Bool[Tensor, "r g b"] | None = None
    ) -> None:
        self._targets, self.counted = loader.targets(index)
        self._weights = loader.weights(index)
        if real is not None:
            tasks = loader.num_tasks
            self.counted = real.expand(-1, tasks, -1) if self.counted is None else self.counted & real

    def of(self, network: Network, outputs: Sequence[Tensor]) -> Float[Tensor, "r t"]:
        """Return the losses of ``outputs``, of the heads of ``network``."""
        return label_means(weighted(network.losses(outputs, self._targets), self._weights), self.counted)

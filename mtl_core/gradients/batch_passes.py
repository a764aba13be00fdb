"""The batches of a training step, and the passes of the network on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.gradients.batch_losses import BatchLosses
from mtl_core.gradients.task_gradients import CutPass, TaskPass, task_gradients
from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.network import Network
from mtl_core.network.shared_parameters import SharedParameters, last_shared_stage


@dataclass(frozen=True)
class Batch:
    """The examples and tasks of one training step.

    Args:
        index: positions of the examples in the pool, common to all tasks (g = 1) or each task's own (g = t).
        present: which tasks the step trains.
        context: makes the context of a forward pass; called once for each pass, with the same noise every time.
        progress: share of its training that each row has completed; by default this is the first step.
    """

    index: Int[Tensor, "r g b"]
    present: Bool[Tensor, "r t"]
    context: Callable[[], ForwardContext]
    progress: Float[Tensor, "*r"] = field(default_factory=lambda: torch.zeros(()))

    def first(self, examples: int) -> Batch:
        """Return the batch of the first few examples; the tasks that it trains stay the same."""
        return replace(self, index=self.index[:, :, :examples])


class BatchPasses:
    """Passes of the rows' networks on batches.

    Args:
        network: the network of the rows.
        theta: the rows' parameters.
        loader: the rows' prepared data.
    """

    def __init__(self, network: Network, theta: Theta, loader: BatchLoader) -> None:
        self.network, self.theta, self._loader = network, theta, loader
        self._memory: dict[int, Float[Tensor, "r t q"]] = {}

    @cached_property
    def shared(self) -> SharedParameters:
        """All shared parameters."""
        return SharedParameters(self.network.layout)

    @cached_property
    def last_shared_stage(self) -> SharedParameters:
        """The shared parameters of the last stage that has any."""
        return SharedParameters(self.network.layout, last_shared_stage(self.network.layout))

    def losses(self, batch: Batch, context: ForwardContext, theta: Theta | None = None) -> Float[Tensor, "r t"]:
        """Return the mean loss of each task, with its graph; 0 where a task is absent.

        Args:
            batch: the examples.
            context: context of the forward pass.
            theta: other parameters than the rows'.
        """
        x = self._loader.inputs(batch.index)
        return self._losses_of(batch, self.network(self.theta if theta is None else theta, x, context))

    def with_copied_buffers(self) -> Theta:
        """Return the parameters with copies of the buffers, for a pass that must not update running statistics."""
        return dict(self.theta) | {slot: self.theta[slot].clone() for slot in self.network.layout.buffers}

    def task_gradients(self, batch: Batch, theta: Theta | None = None) -> TaskPass:
        """Run a pass for the gradients of every task's loss, in the cheapest way that the network allows.

        Args:
            batch: the examples.
            theta: other parameters than the rows'.
        """
        x, losses_of = self._loader.inputs(batch.index), partial(self._losses_of, batch)
        used = self.theta if theta is None else theta
        return task_gradients(self.network, used, x, batch.context(), losses_of, self.shared)

    def jacobian(self, task_pass: TaskPass, number: int = 0) -> Float[Tensor, "r t q"]:
        """Return the tasks' gradients on the shared parameters, in memory that the next step uses again.

        Args:
            task_pass: the pass.
            number: of its batch in the step, from 0.
        """
        if number not in self._memory:
            like, shape = next(iter(self.theta.values())), (len(self.network.tasks), self.shared.size)
            self._memory[number] = like.new_empty(len(like), *shape)
        return task_pass.on(self.shared, self._memory[number])

    def cut(self, batch: Batch) -> CutPass:
        """Run a pass that is cut at the representation."""
        x, losses_of = self._loader.inputs(batch.index), partial(self._losses_of, batch)
        return CutPass(self.network, self.theta, x, batch.context(), losses_of, self.shared)

    def labelled(self, batch: Batch) -> Bool[Tensor, "r t"] | None:
        """Return which tasks have a label among the examples; ``None``: all."""
        _, labelled = self._loader.targets(batch.index)
        return None if labelled is None else labelled.any(dim=2)

    def _losses_of(self, batch: Batch, outputs: Sequence[Tensor]) -> Float[Tensor, "r t"]:
        losses = BatchLosses(self._loader, batch.index).of(self.network, outputs)
        return torch.where(batch.present, losses, 0.0)

"""From a batch to the gradient of a step, as the weighting method of the recipe has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.feed import Feed
from mtl_core.gradients import SharedPart, TaskGradients, matched, task_gradients
from mtl_core.layers.bank import Theta
from mtl_core.losses import label_means
from mtl_core.mode import Mode
from mtl_core.network import Network
from mtl_core.streams import Streams
from mtl_core.weighting import GramianWeighting, JacobianWeighting, LossWeighting, State, Weighting, scaled


@dataclass(frozen=True)
class Batch:
    """What a step is about.

    Args:
        index: of the examples.
        present: which tasks it trains.
        mode: makes the mode of a forward pass; called once for each, with the same noise every time.
    """

    index: Int[Tensor, "r g b"]
    present: Bool[Tensor, "r t"]
    mode: Callable[[], Mode]


@dataclass(frozen=True)
class Direction:
    """What a step does.

    Args:
        gradients: trained slot by slot.
        losses: of the batch, before the step; 0 where a task is absent.
        weights: of the tasks; NaN for methods that combine gradients otherwise than by weights.
    """

    gradients: list[Float[Tensor, "r s"]]
    losses: Float[Tensor, "r t"]
    weights: Float[Tensor, "r t"]


class Descent:
    """Directions for one array.

    Args:
        network: of the rows.
        theta: their parameters.
        feed: their batches.
        weighting: the method, with the rows' hyperparameters.
        scale: ``matched`` or ``native``.
    """

    def __init__(self, network: Network, theta: Theta, feed: Feed, weighting: Weighting, scale: str) -> None:
        self._network, self._theta, self._feed = network, theta, feed
        self._weighting, self._scale = weighting, scale

    @cached_property
    def _shared(self) -> SharedPart:
        return SharedPart(self._network.layout)

    @property
    def batches(self) -> int:
        """Independent batches that a step takes."""
        return self._weighting.batches if isinstance(self._weighting, JacobianWeighting) else 1

    def direction(self, batches: list[Batch], memory: State, streams: Streams) -> Direction:
        """The gradient of one step; ``memory`` is updated in place."""
        if isinstance(self._weighting, LossWeighting):
            return self._by_losses(self._weighting, batches[0], memory, streams)
        found = [self._task_gradients(batch) for batch in batches]
        here = torch.stack([batch.present for batch in batches]).all(dim=0)
        method, first = self._weighting, found[0]
        own_share = torch.where(here, 1.0, 0.0)
        if self._scale == "matched":
            own_share = own_share / own_share.sum(dim=1, keepdim=True).clamp(min=1)
        if isinstance(method, GramianWeighting):
            weights = method.weigh(first.gramian, first.losses, here, memory, streams).to(first.losses)
            weights = scaled(weights, here, self._scale)
            shared = torch.bmm(weights.unsqueeze(1), first.jacobian).squeeze(1)
            private = weights if method.weighs_everything else own_share
        else:
            assert isinstance(method, JacobianWeighting)
            jacobians = [part.jacobian for part in found]
            shared = method.combine(jacobians, first.losses, here, memory, streams).to(first.losses)
            shared = matched(shared, first.jacobian, here, self._scale)
            weights, private = torch.full_like(first.losses, torch.nan), own_share
        return Direction(self._shared.gradient(first, shared, private), first.losses, weights)

    def look_again(self, batch: Batch, memory: State) -> None:
        """Show a method that asks for it what the step did to the losses of its batch."""
        if not (isinstance(self._weighting, LossWeighting) and self._weighting.looks_again):
            return
        # the second look must not count for running statistics
        theta = self._theta | {slot: self._theta[slot].clone() for slot in self._network.layout.buffers}
        with torch.no_grad():
            losses = self._losses(batch, self._network(theta, self._feed.inputs(batch.index), batch.mode()))
        self._weighting.look_again(losses, batch.present, memory)

    def _by_losses(self, method: LossWeighting, batch: Batch, memory: State, streams: Streams) -> Direction:
        mode = batch.mode()
        losses = self._losses(batch, self._network(self._theta, self._feed.inputs(batch.index), mode))
        weights = method.weigh(losses.detach(), batch.present, memory, streams)
        weights = scaled(weights, batch.present, self._scale)
        objective = torch.stack([(weights * losses).sum(), *(penalty.sum() for penalty in mode.penalties)]).sum()
        return Direction(self._network.layout.gradient(objective, self._theta), losses.detach(), weights)

    def _task_gradients(self, batch: Batch) -> TaskGradients:
        x = self._feed.inputs(batch.index)
        return task_gradients(
            self._network, self._theta, x, batch.mode(), lambda outputs: self._losses(batch, outputs), self._shared
        )

    def _losses(self, batch: Batch, outputs: list[Tensor]) -> Float[Tensor, "r t"]:
        targets, labelled = self._feed.targets(batch.index)
        losses = label_means(self._network.losses(outputs, targets), labelled)
        return torch.where(batch.present, losses, 0.0)

"""From a batch to the gradient of a step, as the weighting method of the recipe has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.batch_loader import Feed
from mtl_core.data.losses import label_means
from mtl_core.gradients.cotangents import gramian
from mtl_core.gradients.task_gradients import CutPass, TaskPass, task_gradients
from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.network import Network
from mtl_core.network.shared_parameters import SharedPart, last_shared_stage
from mtl_core.randomness.counter_based import Streams
from mtl_core.recipe import Recipe
from mtl_core.weighting import (
    GramianStep,
    GramianWeighting,
    JacobianStep,
    JacobianWeighting,
    LossWeighting,
    State,
    Step,
    Weighting,
    matched,
    scaled,
)


@dataclass(frozen=True)
class Batch:
    """What a step is about.

    Args:
        index: of the examples.
        present: which tasks it trains.
        context: makes the context of a forward pass; called once for each, with the same noise every time.
    """

    index: Int[Tensor, "r g b"]
    present: Bool[Tensor, "r t"]
    context: Callable[[], ForwardContext]


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


class StepGradient:
    """Directions for one array.

    Args:
        recipe: says how the method's weights are scaled, and on what its Gramian is taken.
        network: of the rows.
        theta: their parameters.
        feed: their batches.
        weighting: the method, with the rows' hyperparameters.
    """

    def __init__(self, recipe: Recipe, network: Network, theta: Theta, feed: Feed, weighting: Weighting) -> None:
        self._recipe, self._network, self._theta, self._feed = recipe, network, theta, feed
        self._weighting = weighting

    @cached_property
    def _part(self) -> SharedPart:
        return SharedPart(self._network.layout)

    @cached_property
    def _rooms(self) -> list[Float[Tensor, "r t q"]]:
        """Memory for the gradients of each batch of a step, used again in the next step."""
        some = next(iter(self._theta.values()))
        return [some.new_empty(len(some), len(self._network.tasks), self._part.size) for _ in range(self.batches)]

    @cached_property
    def _last_stage(self) -> SharedPart:
        return SharedPart(self._network.layout, last_shared_stage(self._network.layout))

    @property
    def batches(self) -> int:
        """Independent batches that a step takes."""
        return self._weighting.batches if isinstance(self._weighting, JacobianWeighting) else 1

    def direction(self, batches: list[Batch], memory: State, streams: Streams) -> Direction:
        """The gradient of one step; ``memory`` is updated in place."""
        method = self._weighting
        if isinstance(method, LossWeighting):
            return self._by_losses(method, batches[0], memory, streams)
        if isinstance(method, GramianWeighting):
            return self._by_gramian(method, batches[0], memory, streams)
        assert isinstance(method, JacobianWeighting)
        return self._by_jacobians(method, batches, memory, streams)

    def observe_step(self, batch: Batch, memory: State, streams: Streams) -> None:
        """Show a method that asks for it what the step did to the losses of its batch."""
        if not (isinstance(self._weighting, LossWeighting) and self._weighting.observes_step):
            return
        with torch.no_grad():
            outputs = self._network(self._unnoticed, self._feed.inputs(batch.index), batch.context())
            losses = self._losses(batch, outputs)
        self._weighting.observe_step(Step(losses, batch.present, memory, streams))

    def _by_losses(self, method: LossWeighting, batch: Batch, memory: State, streams: Streams) -> Direction:
        context = batch.context()
        losses = self._losses(batch, self._network(self._theta, self._feed.inputs(batch.index), context))
        weights = method.weigh(Step(losses.detach(), batch.present, memory, streams))
        weights = scaled(weights, batch.present, self._recipe.scale)
        objective = torch.stack([(weights * losses).sum(), *(penalty.sum() for penalty in context.penalties)]).sum()
        return Direction(self._network.layout.gradient(objective, self._theta), losses.detach(), weights)

    def _by_gramian(self, method: GramianWeighting, batch: Batch, memory: State, streams: Streams) -> Direction:
        found, directed, products = self._products(batch)
        weights = method.weigh(GramianStep(found.losses, batch.present, memory, streams, products)).to(found.losses)
        weights = scaled(weights, batch.present, self._recipe.scale)
        private = weights if method.weighs_everything else self._own_share(batch.present)
        gradient = self._part.gradient(directed(weights), found.own, private, found.penalty)
        return Direction(gradient, found.losses, weights)

    def _products(self, batch: Batch) -> tuple[TaskPass, Callable[[Tensor], Tensor], Float[Tensor, "r t t"]]:
        """A pass, how weights become a direction on the shared parameters, and the Gramian to weigh by."""
        if self._recipe.gramian_rows is not None:
            part = replace(batch, index=batch.index[:, :, : self._recipe.gramian_rows])
            estimate = gramian(self._task_gradients(part, self._unnoticed).jacobian)
            found = self._cut(batch)
            return found, found.combined, estimate
        if self._recipe.gradients == "representation":
            found = self._cut(batch)
            return found, found.combined, found.at_z.gramian()
        if self._recipe.gradients == "last_stage":
            found = self._cut(batch)
            return found, found.combined, gramian(found.on(self._last_stage))
        found = self._task_gradients(batch, self._theta)
        jacobian = found.on(self._part, self._rooms[0])
        return found, lambda weights: torch.bmm(weights.unsqueeze(1), jacobian).squeeze(1), gramian(jacobian)

    def _by_jacobians(
        self, method: JacobianWeighting, batches: list[Batch], memory: State, streams: Streams
    ) -> Direction:
        found = [self._task_gradients(batch, self._theta) for batch in batches]
        here = torch.stack([batch.present for batch in batches]).all(dim=0)
        jacobians = [one.on(self._part, room) for one, room in zip(found, self._rooms, strict=True)]
        first = found[0]
        shared = method.combine(JacobianStep(first.losses, here, memory, streams, jacobians)).to(first.losses)
        shared = matched(shared, jacobians[0], here, self._recipe.scale)
        private = self._own_share(here) * method.own_factors(first.losses)
        gradient = self._part.gradient(shared, first.own, private, first.penalty)
        return Direction(gradient, first.losses, torch.full_like(first.losses, torch.nan))

    def _own_share(self, present: Bool[Tensor, "r t"]) -> Float[Tensor, "r t"]:
        """Factors of the own gradients of private parameters."""
        share = torch.where(present, 1.0, 0.0)
        if self._recipe.scale == "native":
            return share
        return share / share.sum(dim=1, keepdim=True).clamp(min=1)

    @property
    def _unnoticed(self) -> Theta:
        """Parameters for a look that must not count for running statistics."""
        return dict(self._theta) | {slot: self._theta[slot].clone() for slot in self._network.layout.buffers}

    def _task_gradients(self, batch: Batch, theta: Theta) -> TaskPass:
        x, losses_of = self._feed.inputs(batch.index), partial(self._losses, batch)
        return task_gradients(self._network, theta, x, batch.context(), losses_of, self._part)

    def _cut(self, batch: Batch) -> CutPass:
        x, losses_of = self._feed.inputs(batch.index), partial(self._losses, batch)
        return CutPass(self._network, self._theta, x, batch.context(), losses_of, self._part)

    def _losses(self, batch: Batch, outputs: Sequence[Tensor]) -> Float[Tensor, "r t"]:
        targets, labelled = self._feed.targets(batch.index)
        losses = label_means(self._network.losses(outputs, targets), labelled)
        return torch.where(batch.present, losses, 0.0)

"""The gradient of a training step, as the weighting method of the recipe combines the tasks' losses or gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.gradients.batch_passes import Batch, BatchPasses
from mtl_core.gradients.cotangents import Slotwise
from mtl_core.gradients.gramian_sources import source_of
from mtl_core.gradients.scales import matched, mean_step, scaled
from mtl_core.gradients.seen_tasks import of_all_present
from mtl_core.layers.bank import Theta
from mtl_core.layers.sum_of_parts import sum_of_parts
from mtl_core.network.network import Network
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
)
from mtl_core.weighting.solvers.on_host import weigh


@dataclass(frozen=True)
class Direction:
    """Losses of a batch, and the gradient that the optimiser steps against.

    Args:
        gradients: of the trained parameters, slot by slot.
        losses: of the batch, before the step; 0 where a task is absent.
        present: tasks that take part in the step: those with a label in each of its batches.
        weights: of the tasks; NaN for methods that combine gradients otherwise than by weights.
    """

    gradients: list[Float[Tensor, "r s"]]
    losses: Float[Tensor, "r t"]
    present: Bool[Tensor, "r t"]
    weights: Float[Tensor, "r t"]


class StepGradient:
    """Computes the gradients of the training steps of one array.

    Args:
        recipe: how the method's weights are scaled, and on what its Gramian is taken.
        network: the network of the rows.
        theta: the rows' parameters.
        loader: the rows' prepared data.
        weighting: the weighting method, with the rows' hyperparameters.
    """

    def __init__(
        self, recipe: Recipe, network: Network, theta: Theta, loader: BatchLoader, weighting: Weighting
    ) -> None:
        self._recipe, self._weighting = recipe, weighting
        self._passes = BatchPasses(network, theta, loader)

    @property
    def batches(self) -> int:
        """Number of independent batches that a step takes."""
        return self._weighting.batches if isinstance(self._weighting, JacobianWeighting) else 1

    def direction(self, batches: list[Batch], memory: State, streams: Streams) -> Direction:
        """Return the losses and the gradient of one step.

        Args:
            batches: as many as :attr:`batches`.
            memory: what the weighting method remembers; updated in place.
            streams: random numbers of the step, for the weighting method.
        """
        found = self._unclipped(batches, memory, streams)
        if self._weighting.max_norm is not None:
            self._passes.shared.shorten_(found.gradients, self._weighting.max_norm)
        return found

    def _unclipped(self, batches: list[Batch], memory: State, streams: Streams) -> Direction:
        method = self._weighting
        if method.needs == "losses":  # or one that averages the weights of such a method, and answers like it
            return self._by_losses(cast(LossWeighting, method), batches[0], memory, streams)
        if isinstance(method, GramianWeighting):
            return self._by_gramian(method, batches[0], memory, streams)
        assert isinstance(method, JacobianWeighting)
        return self._by_jacobians(method, batches, memory, streams)

    def observe_step(self, batch: Batch, memory: State, streams: Streams) -> None:
        """Show the losses of ``batch`` after the step to a method that asks for them; other methods see nothing."""
        if not (isinstance(self._weighting, LossWeighting) and self._weighting.observes_step):
            return
        with torch.no_grad():
            losses = self._passes.losses(batch, batch.context(), self._passes.with_copied_buffers())
        self._weighting.observe_step(Step(losses, batch.present, memory, streams, progress=batch.progress))

    def _by_losses(self, method: LossWeighting, batch: Batch, memory: State, streams: Streams) -> Direction:
        context = batch.context()
        losses = self._passes.losses(batch, context)
        weights = method.weigh(Step(losses.detach(), batch.present, memory, streams, progress=batch.progress))
        weights = scaled(weights, batch.present, self._recipe.scale)
        objective = torch.stack([(weights * losses).sum(), *(penalty.sum() for penalty in context.penalties)]).sum()
        gradients = self._passes.network.layout.gradient(objective, self._passes.theta)
        return Direction(gradients, losses.detach(), batch.present, weights)

    def _by_gramian(self, method: GramianWeighting, batch: Batch, memory: State, streams: Streams) -> Direction:
        source = source_of(self._recipe, self._passes, batch)
        task_pass, present, seen = source.task_pass, batch.present, source.seen
        losses = task_pass.losses
        if method.weighs_everything:  # a task whose gradient vanishes there has private parameters to be trained
            seen = seen & (source.gramian.diagonal(dim1=1, dim2=2) != 0)
        shown = torch.where(seen, losses, 0.0)
        step = GramianStep(shown, seen, memory, streams, source.gramian, progress=batch.progress)
        weights = of_all_present(weigh(method, step).to(losses), seen, present, self._recipe.scale)
        private = weights if method.weighs_everything else self._private_factors(present)
        shared = source.combined(weights)
        gradient = self._passes.shared.gradient(shared, task_pass.own, private, task_pass.penalty)
        return Direction(gradient, losses, present, weights)

    def _by_jacobians(
        self, method: JacobianWeighting, batches: list[Batch], memory: State, streams: Streams
    ) -> Direction:
        passes = [self._passes.task_gradients(batch) for batch in batches]
        jacobians = [self._passes.jacobian(one, number) for number, one in enumerate(passes)]
        losses, present = passes[0].losses, batches[0].present
        if any(batch.present is not present for batch in batches):  # a task takes part that has a label in all of them
            present = torch.stack([batch.present for batch in batches]).all(dim=0)
            losses = torch.where(present, losses, 0.0)
            jacobians = [torch.where(present.unsqueeze(2), jacobian, 0.0) for jacobian in jacobians]
        seen = self._passes.shared.users_among(present)
        own, penalty = (mean_of([getattr(one, part) for one in passes]) for part in ("own", "penalty"))
        if method.adaptive and penalty:
            jacobians = [self._with_share_of(penalty, jacobian, seen) for jacobian in jacobians]
        shown = torch.where(seen, losses, 0.0)
        step = JacobianStep(shown, seen, memory, streams, jacobians, progress=batches[0].progress)
        direction = method.combine(step).to(losses)
        if method.adaptive:
            direction = mean_step(direction, present, self._recipe.scale)
        else:
            mean = jacobians[0] if len(jacobians) == 1 else torch.stack(jacobians).mean(dim=0)
            direction = matched(direction, mean, present, self._recipe.scale)
        private = self._private_factors(present) * method.own_factors(losses)
        gradient = self._passes.shared.gradient(direction, own, private, penalty, penalised=method.adaptive)
        return Direction(gradient, losses, present, torch.full_like(losses, torch.nan))

    def _with_share_of(
        self, penalty: Slotwise, jacobian: Float[Tensor, "r t q"], seen: Bool[Tensor, "r t"]
    ) -> Float[Tensor, "r t q"]:
        """Return the task gradients with an equal share of the penalty's gradient in that of each task that is seen."""
        shared = self._passes.shared
        whole = jacobian.new_empty(len(jacobian), shared.size)
        shared.write([penalty[number] for number in shared.slots], whole)
        return jacobian + _shares(seen).unsqueeze(2) * whole.unsqueeze(1)

    def _private_factors(self, present: Bool[Tensor, "r t"]) -> Float[Tensor, "r t"]:
        """Return the factors of the tasks' gradients on private parameters: 1, or its share under ``matched``."""
        return torch.where(present, 1.0, 0.0) if self._recipe.scale == "native" else _shares(present)


def _shares(present: Bool[Tensor, "r t"]) -> Float[Tensor, "r t"]:
    """Equal shares of the present tasks, 0 for absent ones."""
    factors = torch.where(present, 1.0, 0.0)
    return factors / factors.sum(dim=1, keepdim=True).clamp(min=1)


def mean_of(passes: Sequence[Slotwise]) -> Slotwise:
    """Return the mean of several passes' gradients, slot by slot; ``None`` is zero, and stays if all are ``None``."""
    if len(passes) == 1:
        return passes[0]
    found: list[Tensor | None] = []
    for gradients in zip(*passes, strict=True):
        given = [gradient for gradient in gradients if gradient is not None]
        found.append(sum_of_parts(given) / len(passes) if given else None)
    return found

"""The gradient of a training step, as the weighting method of the recipe combines the tasks' losses or gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.gradients.batch_losses import BatchLosses
from mtl_core.gradients.cotangents import Slotwise, gramian
from mtl_core.gradients.task_gradients import CutPass, TaskPass, task_gradients
from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.layers.sum_of_parts import sum_of_parts
from mtl_core.network.network import Network
from mtl_core.network.shared_parameters import SharedParameters, last_shared_stage
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
    mean_step,
    scaled,
)
from mtl_core.weighting.solvers.on_host import weigh


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


@dataclass(frozen=True)
class Direction:
    """Losses of a batch, and the gradient that the optimiser steps against.

    Args:
        gradients: of the trained parameters, slot by slot.
        losses: of the batch, before the step; 0 where a task is absent.
        weights: of the tasks; NaN for methods that combine gradients otherwise than by weights.
    """

    gradients: list[Float[Tensor, "r s"]]
    losses: Float[Tensor, "r t"]
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
        self._recipe, self._network, self._theta, self._loader = recipe, network, theta, loader
        self._weighting = weighting

    @cached_property
    def _shared(self) -> SharedParameters:
        return SharedParameters(self._network.layout)

    @cached_property
    def _last_shared_stage(self) -> SharedParameters:
        return SharedParameters(self._network.layout, last_shared_stage(self._network.layout))

    @cached_property
    def _jacobian_memory(self) -> list[Float[Tensor, "r t q"]]:
        """Memory for the task gradients on each batch of a step, which every step uses again."""
        like = next(iter(self._theta.values()))
        return [like.new_empty(len(like), len(self._network.tasks), self._shared.size) for _ in range(self.batches)]

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
            self._shared.shorten_(found.gradients, self._weighting.max_norm)
        return found

    def _unclipped(self, batches: list[Batch], memory: State, streams: Streams) -> Direction:
        method = self._weighting
        if isinstance(method, LossWeighting):
            return self._by_losses(method, batches[0], memory, streams)
        if isinstance(method, GramianWeighting):
            return self._by_gramian(method, batches[0], memory, streams)
        assert isinstance(method, JacobianWeighting)
        return self._by_jacobians(method, batches, memory, streams)

    def observe_step(self, batch: Batch, memory: State, streams: Streams) -> None:
        """Show the losses of ``batch`` after the step to a method that asks for them; other methods see nothing."""
        if not (isinstance(self._weighting, LossWeighting) and self._weighting.observes_step):
            return
        with torch.no_grad():
            outputs = self._network(self._with_copied_buffers(), self._loader.inputs(batch.index), batch.context())
            losses = self._losses(batch, outputs)
        self._weighting.observe_step(Step(losses, batch.present, memory, streams, progress=batch.progress))

    def _by_losses(self, method: LossWeighting, batch: Batch, memory: State, streams: Streams) -> Direction:
        context = batch.context()
        losses = self._losses(batch, self._network(self._theta, self._loader.inputs(batch.index), context))
        weights = method.weigh(Step(losses.detach(), batch.present, memory, streams, progress=batch.progress))
        weights = scaled(weights, batch.present, self._recipe.scale)
        objective = torch.stack([(weights * losses).sum(), *(penalty.sum() for penalty in context.penalties)]).sum()
        return Direction(self._network.layout.gradient(objective, self._theta), losses.detach(), weights)

    def _by_gramian(self, method: GramianWeighting, batch: Batch, memory: State, streams: Streams) -> Direction:
        task_pass, combine, products = self._products(batch)
        losses, present = task_pass.losses, batch.present
        step = GramianStep(losses, present, memory, streams, products, progress=batch.progress)
        weights = weigh(method, step).to(losses)
        weights = scaled(weights, present, self._recipe.scale)
        private = weights if method.weighs_everything else self._private_factors(present)
        gradient = self._shared.gradient(combine(weights), task_pass.own, private, task_pass.penalty)
        return Direction(gradient, losses, weights)

    def _products(self, batch: Batch) -> tuple[TaskPass, Callable[[Tensor], Tensor], Float[Tensor, "r t t"]]:
        """Return a pass, the function from weights to the direction on the shared parameters, and the Gramian."""
        if self._recipe.gramian_rows is not None:
            part = replace(batch, index=batch.index[:, :, : self._recipe.gramian_rows])
            estimate = gramian(self._task_gradients(part, self._with_copied_buffers()).jacobian)
            cut = self._cut(batch)
            return cut, cut.combined, estimate
        if self._recipe.gradients == "representation":
            cut = self._cut(batch)
            return cut, cut.combined, cut.at_z.gramian()
        if self._recipe.gradients == "last_stage":
            cut = self._cut(batch)
            return cut, cut.combined, gramian(cut.on(self._last_shared_stage))
        task_pass = self._task_gradients(batch, self._theta)
        jacobian = task_pass.on(self._shared, self._jacobian_memory[0])
        return task_pass, lambda weights: torch.bmm(weights.unsqueeze(1), jacobian).squeeze(1), gramian(jacobian)

    def _by_jacobians(
        self, method: JacobianWeighting, batches: list[Batch], memory: State, streams: Streams
    ) -> Direction:
        passes = [self._task_gradients(batch, self._theta) for batch in batches]
        jacobians = [one.on(self._shared, into) for one, into in zip(passes, self._jacobian_memory, strict=True)]
        losses, present = passes[0].losses, torch.stack([batch.present for batch in batches]).all(dim=0)
        own, penalty = (mean_of([getattr(one, part) for one in passes]) for part in ("own", "penalty"))
        if method.adaptive and penalty:
            jacobians = [self._with_share_of(penalty, jacobian, present) for jacobian in jacobians]
        step = JacobianStep(losses, present, memory, streams, jacobians, progress=batches[0].progress)
        direction = method.combine(step).to(losses)
        if method.adaptive:
            direction = mean_step(direction, present, self._recipe.scale)
        else:
            mean = jacobians[0] if len(jacobians) == 1 else torch.stack(jacobians).mean(dim=0)
            direction = matched(direction, mean, present, self._recipe.scale)
        private = self._private_factors(present) * method.own_factors(losses)
        gradient = self._shared.gradient(direction, own, private, penalty, penalised=method.adaptive)
        return Direction(gradient, losses, torch.full_like(losses, torch.nan))

    def _with_share_of(
        self, penalty: Slotwise, jacobian: Float[Tensor, "r t q"], present: Bool[Tensor, "r t"]
    ) -> Float[Tensor, "r t q"]:
        """Return the task gradients with an equal share of the penalty's gradient in that of each present task."""
        whole = jacobian.new_empty(len(jacobian), self._shared.size)
        self._shared.write([penalty[number] for number in self._shared.slots], whole)
        return jacobian + _shares(present).unsqueeze(2) * whole.unsqueeze(1)

    def _private_factors(self, present: Bool[Tensor, "r t"]) -> Float[Tensor, "r t"]:
        """Return the factors of the tasks' gradients on private parameters: 1, or its share under ``matched``."""
        return torch.where(present, 1.0, 0.0) if self._recipe.scale == "native" else _shares(present)

    def _with_copied_buffers(self) -> Theta:
        """Return the parameters with copies of the buffers, for a pass that must not update running statistics."""
        return dict(self._theta) | {slot: self._theta[slot].clone() for slot in self._network.layout.buffers}

    def _task_gradients(self, batch: Batch, theta: Theta) -> TaskPass:
        x, losses_of = self._loader.inputs(batch.index), partial(self._losses, batch)
        return task_gradients(self._network, theta, x, batch.context(), losses_of, self._shared)

    def _cut(self, batch: Batch) -> CutPass:
        x, losses_of = self._loader.inputs(batch.index), partial(self._losses, batch)
        return CutPass(self._network, self._theta, x, batch.context(), losses_of, self._shared)

    def _losses(self, batch: Batch, outputs: Sequence[Tensor]) -> Float[Tensor, "r t"]:
        losses = BatchLosses(self._loader, batch.index).of(self._network, outputs)
        return torch.where(batch.present, losses, 0.0)


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

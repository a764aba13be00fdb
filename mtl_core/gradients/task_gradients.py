"""Per-task gradients on the shared parameters, with the heads back-propagating once.

The network is cut where the tasks part: at the representation z that the towers and heads read.  One backward pass of
all losses from there gives the gradients of what is private and, since every task reads a copy of its own, each task's
cotangent dz_i.  What is behind z is gone through once for each task (:meth:`TaskPass.jacobian`), or once for a weighted
sum of the tasks (:meth:`CutPass.combined`):

    J = [g_1 … g_T]ᵀ [r t q],    g_i = ∂L_i/∂θ_shared,    G = J Jᵀ [r t t]

Where tasks have one head in common there is nothing to cut: z is then the losses themselves.  Where the signals of the
tasks meet nowhere, since each has its own inputs or descriptor, every task gets a copy of the shared weights, and a
single backward pass gives J (:class:`ApartPass`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.gradients.cotangents import (
    Cotangents,
    HeadCotangents,
    LossCotangents,
    LossesOf,
    Slotwise,
    TowerCotangents,
)
from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.network import Network
from mtl_core.network.shared_parameters import SharedPart

_BATCHED_ELEMENTS = 1024
"""Up to so many elements of z per row, all tasks go back in one batched pass: below, its overhead counts; above, the
copies that batching makes do.  It must not depend on the number of rows, whose bits would then depend on the array."""


class TaskPass(ABC):
    """What a step knows after a forward pass, and a backward pass to where the tasks part.

    Args:
        part: the shared parameters.
    """

    losses: Float[Tensor, "r t"]
    """Detached."""
    own: Slotwise
    """Gradients of the tasks' own losses; of use for private copies alone."""
    penalty: Slotwise
    """Gradients of the architecture's penalties; empty if there are none."""

    def __init__(self, part: SharedPart) -> None:
        self._part = part

    @property
    def jacobian(self) -> Float[Tensor, "r t q"]:
        """The tasks' gradients on the shared parameters."""
        return self.on(self._part)

    @abstractmethod
    def on(self, part: SharedPart, into: Float[Tensor, "r t s"] | None = None) -> Float[Tensor, "r t s"]:
        """The tasks' gradients on some of the shared parameters.

        Args:
            into: memory for the result; pages that are fresh in every step cost an eighth of it.
        """


def task_gradients(
    network: Network,
    theta: Theta,
    x: Float[Tensor, "r g b d"],
    context: ForwardContext,
    losses_of: LossesOf,
    part: SharedPart,
) -> TaskPass:
    """A pass for the gradients of every task's loss on one batch, by the cheapest way that there is."""
    if network.trunk.apart(x.shape[1]):
        return ApartPass(network, theta, x, context, losses_of, part)
    return CutPass(network, theta, x, context, losses_of, part)


class CutPass(TaskPass):
    """A pass that is cut at z.

    Args:
        network, theta, x, context: of the forward pass.
        losses_of: outputs → mean losses; 0 for an absent task.
        part: the shared parameters.
    """

    def __init__(
        self,
        network: Network,
        theta: Theta,
        x: Float[Tensor, "r g b d"],
        context: ForwardContext,
        losses_of: LossesOf,
        part: SharedPart,
    ) -> None:
        super().__init__(part)
        self._leaves = [theta[slot] for slot in network.layout.trained]
        self._tasks = len(network.tasks)
        self._z, self.at_z = _cut(network, theta, x, context, losses_of)
        self.losses, self.own = self.at_z.losses, list(self.at_z.own)
        self._reach_private()
        self.penalty = _penalty(context, self._leaves)

    def on(self, part: SharedPart, into: Float[Tensor, "r t s"] | None = None) -> Float[Tensor, "r t s"]:
        jacobian = self._z.new_empty(len(self._z), self._tasks, part.size) if into is None else into
        if not self._reaches(part):
            return jacobian.zero_()
        if self._z[0].numel() > _BATCHED_ELEMENTS:
            for task in range(self._tasks):
                part.write(self._back(part, self.at_z.of(task)), jacobian[:, task])
        else:
            cotangents = torch.stack([self.at_z.of(task) for task in range(self._tasks)])
            part.write(self._back(part, cotangents, is_grads_batched=True), jacobian.transpose(0, 1))
        return jacobian

    def combined(self, weights: Float[Tensor, "r t"]) -> Float[Tensor, "r q"]:
        """Σ w_i g_i by one pass, without the g_i."""
        if not self._reaches(self._part):
            return self._z.new_zeros(len(weights), self._part.size)
        direction = self._z.new_empty(len(weights), self._part.size)
        self._part.write(self._back(self._part, self.at_z.combined(weights)), direction)
        return direction

    def _reaches(self, part: SharedPart) -> bool:
        """Whether any of these parameters can be behind z."""
        return bool(part.slots) and self._z.requires_grad

    def _back(self, part: SharedPart, cotangent: Tensor, is_grads_batched: bool = False) -> Sequence[Tensor | None]:
        leaves = [self._leaves[number] for number in part.slots]
        return torch.autograd.grad(
            self._z, leaves, cotangent, retain_graph=True, allow_unused=True, is_grads_batched=is_grads_batched
        )

    def _reach_private(self) -> None:
        """Complete :attr:`own` by the private parameters behind z."""
        behind = [number for number in self._part.private_slots if self.own[number] is None]
        if not behind or not self._z.requires_grad:
            return
        leaves, everybody = [self._leaves[number] for number in behind], torch.ones_like(self.losses)
        found = torch.autograd.grad(
            self._z, leaves, self.at_z.combined(everybody), retain_graph=True, allow_unused=True
        )
        for number, gradient in zip(behind, found, strict=True):
            self.own[number] = gradient


def _cut(
    network: Network, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext, losses_of: LossesOf
) -> tuple[Tensor, Cotangents]:
    """The representation with its graph, and what the tasks hand back to it."""
    if network.shares_head:
        z = losses_of(network(theta, x, context))
        return z, LossCotangents(network, z)
    z = network.represent(theta, x, context)
    if z.shape[1] == 1 and not (network.trunk.towers and network.trunk.towers.stages):
        z = network.trunk.finish(theta, z, context)
        return z, HeadCotangents(network, theta, z, losses_of)
    return z, TowerCotangents(network, theta, z, context, losses_of)


class ApartPass(TaskPass):
    """A pass in which every task has its own copy of what is shared.

    Args:
        network, theta, x, context, losses_of, part: as for :class:`CutPass`.
    """

    def __init__(
        self,
        network: Network,
        theta: Theta,
        x: Float[Tensor, "r g b d"],
        context: ForwardContext,
        losses_of: LossesOf,
        part: SharedPart,
    ) -> None:
        super().__init__(part)
        copies = dict(theta)
        for slot in (network.layout.trained[number] for number in part.slots):
            repeated = theta[slot].detach().expand(-1, len(network.tasks), *[-1] * len(slot.shape))
            copies[slot] = repeated.requires_grad_()
        losses = losses_of(network(copies, x, context))
        self.losses = losses.detach()
        leaves = [copies[slot] for slot in network.layout.trained]
        self.own: Slotwise = list(
            torch.autograd.grad(losses.sum(), leaves, retain_graph=bool(context.penalties), allow_unused=True)
        )
        self.penalty = _penalty(
            context, leaves
        )  # which architectures with apart signals put on private parameters only

    def on(self, part: SharedPart, into: Float[Tensor, "r t s"] | None = None) -> Float[Tensor, "r t s"]:
        jacobian = self.losses.new_empty(*self.losses.shape, part.size) if into is None else into
        part.write([self.own[number] for number in part.slots], jacobian)
        return jacobian


def _penalty(context: ForwardContext, leaves: Sequence[Tensor]) -> Slotwise:
    if not context.penalties:
        return []
    total = torch.stack([value.sum() for value in context.penalties]).sum()
    return list(torch.autograd.grad(total, leaves, retain_graph=True, allow_unused=True))

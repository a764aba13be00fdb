"""Task gradients on the shared parameters, with one backward pass through the heads for all tasks.

The network is cut at the representation z that the towers and heads read.  One backward pass of all losses down to z
gives the gradients of private parameters and, since every task reads a copy of its own, each task's cotangent dz_i.
The backward pass from z to the shared parameters runs once for each task (:meth:`TaskPass.jacobian`), or once for a
weighted sum of the tasks (:meth:`CutPass.combined`):

    J = [g_1 … g_T]ᵀ [r t q],    g_i = ∂L_i/∂θ_shared,    G = J Jᵀ [r t t]

Where all tasks share one head, or outputs are coupled, z is the losses themselves.  Where no activation depends on two
tasks, since each task has its own inputs or descriptor, every task gets a copy of the shared weights, and a single
backward pass gives J (:class:`ApartPass`).
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
from mtl_core.layers.precision import products_in
from mtl_core.network.network import Network
from mtl_core.network.shared_parameters import SharedParameters

_BATCHED_ELEMENTS = 1024
"""Number of elements of z per replica up to which all tasks go back in one batched pass, which saves overhead; above,
the copies that batching makes cost more.  It must not depend on the number of replicas, or the rounding would."""


class TaskPass(ABC):
    """A forward pass and its backward pass to the representation z, from which the tasks' gradients are computed.

    Args:
        part: the shared parameters.
    """

    losses: Float[Tensor, "r t"]
    """Mean loss of each task, detached."""
    own: Slotwise
    """Gradient of the sum of the losses; only its entries of private copies are meaningful."""
    penalty: Slotwise
    """Gradient of the architecture's penalties; empty if there are none."""

    def __init__(self, part: SharedParameters) -> None:
        self._part = part

    @property
    def jacobian(self) -> Float[Tensor, "r t q"]:
        """J, the tasks' gradients on the shared parameters."""
        return self.on(self._part)

    @abstractmethod
    def on(self, part: SharedParameters, into: Float[Tensor, "r t s"] | None = None) -> Float[Tensor, "r t s"]:
        """Return the tasks' gradients on some of the shared parameters.

        Args:
            part: those parameters.
            into: memory for the result; allocating new memory in every step costs an eighth of the step.
        """


def task_gradients(
    network: Network,
    theta: Theta,
    x: Float[Tensor, "r g b d"],
    context: ForwardContext,
    losses_of: LossesOf,
    part: SharedParameters,
) -> TaskPass:
    """Run a pass for the gradients of every task's loss on one batch, in the cheapest way that the network allows.

    Args:
        network: network of the replicas.
        theta: their parameters.
        x: inputs, common to all tasks (g = 1) or each task's own (g = t).
        context: context of the forward pass.
        losses_of: function from the outputs to the mean losses; 0 for an absent task.
        part: the shared parameters.
    """
    if network.trunk.apart(x.shape[1]):
        return ApartPass(network, theta, x, context, losses_of, part)
    return CutPass(network, theta, x, context, losses_of, part)


class CutPass(TaskPass):
    """A pass that is cut at the representation z.

    Args:
        network, theta, x, context, losses_of, part: as for :func:`task_gradients`.
    """

    def __init__(
        self,
        network: Network,
        theta: Theta,
        x: Float[Tensor, "r g b d"],
        context: ForwardContext,
        losses_of: LossesOf,
        part: SharedParameters,
    ) -> None:
        super().__init__(part)
        self._leaves = [theta[slot] for slot in network.layout.trained]
        self._tasks = len(network.tasks)
        # PyTorch's batched pass has no rule for products of bfloat16 matrices that are summed up in float32
        self._batches = network.precision != "bf16"
        self._z, self.at_z = _cut(network, theta, x, context, losses_of)
        self.losses, self.own = self.at_z.losses, list(self.at_z.own)
        self._reach_private()
        self.penalty = _penalty(context, self._leaves)

    def on(self, part: SharedParameters, into: Float[Tensor, "r t s"] | None = None) -> Float[Tensor, "r t s"]:
        jacobian = self._z.new_empty(len(self._z), self._tasks, part.size) if into is None else into
        if not self._reaches(part):
            return jacobian.zero_()
        if self._z[0].numel() > _BATCHED_ELEMENTS or not self._batches:
            for task in range(self._tasks):
                part.write(self._back(part, self.at_z.of(task)), jacobian[:, task])
        else:
            cotangents = torch.stack([self.at_z.of(task) for task in range(self._tasks)])
            part.write(self._back(part, cotangents, is_grads_batched=True), jacobian.transpose(0, 1))
        return jacobian

    def combined(self, weights: Float[Tensor, "r t"]) -> Float[Tensor, "r q"]:
        """Return Σ w_i g_i on the shared parameters by one backward pass, without the single g_i."""
        if not self._reaches(self._part):
            return self._z.new_zeros(len(weights), self._part.size)
        direction = self._z.new_empty(len(weights), self._part.size)
        self._part.write(self._back(self._part, self.at_z.combined(weights)), direction)
        return direction

    def _reaches(self, part: SharedParameters) -> bool:
        """Whether z can depend on any of these parameters."""
        return bool(part.slots) and self._z.requires_grad

    def _back(
        self, part: SharedParameters, cotangent: Tensor, is_grads_batched: bool = False
    ) -> Sequence[Tensor | None]:
        leaves = [self._leaves[number] for number in part.slots]
        return torch.autograd.grad(
            self._z, leaves, cotangent, retain_graph=True, allow_unused=True, is_grads_batched=is_grads_batched
        )

    def _reach_private(self) -> None:
        """Complete :attr:`own` with the private parameters that z depends on."""
        behind = [number for number in self._part.private_slots if self.own[number] is None]
        if not behind or not self._z.requires_grad:
            return
        leaves, ones = [self._leaves[number] for number in behind], torch.ones_like(self.losses)
        gradients = torch.autograd.grad(self._z, leaves, self.at_z.combined(ones), retain_graph=True, allow_unused=True)
        for number, gradient in zip(behind, gradients, strict=True):
            self.own[number] = gradient


def _cut(
    network: Network, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext, losses_of: LossesOf
) -> tuple[Tensor, Cotangents]:
    """The representation with its graph, and the tasks' cotangents at it."""
    if not network.parts_tasks:
        z = losses_of(network(theta, x, context))
        return z, LossCotangents(network, z)
    z = network.represent(theta, x, context)
    if z.shape[1] == 1 and not (network.trunk.towers and network.trunk.towers.stages):
        with products_in(network.precision):
            z = network.trunk.finish(theta, z, context)
        return z, HeadCotangents(network, theta, z, losses_of)
    return z, TowerCotangents(network, theta, z, context, losses_of)


class ApartPass(TaskPass):
    """A pass in which every task has a copy of the shared parameters, so that one backward pass gives J.

    Args:
        network, theta, x, context, losses_of, part: as for :func:`task_gradients`.
    """

    def __init__(
        self,
        network: Network,
        theta: Theta,
        x: Float[Tensor, "r g b d"],
        context: ForwardContext,
        losses_of: LossesOf,
        part: SharedParameters,
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
        # architectures that keep the tasks apart put penalties on private parameters only
        self.penalty = _penalty(context, leaves)

    def on(self, part: SharedParameters, into: Float[Tensor, "r t s"] | None = None) -> Float[Tensor, "r t s"]:
        jacobian = self.losses.new_empty(*self.losses.shape, part.size) if into is None else into
        part.write([self.own[number] for number in part.slots], jacobian)
        return jacobian


def _penalty(context: ForwardContext, leaves: Sequence[Tensor]) -> Slotwise:
    if not context.penalties:
        return []
    total = torch.stack([value.sum() for value in context.penalties]).sum()
    return list(torch.autograd.grad(total, leaves, retain_graph=True, allow_unused=True))

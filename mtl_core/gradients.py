"""Per-task gradients on the shared parameters, with the heads back-propagating once.

The network is cut where the tasks part: at the representation z that the towers and heads read.  One backward pass of
all losses from there gives the gradients of what is private and, since every task reads a copy of its own, each task's
cotangent dz_i.  What is behind z is gone through once for each task (:meth:`CutPass.jacobian`), or once for a weighted
sum of the tasks (:meth:`CutPass.combined`):

    J = [g_1 … g_T]ᵀ [r t q],    g_i = ∂L_i/∂θ_shared,    G = J Jᵀ [r t t]

Where tasks have one head in common there is nothing to cut: z is then the losses themselves.  Where the signals of the
tasks meet nowhere, since each has its own inputs or descriptor, every task gets a copy of the shared weights, and a
single backward pass gives J (:class:`ApartPass`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Theta
from mtl_core.mode import Mode
from mtl_core.network import Network
from mtl_core.shared_part import SharedPart

LossesOf = Callable[[Sequence[Tensor]], Float[Tensor, "r t"]]
Slotwise = list[Tensor | None]
"""For every trained slot its gradient ``[r, c, *s]``; ``None`` is zero."""

_BATCHED_ELEMENTS = 2048
"""Up to so many elements of z per row, all tasks go back in one batched pass: below, its overhead counts; above, the
copies that batching makes do.  It must not depend on the number of rows, whose bits would then depend on the array."""


class TaskPass(Protocol):
    """What a step knows after a forward pass, and a backward pass to where the tasks part.

    Attributes:
        losses: detached.
        own: gradients of the tasks' own losses; of use for private copies alone.
        penalty: gradients of the architecture's penalties; empty if there are none.
    """

    losses: Float[Tensor, "r t"]
    own: Slotwise
    penalty: Slotwise

    @property
    def jacobian(self) -> Float[Tensor, "r t q"]:
        """The tasks' gradients on the shared parameters."""
        ...


def task_gradients(
    network: Network, theta: Theta, x: Float[Tensor, "r g b d"], mode: Mode, losses_of: LossesOf, part: SharedPart
) -> TaskPass:
    """A pass for the gradients of every task's loss on one batch, by the cheapest way that there is."""
    if network.trunk.apart(x.shape[1]):
        return ApartPass(network, theta, x, mode, losses_of, part)
    return CutPass(network, theta, x, mode, losses_of, part)


def gramian(gradients: Float[Tensor, "r t *q"]) -> Float[Tensor, "r t t"]:
    """Inner products of the tasks' gradients."""
    rows = gradients.flatten(2)
    return rows @ rows.transpose(1, 2)


class CutPass:
    """A pass that is cut at z; attributes as in :class:`TaskPass`.

    Args:
        network, theta, x, mode: of the forward pass.
        losses_of: outputs → mean losses; 0 for an absent task.
        part: the shared parameters.
    """

    def __init__(
        self,
        network: Network,
        theta: Theta,
        x: Float[Tensor, "r g b d"],
        mode: Mode,
        losses_of: LossesOf,
        part: SharedPart,
    ) -> None:
        leaves = [theta[slot] for slot in network.layout.trained]
        self._part, self._leaves = part, leaves
        if network.shares_head:
            self._z = losses_of(network(theta, x, mode))
            self.losses, self.cotangents = self._z.detach(), torch.ones_like(self._z)
            self.own = [None] * len(leaves)
        else:
            self._z = network.represent(theta, x, mode)
            tasks = len(network.tasks)
            copies = self._z.detach().expand(-1, tasks, *[-1] * (self._z.ndim - 2)).requires_grad_()
            losses = losses_of(network.finish(theta, copies, mode))
            self.losses = losses.detach()
            *self.own, cotangents = torch.autograd.grad(losses.sum(), [*leaves, copies], allow_unused=True)
            self.cotangents = torch.zeros_like(copies) if cotangents is None else cotangents
        self._reach_private()
        self.penalty = _penalty(mode, leaves)

    @property
    def is_common(self) -> bool:
        """Whether all tasks read the same representation."""
        return self._z.ndim > 2 and self._z.shape[1] == 1

    @property
    def _is_first(self) -> bool:
        """Whether nothing shared is behind z."""
        return not (self._part.slots and self._z.requires_grad)

    @property
    def jacobian(self) -> Float[Tensor, "r t q"]:
        """The tasks' gradients on the shared parameters."""
        return self.on(self._part)

    def on(self, part: SharedPart) -> Float[Tensor, "r t s"]:
        """The tasks' gradients on some of the shared parameters."""
        replicas, tasks = self.cotangents.shape[:2]
        if self._is_first or not part.slots:
            return self._z.new_zeros(replicas, tasks, part.size)
        jacobian = self._z.new_empty(replicas, tasks, part.size)
        if self._z[0].numel() > _BATCHED_ELEMENTS:
            for task, cotangent in enumerate(self._each()):
                part.write(self._back(part, cotangent), jacobian[:, task])
        else:
            found = self._back(part, torch.stack(list(self._each())), is_grads_batched=True)
            part.write(found, jacobian.transpose(0, 1))
        return jacobian

    def combined(self, weights: Float[Tensor, "r t"]) -> Float[Tensor, "r q"]:
        """Σ w_i g_i by one pass, without the g_i."""
        if self._is_first:
            return self._z.new_zeros(len(weights), self._part.size)
        direction = self._z.new_empty(len(weights), self._part.size)
        weighted = self.cotangents * weights.view(*weights.shape, *[1] * (self.cotangents.ndim - 2))
        self._part.write(self._back(self._part, self._summed(weighted)), direction)
        return direction

    def _each(self) -> Iterator[Tensor]:
        """The cotangent of z for every task."""
        for task in range(self.cotangents.shape[1]):
            if self.is_common:
                yield self.cotangents[:, task : task + 1]
            else:
                alone = torch.zeros_like(self._z)
                alone[:, task] = self.cotangents[:, task]
                yield alone

    def _summed(self, cotangents: Tensor) -> Tensor:
        return cotangents.sum(dim=1, keepdim=True) if self.is_common else cotangents

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
        found = torch.autograd.grad(
            self._z, [self._leaves[number] for number in behind], self._summed(self.cotangents), retain_graph=True,
            allow_unused=True,
        )  # fmt: skip
        for number, gradient in zip(behind, found, strict=True):
            self.own[number] = gradient


class ApartPass:
    """A pass in which every task has its own copy of what is shared; attributes as in :class:`TaskPass`.

    Args:
        network, theta, x, mode, losses_of, part: as for :class:`CutPass`.
    """

    def __init__(
        self,
        network: Network,
        theta: Theta,
        x: Float[Tensor, "r g b d"],
        mode: Mode,
        losses_of: LossesOf,
        part: SharedPart,
    ) -> None:
        copies = dict(theta)
        for slot in (network.layout.trained[number] for number in part.slots):
            repeated = theta[slot].detach().expand(-1, len(network.tasks), *[-1] * len(slot.shape))
            copies[slot] = repeated.requires_grad_()
        losses = losses_of(network(copies, x, mode))
        self.losses = losses.detach()
        leaves = [copies[slot] for slot in network.layout.trained]
        self.own = list(torch.autograd.grad(losses.sum(), leaves, retain_graph=bool(mode.penalties), allow_unused=True))
        self.penalty = _penalty(mode, leaves)  # which architectures with apart signals put on private parameters only
        self._part = part

    @property
    def jacobian(self) -> Float[Tensor, "r t q"]:
        """The tasks' gradients on the shared parameters."""
        jacobian = self.losses.new_empty(*self.losses.shape, self._part.size)
        self._part.write([self.own[number] for number in self._part.slots], jacobian)
        return jacobian


def _penalty(mode: Mode, leaves: Sequence[Tensor]) -> Slotwise:
    if not mode.penalties:
        return []
    total = torch.stack([value.sum() for value in mode.penalties]).sum()
    return list(torch.autograd.grad(total, leaves, retain_graph=True, allow_unused=True))

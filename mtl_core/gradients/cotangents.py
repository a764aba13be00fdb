"""What the heads and towers hand back to the representation z in a single backward pass: every task's ∂L_i/∂z.

Behind towers every task reads a copy of z of its own, so that the gradient of the sum of the losses falls apart into
the tasks' (:class:`TowerCotangents`). Linear heads on one common z do with less: with P_i = ∂L_i/∂(outputs of i)
``[k, b]`` and W_i the head's weights ``[k, d]``, ∂L_i/∂z = P_iᵀ W_i, so that the cotangents need not be kept, and
their inner products are sums over blocks of (P Pᵀ) ⊙ (W Wᵀ) (:class:`HeadCotangents`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.network import Network

LossesOf = Callable[[Sequence[Tensor]], Float[Tensor, "r t"]]
Slotwise = list[Tensor | None]
"""For every trained slot its gradient ``[r, c, *s]``; ``None`` is zero."""


class Cotangents(Protocol):
    """What is known when the backward pass has come to z.

    Attributes:
        losses: detached.
        own: gradients of the tasks' own losses on what is in front of z.
    """

    losses: Float[Tensor, "r t"]
    own: Slotwise

    def of(self, task: int) -> Tensor:
        """∂L_i/∂z, in the shape of z."""
        ...

    def combined(self, weights: Float[Tensor, "r t"]) -> Tensor:
        """Σ w_i ∂L_i/∂z, in the shape of z."""
        ...

    def gramian(self) -> Float[Tensor, "r t t"]:
        """Inner products of the ∂L_i/∂z."""
        ...


def gramian(gradients: Float[Tensor, "r t *q"]) -> Float[Tensor, "r t t"]:
    """Inner products of the tasks' gradients."""
    rows = gradients.flatten(2)
    return rows @ rows.transpose(1, 2)


class LossCotangents:
    """Where z is the losses themselves, for a head serves all tasks; attributes as in :class:`Cotangents`.

    Args:
        network: of the pass.
        z: the losses.
    """

    def __init__(self, network: Network, z: Float[Tensor, "r t"]) -> None:
        self.losses = z.detach()
        self.own: Slotwise = [None] * len(network.layout.trained)

    def of(self, task: int) -> Tensor:
        """1 for the task, 0 for the others."""
        alone = torch.zeros_like(self.losses)
        alone[:, task] = 1
        return alone

    def combined(self, weights: Float[Tensor, "r t"]) -> Tensor:
        """The weights."""
        return weights

    def gramian(self) -> Float[Tensor, "r t t"]:
        """Of no use: a loss is orthogonal to every other."""
        raise AssertionError("Tasks with a single head have no representation before they part.")


class TowerCotangents:
    """Through private towers and heads; attributes as in :class:`Cotangents`.

    Args:
        network, theta, context: of the pass.
        z: the representation, common (c = 1) or each task's own.
        losses_of: outputs → mean losses.
    """

    def __init__(
        self, network: Network, theta: Theta, z: Float[Tensor, "r c b *f"], context: ForwardContext, losses_of: LossesOf
    ) -> None:
        self._common = z.shape[1] == 1
        # a real copy for each task: a convolution takes one that is merely expanded for a single signal
        copies = z.detach().repeat_interleave(len(network.tasks) // z.shape[1], dim=1).requires_grad_()
        losses = losses_of(network.finish(theta, copies, context))
        self.losses = losses.detach()
        leaves = [theta[slot] for slot in network.layout.trained]
        *own, found = torch.autograd.grad(losses.sum(), [*leaves, copies], allow_unused=True)
        self.own: Slotwise = list(own)
        self._found = torch.zeros_like(copies) if found is None else found

    def of(self, task: int) -> Tensor:
        """∂L_i/∂z, in the shape of z."""
        if self._common:
            return self._found[:, task : task + 1]
        alone = torch.zeros_like(self._found)
        alone[:, task] = self._found[:, task]
        return alone

    def combined(self, weights: Float[Tensor, "r t"]) -> Tensor:
        """Σ w_i ∂L_i/∂z, in the shape of z."""
        if self._common:
            total = torch.bmm(weights.unsqueeze(1), self._found.flatten(2))
            return total.view(len(total), 1, *self._found.shape[2:])
        return self._found * weights.view(*weights.shape, *[1] * (self._found.ndim - 2))

    def gramian(self) -> Float[Tensor, "r t t"]:
        """Inner products of the ∂L_i/∂z."""
        return gramian(self._found)


class HeadCotangents:
    """Through linear heads, each its task's own; attributes as in :class:`Cotangents`.

    Args:
        network, theta: of the pass.
        z: the representation that all heads read.
        losses_of: outputs → mean losses.
    """

    def __init__(self, network: Network, theta: Theta, z: Float[Tensor, "r 1 b d"], losses_of: LossesOf) -> None:
        # they require a gradient even where the heads' own parameters do not
        outputs = [bank(theta, z.detach()).requires_grad_() for bank in network.heads]
        losses = losses_of(outputs)
        self.losses = losses.detach()
        leaves = [theta[slot] for slot in network.layout.trained]
        gradients = torch.autograd.grad(losses.sum(), [*leaves, *outputs], allow_unused=True)
        self.own: Slotwise = list(gradients[: len(leaves)])
        found = gradients[len(leaves) :]
        self._weights = [theta[bank.weight].detach() for bank in network.heads]
        self._found = [
            torch.zeros_like(output) if gradient is None else gradient
            for output, gradient in zip(outputs, found, strict=True)
        ]
        self._members = [bank.members for bank in network.heads]
        self._place = {
            task: (number, place) for number, members in enumerate(self._members) for place, task in enumerate(members)
        }

    def of(self, task: int) -> Tensor:
        """∂L_i/∂z, in the shape of z."""
        bank, place = self._place[task]
        return self._found[bank][:, place].transpose(1, 2).bmm(self._weights[bank][:, place]).unsqueeze(1)

    def combined(self, weights: Float[Tensor, "r t"]) -> Tensor:
        """Σ w_i ∂L_i/∂z, in the shape of z."""
        parts = [
            (found * weights[:, members, None, None]).flatten(1, 2).transpose(1, 2).bmm(rows.flatten(1, 2))
            for found, rows, members in zip(self._found, self._weights, self._members, strict=True)
        ]
        return torch.stack(parts).sum(dim=0).unsqueeze(1) if len(parts) > 1 else parts[0].unsqueeze(1)

    def gramian(self) -> Float[Tensor, "r t t"]:
        """Inner products of the ∂L_i/∂z."""
        outputs = torch.cat([found.flatten(1, 2) for found in self._found], dim=1)
        rows = torch.cat([weights.flatten(1, 2) for weights in self._weights], dim=1)
        products = (outputs @ outputs.transpose(1, 2)) * (rows @ rows.transpose(1, 2))
        sizes = [found.shape[2] for found in self._found for _ in range(found.shape[1])]
        tasks = [task for members in self._members for task in members]
        owner = torch.tensor(tasks).repeat_interleave(torch.tensor(sizes))
        belongs = torch.nn.functional.one_hot(owner).to(products)
        return belongs.T @ products @ belongs

"""Cotangents: the gradients ∂L_i/∂z of every task's loss by the representation z, from a single backward pass.

With towers, every task reads a copy of z of its own, so that the gradient of the sum of the losses by the copies is the
tasks' cotangents (:class:`TowerCotangents`).  Linear heads on one common z need less memory: with P_i = ∂L_i/∂(outputs
of i) ``[k, b]`` and W_i the head's weights ``[k, d]``, ∂L_i/∂z = P_iᵀ W_i, so that the cotangents need not be kept, and
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
from mtl_core.layers.precision import products_in
from mtl_core.layers.rounded_products import product
from mtl_core.layers.sum_of_parts import sum_of_parts
from mtl_core.network.network import Network

LossesOf = Callable[[Sequence[Tensor]], Float[Tensor, "r t"]]
"""Function from the outputs of the head banks to the mean loss of each task."""
Slotwise = list[Tensor | None]
"""The gradient of every trained slot, ``[r, c, *s]``; ``None`` is zero."""


class Cotangents(Protocol):
    """Result of the backward pass of all tasks' losses down to the representation z.

    Attributes:
        losses: mean loss of each task, detached.
        own: gradient of the sum of the losses by the parameters between z and the losses.
    """

    losses: Float[Tensor, "r t"]
    own: Slotwise

    def of(self, task: int) -> Tensor:
        """Return ∂L_i/∂z of task i, in the shape of z."""
        ...

    def combined(self, weights: Float[Tensor, "r t"]) -> Tensor:
        """Return Σ w_i ∂L_i/∂z, in the shape of z."""
        ...

    def gramian(self) -> Float[Tensor, "r t t"]:
        """Return the inner products of the ∂L_i/∂z."""
        ...


def gramian(gradients: Float[Tensor, "r t *q"]) -> Float[Tensor, "r t t"]:
    """Return the inner products of the tasks' gradients."""
    rows = gradients.flatten(2)
    return rows @ rows.transpose(1, 2)


class LossCotangents:
    """Cotangents where tasks do not part before their losses, which are z; attributes as in :class:`Cotangents`.

    Args:
        network: network of the pass.
        z: mean loss of each task.
    """

    def __init__(self, network: Network, z: Float[Tensor, "r t"]) -> None:
        self.losses = z.detach()
        self.own: Slotwise = [None] * len(network.layout.trained)

    def of(self, task: int) -> Tensor:
        """Return ∂L_i/∂z: 1 for the task, 0 for the others."""
        cotangent = torch.zeros_like(self.losses)
        cotangent[:, task] = 1
        return cotangent

    def combined(self, weights: Float[Tensor, "r t"]) -> Tensor:
        """Return Σ w_i ∂L_i/∂z, which is the weights themselves."""
        return weights

    def gramian(self) -> Float[Tensor, "r t t"]:
        """Fail: the tasks have no common representation.

        Raises:
            AssertionError: always.
        """
        raise AssertionError("Tasks with a single head have no representation before they part.")


class TowerCotangents:
    """Cotangents behind private towers and heads; attributes as in :class:`Cotangents`.

    Args:
        network: network of the pass.
        theta: its parameters.
        z: the representation, common to all tasks (c = 1) or each task's own (c = t).
        context: context of the pass.
        losses_of: function from the outputs to the mean losses.
    """

    def __init__(
        self, network: Network, theta: Theta, z: Float[Tensor, "r c b *f"], context: ForwardContext, losses_of: LossesOf
    ) -> None:
        self._common = z.shape[1] == 1
        # a real copy for each task: a convolution would take an expanded one for a single input
        copies = z.detach().repeat_interleave(len(network.tasks) // z.shape[1], dim=1).requires_grad_()
        losses = losses_of(network.finish(theta, copies, context))
        self.losses = losses.detach()
        leaves = [theta[slot] for slot in network.layout.trained]
        *own, cotangents = torch.autograd.grad(losses.sum(), [*leaves, copies], allow_unused=True)
        self.own: Slotwise = list(own)
        self._cotangents = torch.zeros_like(copies) if cotangents is None else cotangents

    def of(self, task: int) -> Tensor:
        """Return ∂L_i/∂z of task i, in the shape of z."""
        if self._common:
            return self._cotangents[:, task : task + 1]
        cotangent = torch.zeros_like(self._cotangents)
        cotangent[:, task] = self._cotangents[:, task]
        return cotangent

    def combined(self, weights: Float[Tensor, "r t"]) -> Tensor:
        """Return Σ w_i ∂L_i/∂z, in the shape of z."""
        if self._common:
            total = torch.bmm(weights.unsqueeze(1), self._cotangents.flatten(2))
            return total.view(len(total), 1, *self._cotangents.shape[2:])
        return self._cotangents * weights.view(*weights.shape, *[1] * (self._cotangents.ndim - 2))

    def gramian(self) -> Float[Tensor, "r t t"]:
        """Return the inner products of the ∂L_i/∂z."""
        return gramian(self._cotangents)


class HeadCotangents:
    """Cotangents behind private linear heads on one representation; attributes as in :class:`Cotangents`.

    Args:
        network: network of the pass.
        theta: its parameters.
        z: the representation that all heads read.
        losses_of: function from the outputs to the mean losses.
    """

    def __init__(self, network: Network, theta: Theta, z: Float[Tensor, "r 1 b d"], losses_of: LossesOf) -> None:
        # they require a gradient even where the heads' own parameters do not
        with products_in(network.precision):
            outputs = [bank(theta, z.detach()).requires_grad_() for bank in network.heads]
        losses = losses_of(outputs)
        self.losses = losses.detach()
        leaves = [theta[slot] for slot in network.layout.trained]
        gradients = torch.autograd.grad(losses.sum(), [*leaves, *outputs], allow_unused=True)
        self.own: Slotwise = list(gradients[: len(leaves)])
        by_outputs = gradients[len(leaves) :]
        self._precision = network.precision
        self._weights = [bank.matrix(theta).detach() for bank in network.heads]
        self._output_gradients = [
            torch.zeros_like(output) if gradient is None else gradient
            for output, gradient in zip(outputs, by_outputs, strict=True)
        ]
        self._members = [bank.members for bank in network.heads]
        self._places = [bank.places.at(z.device) for bank in network.heads]
        self._owners = network.owners_of_outputs
        self._place = {
            task: (number, place) for number, members in enumerate(self._members) for place, task in enumerate(members)
        }

    def of(self, task: int) -> Tensor:
        """Return ∂L_i/∂z of task i, in the shape of z."""
        bank, place = self._place[task]
        gradient, weight = self._output_gradients[bank][:, place], self._weights[bank][:, place]
        with products_in(self._precision):
            return product(gradient.transpose(1, 2), weight).unsqueeze(1)

    def combined(self, weights: Float[Tensor, "r t"]) -> Tensor:
        """Return Σ w_i ∂L_i/∂z, in the shape of z."""
        each = zip(self._output_gradients, self._weights, self._places, strict=True)
        with products_in(self._precision):
            parts = [
                product(
                    (gradient * weights.index_select(1, places)[:, :, None, None]).flatten(1, 2).transpose(1, 2),
                    rows.flatten(1, 2),
                )
                for gradient, rows, places in each
            ]
        return sum_of_parts(parts).unsqueeze(1)

    def gramian(self) -> Float[Tensor, "r t t"]:
        """Return the inner products of the ∂L_i/∂z."""
        outputs = torch.cat([gradient.flatten(1, 2) for gradient in self._output_gradients], dim=1)
        rows = torch.cat([weights.flatten(1, 2) for weights in self._weights], dim=1)
        products = (outputs @ outputs.transpose(1, 2)) * (rows @ rows.transpose(1, 2))
        belongs = self._owners.like(products)
        return belongs.T @ products @ belongs

"""Per-task gradients on the shared parameters, with the heads back-propagating once.

The network is cut where the tasks part: at the representation z that the towers and heads read.  One backward pass of
all losses from there gives the gradients of what is private and, since every task reads a copy of its own, each task's
cotangent dz_i; these go back through the rest task by task, in one batched pass where z is common to all tasks.

    J = [g_1 … g_T]ᵀ [r t p],    g_i = ∂L_i/∂θ_shared,    G = J Jᵀ [r t t]

Where tasks have one head in common there is nothing to cut: the losses themselves are differentiated one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.flat_state import Layout
from mtl_core.layers.bank import Theta
from mtl_core.mode import Mode
from mtl_core.network import Network

LossesOf = Callable[[Sequence[Tensor]], Float[Tensor, "r t"]]


@dataclass(frozen=True)
class TaskGradients:
    """What a step knows of its gradients.

    Args:
        losses: detached.
        jacobian: of the losses, on the shared parameters.
        own: gradient of the sum of the losses, on all trained parameters: for a private one, of its own task's loss.
        penalty: gradient of the architecture's penalties, on all trained parameters; ``None``: there are none.
    """

    losses: Float[Tensor, "r t"]
    jacobian: Float[Tensor, "r t q"]
    own: Float[Tensor, "r p"]
    penalty: Float[Tensor, "r p"] | None

    @property
    def gramian(self) -> Float[Tensor, "r t t"]:
        """Inner products of the task gradients."""
        return self.jacobian @ self.jacobian.transpose(1, 2)


class SharedPart:
    """Which trained parameters are shared, and how directions on them and on the rest become one gradient.

    Args:
        layout: of the network.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        owners = layout.owners()
        users = torch.tensor([len(owner) for owner in layout.owner_sets])
        alone = torch.tensor([layout.tasks.index(min(owner)) for owner in layout.owner_sets])
        shared = users[owners] > 1
        self.columns = shared.nonzero().squeeze(1)
        self._private = (~shared).nonzero().squeeze(1)
        self._task = alone[owners][self._private]

    def gradient(
        self,
        found: TaskGradients,
        shared: Float[Tensor, "r q"],
        private: Float[Tensor, "r t"],
    ) -> list[Float[Tensor, "r s"]]:
        """The step's gradient, slot by slot.

        Args:
            shared: direction on the shared parameters.
            private: factors of the tasks' own gradients on their private parameters.
        """
        flat = torch.zeros_like(found.own)
        flat[:, self.columns] = shared
        flat[:, self._private] = private[:, self._task] * found.own[:, self._private]
        if found.penalty is not None:
            flat += found.penalty
        return self._layout.unpack(flat)


def task_gradients(
    network: Network, theta: Theta, x: Float[Tensor, "r g b d"], mode: Mode, losses_of: LossesOf, part: SharedPart
) -> TaskGradients:
    """The gradients of every task's loss on one batch."""
    layout = network.layout
    leaves = [theta[slot] for slot in layout.trained]
    if network.shares_head:
        losses = losses_of(network(theta, x, mode))
        rows = [_flat(losses[:, task].sum(), leaves) for task in range(len(network.tasks))]
        own = torch.stack(rows, dim=1)
        return TaskGradients(losses.detach(), own[:, :, part.columns], own.sum(dim=1), _penalty(mode, leaves))
    z = network.represent(theta, x, mode)
    copies = z.detach().expand(-1, len(network.tasks), *[-1] * (z.ndim - 2)).clone().requires_grad_()
    losses = losses_of(network.finish(theta, copies, mode))
    *direct, cotangents = torch.autograd.grad(
        losses.sum(), [*leaves, copies], allow_unused=True, materialize_grads=True
    )
    own = torch.cat([gradient.flatten(1) for gradient in direct], dim=1)
    behind = torch.stack(_pulled_back(z, leaves, cotangents), dim=1)
    jacobian = behind if part.columns.numel() == own.shape[1] else behind.index_select(2, part.columns)
    return TaskGradients(losses.detach(), jacobian, own + behind.sum(dim=1), _penalty(mode, leaves))


def _pulled_back(z: Tensor, leaves: Sequence[Tensor], cotangents: Tensor) -> list[Float[Tensor, "r p"]]:
    """Every task's cotangent, back from z to the parameters before it."""
    tasks = cotangents.shape[1]
    if z.shape[1] > 1 or not z.requires_grad:
        apart = [torch.zeros_like(z) for _ in range(tasks)]
        for task, cotangent in enumerate(apart):
            cotangent[:, task] = cotangents[:, task]
        return [_flat(z, leaves, cotangent) for cotangent in apart]
    batched = cotangents.transpose(0, 1).unsqueeze(2)
    found = torch.autograd.grad(
        z, leaves, batched, is_grads_batched=True, retain_graph=True, allow_unused=True, materialize_grads=False
    )
    # a leaf behind z has no gradient through it
    parts = [
        leaf.new_zeros(tasks, len(leaf), leaf[0].numel()) if part is None else part.flatten(2)
        for leaf, part in zip(leaves, found, strict=True)
    ]
    return list(torch.cat(parts, dim=2))


def _flat(value: Tensor, leaves: Sequence[Tensor], cotangent: Tensor | None = None) -> Float[Tensor, "r p"]:
    if not value.requires_grad:
        return torch.cat([torch.zeros_like(leaf).flatten(1) for leaf in leaves], dim=1)
    found = torch.autograd.grad(value, leaves, cotangent, retain_graph=True, allow_unused=True, materialize_grads=True)
    return torch.cat([part.flatten(1) for part in found], dim=1)


def _penalty(mode: Mode, leaves: Sequence[Tensor]) -> Tensor | None:
    return _flat(torch.stack([value.sum() for value in mode.penalties]).sum(), leaves) if mode.penalties else None


def matched(
    direction: Float[Tensor, "r q"], jacobian: Float[Tensor, "r t q"], present: Float[Tensor, "r t"], scale: str
) -> Float[Tensor, "r q"]:
    """A direction without weights: as it is (``native``), or as long as the mean gradient of the present tasks."""
    if scale == "native":
        return direction
    mean = jacobian.sum(dim=1) / present.sum(dim=1, keepdim=True).clamp(min=1)
    length = direction.square().sum(dim=1, keepdim=True).sqrt()
    wanted = mean.square().sum(dim=1, keepdim=True).sqrt()
    return direction * torch.where(length > 0, wanted / length, 0.0)

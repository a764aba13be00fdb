"""A differentiable choice of one of several parent nodes."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.layers.bank import Copy, Slot, Theta
from mtl_core.sharing.blocks.stitching import own_first


class ParentChoice:
    """Gumbel-softmax choice of a parent for every node: w = softmax((l + G)/τ) in training, the arg-max of l at last.

    l are learned logits, G is Gumbel noise and τ a temperature.  A node's logits begin with the parent of its own task,
    see :func:`mtl_core.sharing.blocks.stitching.own_first`; all start equal, and of equal ones the first counts.  The
    choice itself is a buffer, because momentum and weight decay of an optimiser move logits even without a gradient.

    Source: E. Jang, S. Gu & B. Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017.

    Args:
        name: of the layer.
        copies: the nodes, one for each task.
    """

    def __init__(self, name: str, copies: tuple[Copy, ...]) -> None:
        nodes = len(copies)
        self.logits = Slot(f"{name}.logits", copies, (nodes,), lambda _: torch.zeros(nodes))
        self.chosen = Slot(f"{name}.chosen", copies, (nodes,), lambda _: torch.zeros(nodes), trained=False)
        self.slots = (self.logits, self.chosen)

    def relaxed(
        self,
        theta: Theta,
        uniform: Float[Tensor, "r t t"] | None,
        temperature: float | Float[Tensor, "r 1 1"],
    ) -> Float[Tensor, "r t t"]:
        """Return each node's relaxed weights of its possible parents.

        Args:
            theta: the parameters of the array.
            uniform: noise in (0, 1) in the order of the logits; ``None``: no noise.
            temperature: τ, for all rows or by row.
        """
        logits = theta[self.logits]
        if uniform is not None:
            logits = logits - torch.log(-torch.log(uniform)).to(logits)
        return own_first(torch.softmax(logits / temperature, dim=2))

    def parents(self, theta: Theta) -> Int[Tensor, "r t"]:
        """Return the position of each node's chosen parent."""
        nodes = len(self.logits.copies)
        ahead = theta[self.chosen].argmax(dim=2)
        return (ahead + torch.arange(nodes, device=ahead.device)) % nodes

    def settled(self, theta: Theta) -> Float[Tensor, "r t t"]:
        """Return the chosen parents as one-hot weights."""
        parents = self.parents(theta).unsqueeze(2)  # one_hot would look at their numbers, for which a graph cannot wait
        return (parents == torch.arange(len(self.logits.copies), device=parents.device)).to(theta[self.logits].dtype)

    def keep(self, theta: Theta, moving: Bool[Tensor, " r"]) -> None:
        """Update the choice in place from the logits, in the rows whose tree is not fixed yet (``moving``)."""
        theta[self.chosen].copy_(torch.where(moving.view(-1, 1, 1), theta[self.logits], theta[self.chosen]))

"""Choosing one of several predecessors, by gradient."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.layers.bank import Copy, Slot, Theta
from mtl_core.sharing.blocks.stitching import own_first


class ParentChoice:
    """Every node chooses a parent among as many nodes: w = softmax((l + G)/τ), in the end the arg-max of l.

    l are learned logits, G is Gumbel noise and τ a temperature.  A node's logits begin with the parent of its own task,
    see :func:`mtl_core.sharing.blocks.stitching.own_first`; all start equal, and of equal ones the first counts.  The
    choice itself is a buffer, for an optimiser's inertia and weight decay move logits even where no gradient does.

    Source: E. Jang, S. Gu & B. Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017, eq. 2.

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
        """Each node's weights of its possible parents; ``uniform`` noise in (0, 1) has the order of the logits."""
        logits = theta[self.logits]
        if uniform is not None:
            logits = logits - torch.log(-torch.log(uniform)).to(logits)
        return own_first(torch.softmax(logits / temperature, dim=2))

    def parents(self, theta: Theta) -> Int[Tensor, "r t"]:
        """The position of each node's parent."""
        nodes = len(self.logits.copies)
        ahead = theta[self.chosen].argmax(dim=2)
        return (ahead + torch.arange(nodes, device=ahead.device)) % nodes

    def settled(self, theta: Theta) -> Float[Tensor, "r t t"]:
        """The same as weights, all on one parent."""
        chosen = torch.nn.functional.one_hot(self.parents(theta), len(self.logits.copies))
        return chosen.to(theta[self.logits].dtype)

    def keep(self, theta: Theta, moving: Bool[Tensor, " r"]) -> None:
        """Let the choice follow the logits, in place, in the rows that are still free to choose."""
        theta[self.chosen].copy_(torch.where(moving.view(-1, 1, 1), theta[self.logits], theta[self.chosen]))

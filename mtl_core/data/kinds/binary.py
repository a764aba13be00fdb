"""Two classes, by cross entropy."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cross_entropy

from mtl_core.data.kinds import KindOfClasses
from mtl_core.data.task import Task


class Binary(KindOfClasses):
    """Two classes: the output is the logit of the second one, and the loss is cross entropy."""

    def fits(self, num_classes: int) -> bool:
        """Return whether there are two classes."""
        return num_classes == 2

    def losses(self, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]) -> Float[Tensor, "r g b"]:
        """Return the cross entropy of every example, in nats."""
        # two classes with logits 0 and z: the kernels of binary cross entropy round an odd array's tail differently
        both = torch.cat([torch.zeros_like(outputs), outputs], dim=2)
        classes = targets.flatten(0, 1).long()
        return cross_entropy(both.flatten(0, 1), classes, reduction="none").view(targets.shape)

    def of_shares(self, shares: Float[Tensor, " c"]) -> Float[Tensor, " k"]:
        """Return the logit of the second class's share."""
        logs = shares.log()
        return logs[1:] - logs[:1]

    def predicted(self, outputs: Float[Tensor, "r g k b"]) -> Float[Tensor, "r g b"]:
        """Return the more probable class."""
        return (outputs.squeeze(2) > 0).to(outputs.dtype)

    def prediction(
        self, task: Task, outputs: Float[Tensor, "k b"], standards: tuple[Tensor, Tensor], logits: bool
    ) -> Tensor:
        """Return the probability of the second class, or its logit."""
        return outputs[0] if logits else outputs[0].sigmoid()

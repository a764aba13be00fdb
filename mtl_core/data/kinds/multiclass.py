"""Several classes in no order, by cross entropy."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cross_entropy

from mtl_core.data.kinds import KindOfClasses
from mtl_core.data.task import Task


class Multiclass(KindOfClasses):
    """Several classes in no order: an output for each, and the cross entropy of their softmax."""

    def num_outputs(self, task: Task) -> int:
        """Return the number of classes."""
        return task.num_classes

    def losses(self, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]) -> Float[Tensor, "r g b"]:
        """Return the cross entropy of every example, in nats."""
        classes = targets.flatten(0, 1).long()
        return cross_entropy(outputs.flatten(0, 1), classes, reduction="none").view(targets.shape)

    def seen_by_own_loss(
        self, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
    ) -> tuple[Float[Tensor, "r g c b"], Tensor]:
        """Return the logits, and class numbers as whole numbers."""
        return outputs, targets.long()

    def of_shares(self, shares: Float[Tensor, " c"]) -> Float[Tensor, " k"]:
        """Return the logarithms of the shares."""
        return shares.log()

    def predicted(self, outputs: Float[Tensor, "r g k b"]) -> Float[Tensor, "r g b"]:
        """Return the most probable class, the first of several; the last one where outputs are no numbers."""
        # ten times as fast as torch's argmax, which is slow over a dimension that is not the last
        number = outputs.shape[2]
        ahead = torch.arange(number, 0, -1, dtype=outputs.dtype, device=outputs.device).view(-1, 1)
        first = ((outputs >= outputs.amax(dim=2, keepdim=True)) * ahead).amax(dim=2)
        return (number - first).clamp(max=number - 1)

    def prediction(
        self, task: Task, outputs: Float[Tensor, "k b"], standards: tuple[Tensor, Tensor], logits: bool
    ) -> Tensor:
        """Return the probabilities of the classes, or their logits."""
        return outputs.T if logits else outputs.T.softmax(dim=1)

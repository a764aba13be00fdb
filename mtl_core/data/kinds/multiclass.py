"""Several classes in no order, by cross entropy."""

from __future__ import annotations

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

    def of_shares(self, shares: Float[Tensor, " c"]) -> Float[Tensor, " k"]:
        """Return the logarithms of the shares."""
        return shares.log()

    def predicted(self, outputs: Float[Tensor, "r g k b"]) -> Float[Tensor, "r g b"]:
        """Return the most probable class."""
        return outputs.argmax(dim=2).to(outputs.dtype)

    def prediction(
        self, task: Task, outputs: Float[Tensor, "k b"], standards: tuple[Tensor, Tensor], logits: bool
    ) -> Tensor:
        """Return the probabilities of the classes, or their logits."""
        return outputs.T if logits else outputs.T.softmax(dim=1)

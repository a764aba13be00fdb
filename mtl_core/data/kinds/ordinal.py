"""Classes in an order, by cumulative logits with proportional odds."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from mtl_core.data.kinds import KindOfClasses
from mtl_core.data.task import Task

SMALLEST = 1e-7
"""Smallest difference between one and the odds ratio of neighbouring thresholds that float32 still knows."""


class Ordinal(KindOfClasses):
    """Classes in an order: one score with a threshold between each two classes, the same score for all (k ≥ 3).

    logit P(y > j) = c_j with c_0 = z_0 and c_j = c_{j−1} − exp(z_j − z_0) for the head's k − 1 outputs z.  The outputs
    are one linear function of the representation plus a constant each, so that z_j − z_0 does not depend on the example
    and thresholds are in order whatever the constants are.  With σ(a) − σ(b) = σ(a) σ(−b) (1 − exp(b − a)) the loss,
    −log P(y), needs no difference of probabilities.  The predicted class is the median.

    Source: P. McCullagh, "Regression models for ordinal data", Journal of the Royal Statistical Society B 42, 1980.
    """

    default_metric = "class_distance"
    metrics = ("accuracy", "balanced_accuracy", "f1", "log_loss", "mcc", "quadratic_kappa")

    def fits(self, num_classes: int) -> bool:
        """Return whether there are three classes or more; two are binary."""
        return num_classes >= 3

    def num_outputs(self, task: Task) -> int:
        """Return the number of thresholds."""
        return task.num_classes - 1

    def num_directions(self, task: Task) -> int:
        """Return one: odds are proportional."""
        return 1

    def log_probabilities(self, outputs: Float[Tensor, "r g k b"]) -> Float[Tensor, "r g c b"]:
        """Return the logarithm of every class's probability."""
        logits, steps = self.cumulative(outputs)
        both = torch.stack([torch.zeros_like(logits), logits], dim=2).log_softmax(dim=2)
        above, below = both[:, :, 1], both[:, :, 0]
        between = (1 - torch.exp(-steps)).clamp(min=SMALLEST).log()
        return pad(above, (0, 0, 1, 0)) + pad(below, (0, 0, 0, 1)) + pad(between, (0, 0, 1, 1))

    def cumulative(self, outputs: Float[Tensor, "r g k b"]) -> tuple[Float[Tensor, "r g k b"], Tensor]:
        """Return the logits of P(y > j), and the steps by which they fall, ``[r, g, k − 1, b]``."""
        steps = (outputs[:, :, 1:] - outputs[:, :, :1]).clamp(max=20.0).exp()
        return outputs[:, :, :1] - pad(steps.cumsum(dim=2), (0, 0, 1, 0)), steps

    def losses(self, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]) -> Float[Tensor, "r g b"]:
        """Return minus the logarithm of the probability of every example's class, in nats."""
        return -self.log_probabilities(outputs).gather(2, targets.long().unsqueeze(2)).squeeze(2)

    def seen_by_own_loss(
        self, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
    ) -> tuple[Float[Tensor, "r g c b"], Tensor]:
        """Return logits whose softmax are the classes' probabilities, and class numbers as whole numbers."""
        return self.log_probabilities(outputs), targets.long()

    def of_shares(self, shares: Float[Tensor, " c"]) -> Float[Tensor, " k"]:
        """Return the outputs whose thresholds lie at the cumulated shares."""
        above = shares.flip(0).cumsum(0).flip(0)[1:] / shares.sum()
        logits = above.log() - (1 - above).log()
        return torch.cat([logits[:1], logits[0] + (logits[:-1] - logits[1:]).log()])

    def predicted(self, outputs: Float[Tensor, "r g k b"]) -> Float[Tensor, "r g b"]:
        """Return the median class: the number of thresholds that are passed with more than even odds."""
        return (self.cumulative(outputs)[0] > 0).sum(dim=2).to(outputs.dtype)

    def prediction(
        self, task: Task, outputs: Float[Tensor, "k b"], standards: tuple[Tensor, Tensor], logits: bool
    ) -> Tensor:
        """Return the probabilities of the classes, or their logarithms."""
        logs = self.log_probabilities(outputs[None, None])[0, 0].T
        return logs if logits else logs.exp()

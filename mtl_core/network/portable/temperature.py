"""A temperature that calibrates the probabilities of a classification task on validation examples."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

COLDEST, HOTTEST = 0.2, 5.0
"""Temperatures that are looked at: beyond them a few easy or wrong labels decide."""
STEPS = 60


def temperature(
    logits: Sequence[Float[Tensor, "n k"]],
    labels: Sequence[Int[Tensor, " n"]],
    weights: Sequence[Float[Tensor, " n"]] | None = None,
) -> float:
    """Return the temperature by which logits are divided so that the mean log loss of all examples is smallest.

    The loss is convex in the inverse temperature, so that the sign of its slope leads to the minimum.  Without labels
    of two classes that weigh anything the temperature is 1.

    Source: C. Guo, G. Pleiss, Y. Sun & K. Weinberger, "On calibration of modern neural networks", ICML 2017, section 4.

    Args:
        logits: of each network, on its own validation examples.
        labels: class numbers of these examples.
        weights: of these examples, as in the loss that the networks learnt from; ``None``: all count alike.
    """
    z, y = torch.cat([part.double() for part in logits]), torch.cat(list(labels)).long()
    w = torch.ones(len(y), dtype=torch.float64) if weights is None else torch.cat(list(weights)).double()
    if len(y[w > 0].unique()) < 2:
        return 1.0
    right = z.gather(1, y[:, None])[:, 0]

    def slope(inverse: float) -> float:
        """Derivative of the summed log loss by the inverse temperature."""
        return float(w @ ((z * inverse).softmax(dim=1) * z).sum(dim=1).sub(right))

    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 2 / (low + high)

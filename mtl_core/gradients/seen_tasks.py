"""The weights of all present tasks, where a weighting method saw the gradients of some of them alone."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.gradients.scales import scaled


def of_all_present(
    weights: Float[Tensor, "r t"], seen: Bool[Tensor, "r t"], present: Bool[Tensor, "r t"], scale: str
) -> Float[Tensor, "r t"]:
    """Return the weights of all present tasks, from those that a method gave to the tasks that it saw.

    A task without shared parameters has a row of zeros in the Gramian, and so has one without a label among the
    examples that estimate it.  These zeros say nothing of the task, but to a method they are a gradient that cannot be
    served: the shortest convex combination is that task alone.  So the task is not shown to the method, as if it were
    absent, and weighs as much as the others do on average: 1/T at the scale ``matched``, for T present tasks.

    Args:
        weights: weights that a method returned.
        seen: tasks that the method saw, all of them present.
        present: tasks that take part in the step.
        scale: ``native`` leaves the weights as they are, and an unseen task has the mean absolute weight of the others,
            or 1 where they have none; ``matched`` makes the absolute values of all weights add up to 1.
    """
    unseen, number = present & ~seen, seen.sum(dim=1, keepdim=True)
    weights = scaled(weights, seen, scale)
    if scale == "native":
        total = weights.abs().sum(dim=1, keepdim=True)
        return torch.where(unseen, torch.where(total == 0, 1.0, total / number.clamp(min=1)), weights)
    among = present.sum(dim=1, keepdim=True).clamp(min=1)
    # the quotient of the numbers is exactly 1 where every task was seen
    return torch.where(unseen, 1 / among, weights * (number / among))

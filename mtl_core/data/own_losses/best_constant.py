"""The constant outputs with the least mean loss, where nothing is known of the loss but its values and gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

STEPS = 100


def best_constant(
    mean_loss: Callable[[Float[Tensor, " k"]], Float[Tensor, ""]], start: Float[Tensor, " k"]
) -> Float[Tensor, " k"]:
    """Return the constant outputs at which a mean loss is least, or about least where it has kinks; never a worse one.

    Source: R. H. Byrd, P. Lu, J. Nocedal & C. Zhu, "A limited memory algorithm for bound constrained optimization",
    SIAM Journal on Scientific Computing 16, 1995 (L-BFGS-B).

    Args:
        mean_loss: of constant outputs, float64.
        start: where the search begins.
    """
    from scipy.optimize import minimize  # here, because it takes a while and most studies need it never

    def value(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        constant = torch.from_numpy(numbers.copy()).requires_grad_()
        with torch.enable_grad():
            loss = mean_loss(constant)
        (slope,) = torch.autograd.grad(loss, constant)
        return loss.item(), slope.numpy()

    numbers = start.double().numpy()
    found = minimize(value, numbers, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return torch.from_numpy(found).to(start) if value(found)[0] < value(numbers)[0] else start

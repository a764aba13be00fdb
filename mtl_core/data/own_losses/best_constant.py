"""The constant outputs with the least mean loss, where nothing is known of the loss but its values and gradients."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

STEPS = 100


def best_constant(
    mean_loss: Callable[[Float[Tensor, " k"]], Float[Tensor, ""]], start: Float[Tensor, " k"]
) -> Float[Tensor, " k"]:
    """Return the constant outputs at which a mean loss is least, or about least where it has kinks; never a worse one.

    Source: J. Nocedal & S. J. Wright, "Numerical optimization", 2nd edition 2006, algorithms 7.5 (L-BFGS) and 3.5 (line
    search by the strong Wolfe conditions).

    Args:
        mean_loss: of constant outputs.
        start: where the search begins.
    """
    constant = start.double().clone().requires_grad_()
    search = torch.optim.LBFGS([constant], max_iter=STEPS, line_search_fn="strong_wolfe")

    def step() -> Tensor:
        search.zero_grad()
        loss = mean_loss(constant)
        loss.backward()
        return loss

    with torch.enable_grad():
        search.step(step)
    found = constant.detach().to(start)
    with torch.no_grad():
        return found if bool(mean_loss(found) < mean_loss(start)) else start

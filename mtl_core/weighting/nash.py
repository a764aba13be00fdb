"""Nash-MTL: the Nash bargaining solution between tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain
from mtl_core.weighting import GramianStep
from mtl_core.weighting.solvers.fair_shares import shares
from mtl_core.weighting.solvers.gramian import NormalisedGramian
from mtl_core.weighting.solvers.solved_weighting import SolvedWeighting


class Nash(SolvedWeighting):
    """The direction is the Nash bargaining solution: it maximises the product of the tasks' improvements.

    w > 0 solves G w = 1/w, element by element: w_i g_i·d = 1 for d = Σ_j w_j g_j, where G is the Gramian of the task
    gradients g_i.  d is, up to its length, the direction that maximises Σ_i log g_i·d.

    As in the authors' code, G is divided by its Frobenius norm before (which multiplies w by the root of that norm, so
    that it matters at the native scale only), the weights act on private parameters as well, and the step's gradient on
    the shared parameters is shortened to a norm of 1 where it is longer.

    Source: A. Navon, A. Shamsian, I. Achituve, H. Maron, K. Kawaguchi, G. Chechik & E. Fetaya, "Multi-task learning as
    a bargaining game", ICML 2022, and the authors' code.

    Differs from the paper: solved at every step by Newton's method to a relative error of 1e-6 or better, and not by a
    sequence of convex programs; a step that fails is counted and uses its last iterate.  It fails where a convex
    combination of the task gradients is 0: no direction improves all tasks.  A task without a gradient takes no part in
    the bargain; its private parameters are trained with the mean weight of the others.

    Args:
        normalise: whether G is divided by its norm.
        weighs_private: whether the weights act on private parameters too; else these take their own loss's gradient.
        max_norm: largest norm of the gradient on the shared parameters; ``None``: not shortened.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        normalise: bool = True,
        weighs_private: bool = True,
        max_norm: Annotated[float | None, Domain(above=0)] = 1.0,
    ) -> None:
        super().__init__(tasks)
        self.normalise, self.weighs_everything, self.max_norm = normalise, weighs_private, max_norm

    def solve(self, parts: NormalisedGramian, step: GramianStep) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
        weights, solved = shares(parts, 1.0)
        return weights * self._root_of_norm(parts) if self.normalise else weights, solved

    def _root_of_norm(self, parts: NormalisedGramian) -> Float[Tensor, "r 1"]:
        """√‖G‖, from numbers relative to the longest gradient, so that no fourth power overflows or vanishes."""
        largest = parts.norms.amax(dim=1, keepdim=True)
        relative = parts.norms / torch.where(largest == 0, 1.0, largest)
        products = parts.cosines * relative.unsqueeze(1) * relative.unsqueeze(2)
        return largest * products.square().sum(dim=(1, 2)).sqrt().sqrt().unsqueeze(1)

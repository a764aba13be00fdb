"""Nash-MTL: the Nash bargaining solution between tasks."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import GramianStep, GramianWeighting, State
from mtl_core.weighting.solvers.fair_shares import shares
from mtl_core.weighting.solvers.gramian import count_failures, failure_counter, final_weights, normalised


class Nash(GramianWeighting):
    """The direction is the Nash bargaining solution: it maximises the product of the tasks' improvements.

    w > 0 solves G w = 1/w, element by element: w_i g_i·d = 1 for d = Σ_j w_j g_j, where G is the Gramian of the task
    gradients g_i.  d is, up to its length, the direction that maximises Σ_i log g_i·d.

    Source: A. Navon, A. Shamsian, I. Achituve, H. Maron, K. Kawaguchi, G. Chechik & E. Fetaya, "Multi-task learning as
    a bargaining game", ICML 2022, claim 3.1 and algorithm 1.

    Differs from the paper: solved at every step by Newton's method to a relative error of 1e-6 or better, and not by a
    sequence of convex programs; a step that fails is counted and uses its last iterate.  It fails where a convex
    combination of the task gradients is 0: no direction improves all tasks.  The direction's norm is not cut at 1.  A
    task without a gradient has weight 0.
    """

    def start(self, replicas: int, shared: int = 0) -> State:
        return failure_counter(replicas)

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        parts = normalised(step.gramian, step.present)
        weights, solved = shares(parts, 1.0)
        count_failures(step.state, solved & parts.finite)
        return final_weights(weights, parts, step.present, step.losses)

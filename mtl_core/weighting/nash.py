"""The Nash bargaining solution between tasks."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import GramianStep, GramianWeighting, State
from mtl_core.weighting.solvers import gramian as gramians
from mtl_core.weighting.solvers.fair_shares import shares


class Nash(GramianWeighting):
    """Weights at which tasks would settle if they bargained for the direction of the step.

    w > 0 solves G w = 1/w, element by element: w_i g_i·d = 1 for d = Σ_j w_j g_j, where G is the Gramian of the task
    gradients g_i.  d is, up to its length, the direction that maximises Σ_i log g_i·d.

    Source: A. Navon, A. Shamsian, I. Achituve, H. Maron, K. Kawaguchi, G. Chechik & E. Fetaya, "Multi-task learning as
    a bargaining game", ICML 2022, claim 3.1 and algorithm 1.

    Differs from the paper: solved at every step by Newton's method to a relative error of 1e-6 or better, and not by a
    sequence of convex programs; a step that fails is counted and uses its last iterate.  It fails where task gradients
    hold a convex combination of length 0: there is nothing to bargain for.  The direction's norm is not cut at 1.
    A task without a gradient does not bargain: its weight is 0.
    """

    def start(self, replicas: int, shared: int = 0) -> State:
        return gramians.counter(replicas)

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        parts = gramians.unit(step.gramian, step.present)
        weights, solved = shares(parts, 1.0)
        gramians.count(step.state, solved & parts.finite)
        return gramians.returned(weights, parts, step.present, step.losses)

"""MGDA: the multiple-gradient descent algorithm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.weighting import FLOOR, GramianStep
from mtl_core.weighting.solvers.gramian import NormalisedGramian
from mtl_core.weighting.solvers.min_norm import min_norm
from mtl_core.weighting.solvers.solved_weighting import SolvedWeighting

Normalise = Literal["none", "l2", "loss", "loss+"]


class MGDA(SolvedWeighting):
    """The direction is the shortest convex combination of the task gradients; every loss falls along it, or it is 0.

    w minimises ‖Σ_i w_i g_i‖² = wᵀ G w over w ≥ 0, Σ_i w_i = 1; g_i is the gradient of task i, G their Gramian.  Every
    task has g_i·d ≥ ‖d‖² for d = Σ_i w_i g_i.

    Where ``normalise`` is not ``none``, w is that of the gradients g_i / n_i, with n_i = ‖g_i‖ (``l2``), L_i (``loss``)
    or L_i ‖g_i‖ (``loss+``), and the step is still Σ_i w_i g_i, as in the code of Sener and Koltun: tasks with large
    gradients no longer lose all weight, but a loss may rise along the step.

    Source: J.-A. Désidéri, "Multiple-gradient descent algorithm (MGDA) for multiobjective optimization", C. R. Math.
    350 (2012); O. Sener & V. Koltun, "Multi-task learning as multi-objective optimization", NeurIPS 2018.

    Differs from the paper: the minimum is found by pivoting to about 1e-12, in closed form for two tasks, and not by a
    few Frank-Wolfe steps, which end up to five times too long.  A task that shares nothing
    takes no part, but where one's gradient on what it shares is 0, that is the shortest combination.  ``none`` is the
    papers' text and the default; the other three are those of the code of Sener and Koltun, where a loss counts for
    1e-12 at least here.

    Args:
        normalise: what gradients are divided by to find their weights: ``none``, ``l2``, ``loss`` or ``loss+``.
    """

    def __init__(self, tasks: Sequence[Task], *, normalise: Normalise = "none") -> None:
        super().__init__(tasks)
        if normalise not in get_args(Normalise):
            raise ValueError(f"mgda normalises by {', '.join(get_args(Normalise))}; found normalise={normalise!r}.")
        self.normalise = normalise

    def solve(self, parts: NormalisedGramian, step: GramianStep) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
        return min_norm(self._divided(parts, step.losses.double().clamp(min=FLOOR)), step.present)

    def _divided(self, parts: NormalisedGramian, losses: Float[Tensor, "r t"]) -> NormalisedGramian:
        """The Gramian of the gradients after the division; cosines stay as they are."""
        norms = parts.norms if self.normalise in ("none", "loss") else parts.alive.double()
        if self.normalise in ("loss", "loss+"):
            norms = norms / losses
        return replace(parts, norms=norms, inverse=norms.reciprocal().masked_fill(~parts.alive, 0.0))

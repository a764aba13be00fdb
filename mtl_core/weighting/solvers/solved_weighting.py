"""Weighting methods that hand a problem of every step to a solver, and count the steps at which it failed."""

from __future__ import annotations

from abc import abstractmethod

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.weighting import GramianStep, GramianWeighting, State
from mtl_core.weighting.solvers.gramian import NormalisedGramian, final_weights, normalised


class SolvedWeighting(GramianWeighting):
    """Base class of the methods whose weights solve a problem that the normalised Gramian poses.

    A method is its problem: :meth:`solve`.  Beside the weights it says in which rows they were found; the others are
    counted in the state ``unconverged``, as are rows whose Gramian is not finite.
    """

    solves_on_host = True

    def start(self, replicas: int, shared: int = 0) -> State:
        return {"unconverged": torch.zeros(replicas, dtype=torch.int64)}

    @abstractmethod
    def solve(self, parts: NormalisedGramian, step: GramianStep) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
        """Return the weights, in float64, and whether they were found.

        Args:
            parts: the Gramian of the task gradients as cosines and norms.
            step: what else is known of the step.
        """

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        parts = normalised(step.gramian, step.present)
        weights, solved = self.solve(parts, step)
        step.state["unconverged"] += (~(solved & parts.finite)).to(torch.int64)
        return final_weights(weights, parts, step.present, step.losses)

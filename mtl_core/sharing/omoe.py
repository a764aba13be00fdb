"""Mixture of experts with one gate."""

from __future__ import annotations

from mtl_core.layers.bank import SHARED, Copy
from mtl_core.sharing.mmoe import MMoE


class OMoE(MMoE):
    """Experts shared by all tasks are mixed by a single softmax gate for all tasks (one-gate mixture of experts).

    f(x) = Σ_e g(x)_e h_e(x) with g(x) = softmax(W x + b) over E experts.  Every expert is a copy of the first
    k = ``depth`` stages; y_i = head_i(tower_i(f)).  With a single task this is ``mmoe``.

    Source: J. Ma et al., "Modeling task relationships in multi-task learning with multi-gate mixture-of-experts",
    KDD 2018: the one-gate model.

    Differs from the paper: gates have a bias and start at zero, as in ``mmoe``.

    Args:
        experts: number of experts, E.
        gate_dropout: probability that the gate drops an expert for a step.
    """

    def _gate_copies(self) -> tuple[Copy, ...]:
        return (SHARED,)

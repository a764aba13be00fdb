"""Mixture of experts with one gate, with ordinary modules."""

from __future__ import annotations

from tests.mtl_core.sharing.plain import mmoe


class Plain(mmoe.Plain):
    """Experts, one gate, towers and heads."""

    num_gates = 1

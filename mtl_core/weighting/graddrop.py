"""GradDrop: gradient sign dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, Uniform
from mtl_core.weighting import JacobianStep, JacobianWeighting


class GradDrop(JacobianWeighting):
    """At each parameter the gradients of one sign are dropped at random, more likely those of the weaker sign.

    P = ½ (1 + Σ_i g_i / Σ_i |g_i|) at each shared parameter, the purity of the sign: 1 where all g_i > 0, 0 where all
    g_i < 0.  With U uniform on (0, 1), the same for all tasks, M_i = 1[P > U] 1[g_i > 0] + 1[P < U] 1[g_i < 0], and the
    direction is Σ_i (ℓ + (1−ℓ) M_i) g_i.  With S⁺ and S⁻ the sums of the positive and of the negative g_i,
    P = S⁺ / (S⁺ − S⁻); hence the direction is ℓ (S⁺ + S⁻) + (1−ℓ) (S⁺ if U (S⁺ − S⁻) < S⁺ else S⁻).

    Source: Z. Chen, J. Ngiam, Y. Huang, T. Luong, H. Kretzschmar, Y. Chai & D. Anguelov, "Just pick a sign: optimizing
    deep multitask models with gradient sign dropout", NeurIPS 2020: the sign purity and algorithm 1.

    Differs from the paper: signs are taken of parameters' gradients, where the paper takes those of activations'; the
    purity itself is compared with U (the paper allows a monotonic function of it), of sixteen bits; and one leak serves
    all tasks.

    Args:
        leak: ℓ, the share of each gradient that is never dropped; 1 adds up all gradients, as ``equal`` does.
    """

    def __init__(
        self, tasks: Sequence[Task], *, leak: Annotated[float, Uniform(0.0, 1.0), Domain(least=0, most=1)] = 0.0
    ) -> None:
        super().__init__(tasks)
        self.leak = leak

    def combine(self, step: JacobianStep) -> Float[Tensor, "r p"]:
        up = step.jacobians[0].clamp(min=0).sum(dim=1)
        down = step.jacobians[0].clamp(max=0).sum(dim=1)
        noise = step.streams.elements("graddrop", up.shape[1]).to(up)
        picked = torch.where(noise * (up - down) < up, up, down)
        return self.leak * (up + down) + (1 - self.leak) * picked

"""Sparse gates by binary codes: a few selectors, each of which converges to a single expert."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.layers.bank import Copy, Slot, Theta, uniform
from mtl_core.layers.head_product import class_major

_WEIGHTS_BOUND = 0.05
_CODES_BOUND = 0.01  # of the step's width
_TINY = 1e-12


def without_dropped(
    weights: Float[Tensor, "r t e b"], dropped: Bool[Tensor, "r t e 1"] | None
) -> Float[Tensor, "r t e b"]:
    """Return the experts' weights without those of dropped experts, adding up to 1 again.

    Where a gate has selected dropped experts alone, it keeps them: no other has any weight to give.
    """
    if dropped is None:
        return weights
    dropped = dropped.to(weights.device)
    left = torch.where(dropped, 0.0, weights)
    total = left.sum(dim=2, keepdim=True)
    changed = (total > 0) & dropped.any(dim=2, keepdim=True)  # a row that drops nothing keeps its bits
    return torch.where(changed, left / torch.where(total > 0, total, 1.0), weights)


def smooth_step(z: Float[Tensor, "*n"], width: float) -> Float[Tensor, "*n"]:
    """Return the smooth step S(z) = ½ + 3z/2w − 2z³/w³ between −w/2 and w/2, exactly 0 below and 1 above.

    The gradient is exactly 0 outside the interval.

    Source: H. Hazimeh et al., "The tree ensemble layer: differentiability meets conditional computation", ICML 2020.
    """
    u = (z / width).clamp(-0.5, 0.5)
    return 0.5 + u * (1.5 - 2 * u * u)


def expert_choice(bits: Float[Tensor, "r t s m *b"]) -> Float[Tensor, "r t s e *b"]:
    """Return the weight of every expert under relaxed binary codes.

    r_e = Π_j (bit_j if the binary code of e has a one at place j, else 1 − bit_j), for e = 0 … 2^m − 1.  The product is
    built by doubling, because the gradient of ``torch.prod`` changes its algorithm for all rows when any factor is 0.
    """
    first, *others = (torch.stack([1 - bit, bit], dim=3) for bit in bits.unbind(3))
    for pair in others:
        first = (first.unsqueeze(4) * pair.unsqueeze(3)).flatten(3, 4)
    return first


class Selectors:
    """Sparse gates with expert weights q = Σ_s softmax(α)_s r(z_s), for every copy.

    Selector s has a code z_s of m = log₂ E numbers; r(z_s) is its choice among E experts (:func:`expert_choice` of the
    smooth step), one-hot once all |z_sj| ≥ w/2.  Codes and α are parameters (``static``) or affine functions of the
    example.

    Args:
        name: of the bank, unique in the network.
        copies: a gate for each task.
        experts: number of experts, E, a power of two.
        selectors: largest number of experts that a gate may end with.
        inputs: number of features of an example.
        kind: what the gate depends on: the task alone (``static``), or the task and the example (``example``).
        width: width w of the smooth step.
    """

    def __init__(
        self,
        name: str,
        copies: tuple[Copy, ...],
        experts: int,
        selectors: int,
        inputs: int,
        kind: Literal["static", "example"],
        width: float,
    ) -> None:
        self._selectors, self._width, self._static = selectors, width, kind == "static"
        bits = experts.bit_length() - 1

        def slot(part: str, shape: tuple[int, ...], bound: float) -> Slot:
            return Slot(f"{name}.{part}", copies, shape, uniform(bound, *shape))

        codes, weights = (bits * selectors, _CODES_BOUND * width), (selectors, _WEIGHTS_BOUND)
        self.code_bias, self.weight_bias = (
            slot(f"{part}.bias", (size,), bound) for part, (size, bound) in (("code", codes), ("weight", weights))
        )
        self.slots: tuple[Slot, ...] = (self.code_bias, self.weight_bias)
        if not self._static:
            self.code_weight, self.weight_weight = (
                slot(f"{part}.weight", (size, inputs), bound)
                for part, (size, bound) in (("code", codes), ("weight", weights))
            )
            self.slots += (self.code_weight, self.weight_weight)

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r g b d"]
    ) -> tuple[Float[Tensor, "r t e b"], Float[Tensor, " r"]]:
        """Return the experts' weights and the entropy of the selectors' choices.

        A static gate gives weights for a single example, which stands for all.  The entropy, in nats, is summed over
        tasks and selectors and averaged over examples.
        """
        if self._static:
            codes, weights = theta[self.code_bias].unsqueeze(3), theta[self.weight_bias].unsqueeze(3)
        else:
            codes = class_major(theta[self.code_bias], theta[self.code_weight], x)
            weights = class_major(theta[self.weight_bias], theta[self.weight_weight], x)
        bits = smooth_step(codes, self._width).unflatten(2, (self._selectors, -1))
        choices = expert_choice(bits)
        entropy = -(choices * torch.log(choices.clamp(min=_TINY))).sum(dim=(1, 2, 3)).mean(dim=1)
        return (weights.softmax(dim=2).unsqueeze(3) * choices).sum(dim=2), entropy

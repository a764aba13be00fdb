"""Softmax gates over experts, and the mixture of experts."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.layers.bank import Copy, Slot, Theta, constant
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.layers.head_product import class_major

_WIDE = 400
"""Multiply-adds of an example's mixture from which on torch hands batched products to a fast library."""


class Gates:
    """Softmax gates, softmax(W x + b) over the experts of every copy.

    W and b start at zero, so every expert starts with the same weight in every gate; experts differ from the start, so
    gates move from the first step.

    In training a gate may drop experts, each with the same probability and for a whole step; the softmax runs over the
    remaining ones.  A gate that would drop all of its experts keeps all.

    Source of the dropout: Z. Zhao et al., "Recommending what video to watch next: a multitask ranking system",
    RecSys 2019.

    Args:
        name: of the bank, unique in the network.
        copies: a gate for each task, or one for all.
        experts: for each copy the names of the experts that it mixes, the same number for every copy.
        inputs: number of features of an example.
    """

    def __init__(self, name: str, copies: tuple[Copy, ...], experts: Sequence[Sequence[str]], inputs: int) -> None:
        choices = len(experts[0])
        self.weight = Slot(f"{name}.weight", copies, (choices, inputs), constant(0.0, choices, inputs))
        self.bias = Slot(f"{name}.bias", copies, (choices,), constant(0.0, choices))
        self.slots = (self.weight, self.bias)
        self._names = gate_names(name, copies, experts)

    def __call__(
        self,
        theta: Theta,
        x: Float[Tensor, "r g b d"],
        context: ForwardContext,
        dropout: Float[Tensor, "r 1 1 1"] | float,
    ) -> Float[Tensor, "r s e b"]:
        """Return weights that sum to one over the experts, for every copy (or every signal of the single copy)."""
        logits = class_major(theta[self.bias], theta[self.weight], x)
        dropped = dropped_experts(self._names, len(self.weight.copies), context, dropout)
        if dropped is not None:
            logits = torch.where(dropped.to(logits.device), -torch.inf, logits)
        return logits.softmax(dim=2)


def gate_names(name: str, copies: Sequence[Copy], experts: Sequence[Sequence[str]]) -> list[str]:
    """Return a name for every expert of every copy of a gate, by which its dropout is drawn.

    Args:
        name: of the gate's bank.
        copies: of the bank.
        experts: for each copy the names of the experts that it mixes.
    """
    return [f"{name}/{copy.name}/{expert}" for copy, names in zip(copies, experts, strict=True) for expert in names]


def dropped_experts(
    names: Sequence[str], copies: int, context: ForwardContext, dropout: Float[Tensor, "r 1 1 1"] | float
) -> Bool[Tensor, "r c e 1"] | None:
    """Return which experts every copy of a gate drops in this step, never all of them; ``None`` where none is dropped.

    Args:
        names: of :func:`gate_names`.
        copies: number of copies of the gate.
        context: of the forward pass; nothing is dropped in evaluation.
        dropout: probability that an expert is dropped, for all rows or by row.
    """
    if context.streams is None or not (isinstance(dropout, Tensor) or dropout > 0):
        return None
    chance = context.streams.uniform(names).unflatten(1, (copies, -1)).unsqueeze(3)
    return unless_all(chance < dropout)


def unless_all(dropped: Bool[Tensor, "r c e 1"]) -> Bool[Tensor, "r c e 1"]:
    """Return the mask of dropped experts, with none dropped where a gate would drop all."""
    return dropped & ~dropped.all(dim=2, keepdim=True)


def mix(gates: Float[Tensor, "r t e b"], experts: Float[Tensor, "r e g b *f"]) -> Float[Tensor, "r t b *f"]:
    """Return the mixture of experts of every task, f_i = Σ_e gate_ie f_e.

    Args:
        gates: weights of each task and example; a single task or example stands for all.
        experts: the experts' outputs for the examples that all tasks share (g = 1) or for each task's own (g = t).
    """
    flat = experts.flatten(4) if experts.ndim > 4 else experts.unsqueeze(4)
    if flat.shape[2] == 1 and gates.shape[1] * flat.shape[1] * flat.shape[4] >= _WIDE:
        mixed = torch.einsum("rteb,rebf->rtbf", gates, flat[:, :, 0])
    else:
        first, *others = zip(gates.unsqueeze(4).unbind(2), flat.unbind(1), strict=True)
        mixed = first[0] * first[1]
        for weight, output in others:
            mixed = torch.addcmul(mixed, weight, output)
    return mixed.unflatten(3, experts.shape[4:])


def mix_groups(
    gates: Float[Tensor, "r t e b"], groups: Sequence[Float[Tensor, "r n g b *f"]]
) -> Float[Tensor, "r t b *f"]:
    """Return one mixture over several groups of experts, which may differ in their numbers of signals."""
    parts = gates.split([group.shape[1] for group in groups], dim=2)
    first, *others = (mix(weights, group) for weights, group in zip(parts, groups, strict=True))
    return sum(others, start=first)

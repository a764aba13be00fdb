"""Losses as users write them, right and wrong ones."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

CALLS: list[tuple[int, ...]] = []
"""Shape of the outputs of every call of :func:`noted`."""


def squared(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs - targets) ** 2


def noted(outputs: Tensor, targets: Tensor) -> Tensor:
    CALLS.append(tuple(outputs.shape))
    assert not targets.isnan().any()
    return squared(outputs, targets)


def squared_of_vector(outputs: Tensor, targets: Tensor) -> Tensor:
    return ((outputs - targets) ** 2).mean(dim=1)


def pinball(outputs: Tensor, targets: Tensor) -> Tensor:
    error = targets - outputs
    return torch.maximum(0.1 * error, -0.9 * error)


def entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    return cross_entropy(outputs, targets, reduction="none")


def two_class_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    return cross_entropy(torch.stack([torch.zeros_like(outputs), outputs], dim=1), targets.long(), reduction="none")


def binary_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Rounds differently in an array's tail."""
    return binary_cross_entropy_with_logits(outputs, targets, reduction="none")


def deviance(outputs: Tensor, targets: Tensor) -> Tensor:
    safe = targets.clamp(min=1e-30)
    return 2 * (targets * (safe.log() - outputs) - targets + outputs.exp())


def mean(outputs: Tensor, targets: Tensor) -> Tensor:
    return ((outputs - targets) ** 2).mean()


def number(outputs: Tensor, targets: Tensor) -> float:
    return 0.5


def broken(outputs: Tensor, targets: Tensor) -> Tensor:
    return outputs["a"]  # type: ignore[call-overload]


def negative(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs - targets) ** 2 - 1


def infinite(outputs: Tensor, targets: Tensor) -> Tensor:
    return -(1 - torch.sigmoid((outputs - targets).abs())).log()


def steep(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs - targets).abs().sqrt()


def detached(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs.detach() - targets) ** 2


def flat(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs > targets) + 0.0 * outputs


def scaled_by_all(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs - targets) ** 2 / (1 + outputs.abs().max())


def divided(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs - targets) ** 2 / len(outputs)


def random(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs - targets + torch.randn_like(outputs)) ** 2


def overwriting(outputs: Tensor, targets: Tensor) -> Tensor:
    return targets.sub_(outputs) ** 2


def turned_round(targets: Tensor, outputs: Tensor) -> Tensor:
    return pinball(outputs, targets)


class _Opaque(torch.autograd.Function):
    @staticmethod
    def forward(ctx, outputs: Tensor) -> Tensor:
        return outputs * 2

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return gradient * float(2 if gradient.sum().item() > -1e30 else 0)


def opaque(outputs: Tensor, targets: Tensor) -> Tensor:
    return (_Opaque.apply(outputs) - targets) ** 2


NUMBER = 3

"""The 1797 handwritten 8 × 8 digits of scikit-learn, and their division into parts that share no image."""

from __future__ import annotations

from functools import cache

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mtl_core.randomness.seeding import generator

TEST_PART, NUM_PARTS = 0, 3
"""Number of the part that is set aside for testing before anything is composed, and the number of equal parts."""


@cache
def base_digits() -> tuple[Float[Tensor, "n 8 8"], Int[Tensor, " n"]]:
    """Return the images, with pixels in 0 … 1, and the digit that each shows."""
    from sklearn.datasets import load_digits  # Here, because it takes a second that most commands need not spend.

    digits = load_digits()
    return torch.tensor(digits.images / 16, dtype=torch.float32), torch.tensor(digits.target, dtype=torch.int64)


def deal(labels: Int[Tensor, " n"], num_parts: int, seed: int, stream: str) -> Int[Tensor, " n"]:
    """Return the part 0 … ``num_parts`` − 1 of every digit; parts have equal size (± 1) and the same share of classes.

    Args:
        labels: class of every digit.
        num_parts: number of parts.
        seed: of the random order.
        stream: name of the random stream.
    """
    shuffled = torch.randperm(len(labels), generator=generator(seed, stream))
    by_class = shuffled[labels[shuffled].argsort(stable=True)]
    part = torch.empty_like(labels)
    part[by_class] = torch.arange(len(labels)) % num_parts
    return part


def development_and_test(seed: int) -> tuple[Int[Tensor, " n_development"], Int[Tensor, " n_test"]]:
    """Return the positions of the base digits for development and for testing, which ``seed`` decides."""
    part = deal(base_digits()[1], NUM_PARTS, seed, "test digits")
    return (part != TEST_PART).nonzero().squeeze(1), (part == TEST_PART).nonzero().squeeze(1)

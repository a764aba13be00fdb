"""Dropout whose masks depend on the replica alone, not on the array that it trains in."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Copy
from mtl_core.randomness.seeding import generator

_LEVELS = 1 << 16


class Noise:
    """The dropout masks of one training step, for r replicas.

    Every (seed, step, copy name) has a random stream of its own from which the stages draw in order; a private copy
    thus has the same masks in a single-task network and beside other tasks.  Sixteen random bits decide an element, so
    a rate is rounded to a multiple of 1/65536.

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.

    Args:
        seeds: seed of each replica.
        steps: number of the step of each replica.
        rates: probability that an element is dropped, of each replica.
    """

    def __init__(self, seeds: Sequence[int], steps: Sequence[int], rates: Float[Tensor, " r"]) -> None:
        self._rows = list(zip(seeds, steps, rates.tolist(), strict=True))
        threshold = (rates.double() * _LEVELS).round()
        self._threshold = (threshold - _LEVELS // 2).clamp(max=_LEVELS // 2 - 1).to(torch.int16).view(-1, 1, 1)
        self._factor = (1 / (1 - threshold / _LEVELS)).to(rates).view(-1, 1, 1)
        self._streams: dict[tuple[int, str], torch.Generator] = {}

    def __call__(self, x: Float[Tensor, "r c *f"], copies: tuple[Copy, ...]) -> Float[Tensor, "r c *f"]:
        """Return ``x`` with some elements set to 0 and the others scaled by 1/(1 − rate).

        Args:
            x: activations; with more signals than copies, all belong to one copy, which takes them as one long batch.
            copies: copies of the stage that drops.
        """
        elements = x[0].numel() // len(copies)
        words = torch.zeros(len(x), len(copies), -(-elements // 4), dtype=torch.int64)
        for row, (_, _, rate) in enumerate(self._rows):
            if rate > 0:
                for place, copy in enumerate(copies):
                    words[row, place].random_(-(2**63), None, generator=self._stream(row, copy.name))
        bits = words.view(torch.int16)[:, :, :elements]
        mask = ((bits >= self._threshold) * self._factor).reshape(x.shape)
        return x * mask.to(device=x.device, dtype=x.dtype)

    def _stream(self, row: int, copy: str) -> torch.Generator:
        if (row, copy) not in self._streams:
            seed, step, _ = self._rows[row]
            self._streams[row, copy] = generator(seed, "dropout", step, copy)
        return self._streams[row, copy]

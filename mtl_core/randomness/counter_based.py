"""Counter-based random numbers: a draw depends on the replica's seed, the step and a name, not on earlier steps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mtl_core.randomness.seeding import stream_seed


class Streams:
    """Random numbers of one training step, for all replicas at once and without a generator for each.

    A number is a hash of (seed, purpose, name, step, draw): counter-based, so that it depends neither on the array that
    a replica trains in nor on the order of names, and no generator state has to be saved.

    Source: Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (the finaliser).

    Args:
        seeds: seed of each replica.
        purpose: part of the hash that separates uses of the same names.
    """

    def __init__(self, seeds: Sequence[int], purpose: str) -> None:
        self._seeds, self._purpose = tuple(seeds), purpose
        self._keys: dict[tuple[str, ...], Tensor] = {}
        self._steps = torch.zeros(len(self._seeds), 1, dtype=torch.int64)
        self._draws = 0

    def at(self, steps: Sequence[int]) -> Streams:
        """Set the number of the step of each replica, begin the draws again, and return this object."""
        self._steps = torch.tensor(steps, dtype=torch.int64).unsqueeze(1)
        self._draws = 0
        return self

    def uniform(self, names: Sequence[str]) -> Float[Tensor, "r n"]:
        """Draw a float64 from U(0, 1) for each replica and name; every call draws new numbers."""
        return _unit(self._bits(tuple(names)))

    def normal(self, names: Sequence[str]) -> Float[Tensor, "r n"]:
        """Draw a float64 from N(0, 1) for each replica and name; every call draws new numbers."""
        return torch.special.ndtri(self.uniform(names))

    def elements(self, name: str, size: int) -> Float[Tensor, "r n"]:
        """Draw ``size`` numbers from U(0, 1) for each replica from one name, of sixteen random bits each."""
        words = torch.empty(len(self._seeds), -(-size // 4), dtype=torch.int64)
        for row, key in zip(words, self._bits((name,)).squeeze(1).tolist(), strict=True):
            row.random_(-(2**63), None, generator=torch.Generator().manual_seed(key))
        bits = words.view(torch.int16)[:, :size]
        return (bits.to(torch.get_default_dtype()) + (_LEVELS // 2 + 0.5)) / _LEVELS

    def _bits(self, names: tuple[str, ...]) -> Int[Tensor, "r n"]:
        if names not in self._keys:
            rows = [[stream_seed(seed, self._purpose, name) for name in names] for seed in self._seeds]
            self._keys[names] = torch.tensor(rows, dtype=torch.int64).view(len(rows), len(names))
        self._draws += 1
        draw = torch.tensor(self._draws) * _STRIDE  # a tensor, for its products wrap around
        return _mixed(_mixed(self._keys[names] + self._steps * _STRIDE) + draw)


_LEVELS = 1 << 16
_STRIDE = -7046029254386353131  # 0x9E3779B97F4A7C15, the golden ratio's fraction, as a signed number
_MULTIPLIERS = (-4658895280553007687, -7723592293110705685)  # 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def _mixed(z: Int[Tensor, "r n"]) -> Int[Tensor, "r n"]:
    """The finaliser of splitmix64; products wrap around."""
    z = (z ^ _shifted(z, 30)) * _MULTIPLIERS[0]
    z = (z ^ _shifted(z, 27)) * _MULTIPLIERS[1]
    return z ^ _shifted(z, 31)


def _shifted(z: Int[Tensor, "r n"], bits: int) -> Int[Tensor, "r n"]:
    """A logical shift to the right; torch's operator shifts in the sign bit."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _unit(bits: Int[Tensor, "r n"]) -> Float[Tensor, "r n"]:
    return (_shifted(bits, 12).double() + 0.5) * 2.0**-52

"""Counter-based random numbers: a draw depends on the replica's seed, the step and a name, not on earlier steps.

They are hashes of integers, computed on the device that needs them, and thus the same on every device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

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
        device: where the numbers are drawn; ``None``: on the CPU.
    """

    def __init__(self, seeds: Sequence[int], purpose: str, device: torch.device | None = None) -> None:
        self._seeds, self._purpose, self._device = tuple(seeds), purpose, device
        self._keys: dict[tuple[str, ...], Tensor] = {}
        self._steps = torch.zeros(len(self._seeds), 1, dtype=torch.int64, device=device)
        self._draws = 0

    def at(self, steps: Sequence[int] | Int[Tensor, " r"]) -> Streams:
        """Set the number of the step of each replica, begin the draws again, and return this object."""
        if not isinstance(steps, Tensor):
            steps = torch.tensor(steps, dtype=torch.int64, device=self._device)
        self._steps = steps.unsqueeze(1)
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
        bits = words(halves(self._bits((name,)).squeeze(1)), -(-size // 2)).view(torch.int16)[:, :size]
        return (bits.to(torch.get_default_dtype()) + (_LEVELS // 2 + 0.5)) / _LEVELS

    def _bits(self, names: tuple[str, ...]) -> Int[Tensor, "r n"]:
        if names not in self._keys:
            self._keys[names] = stream_keys(self._seeds, self._purpose, names, self._device)
        self._draws += 1
        return draw_keys(self._keys[names], self._steps, self._draws)


def stream_keys(
    seeds: Sequence[int],
    purpose: str,
    names: Sequence[str],
    device: torch.device | None,
    own_names: Sequence[Mapping[str, str]] | None = None,
) -> Int[Tensor, "r n"]:
    """Return a key of 63 bits for each seed and name, from which :func:`draw_keys` makes those of single draws.

    Args:
        seeds: seed of each replica.
        purpose: part of the hash that separates uses of the same names.
        names: of the streams.
        device: where the keys are needed.
        own_names: for each replica, what it calls a name; ``None``: all use the names as they are.
    """
    called = [{}] * len(seeds) if own_names is None else own_names
    rows = [
        [stream_seed(seed, purpose, own.get(name, name)) for name in names]
        for seed, own in zip(seeds, called, strict=True)
    ]
    return torch.tensor(rows, dtype=torch.int64, device=device).view(len(rows), len(names))


def draw_keys(streams: Int[Tensor, "*a"], steps: Int[Tensor, "*a"], draw: int) -> Int[Tensor, "*a"]:
    """Return 64 random bits for every stream.

    Args:
        streams: keys of :func:`stream_keys`.
        steps: number of the step of each replica, in a shape that fits ``streams``.
        draw: number of the draw within the step.
    """
    return _mixed(_mixed(streams + steps * _STRIDE) + _wrapped(draw * _STRIDE))


def halves(keys: Int[Tensor, "*k"]) -> tuple[Int[Tensor, "*k 1"], Int[Tensor, "*k 1"]]:
    """Return the two halves, int32, of keys of 64 bits."""
    first, second = keys.unsqueeze(-1).view(torch.int32).unsqueeze(-1).unbind(-2)
    return first.contiguous(), second.contiguous()


def words(keys: tuple[Int[Tensor, "*k 1"], Int[Tensor, "*k 1"]], number: int) -> Int[Tensor, "*k n"]:
    """Return ``number`` random words of 32 bits, int32, for every key of 64 bits.

    A word is two rounds of multiplying and shifting the sum of its place and one half of the key, with the other half
    between the rounds.  The multipliers are those of C. Wellons' "lowbias32" (Hash prospector, 2018).

    Args:
        keys: their :func:`halves`.
        number: of words, n.
    """
    first, second = keys
    z = _multiplied_places(number, first.device) + first * _WORD_MULTIPLIERS[0]  # (place + first) · multiplier
    shifted = z >> 15  # torch shifts in the sign, which costs one bit of 32 here; at the end it would show
    z ^= shifted
    z ^= second
    z *= _WORD_MULTIPLIERS[1]
    torch.bitwise_right_shift(z, 16, out=shifted)
    shifted &= 0xFFFF
    z ^= shifted
    return z


@lru_cache(maxsize=64)
def _multiplied_places(number: int, device: torch.device) -> Int[Tensor, " n"]:
    return torch.arange(number, dtype=torch.int32, device=device) * _WORD_MULTIPLIERS[0]


_LEVELS = 1 << 16
_STRIDE = -7046029254386353131  # 0x9E3779B97F4A7C15, the golden ratio's fraction, as a signed number
_MULTIPLIERS = (-4658895280553007687, -7723592293110705685)  # 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_WORD_MULTIPLIERS = (0x7FEB352D, 0x846CA68B - (1 << 32))


def _wrapped(number: int) -> int:
    """A whole number as the signed one of 64 bits that it wraps around to."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


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

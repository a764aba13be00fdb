"""Dropout whose masks depend on the replica alone, not on the array that it trains in or on the device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy as shallow_copy
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mtl_core.fixed_tensor import FixedTensor
from mtl_core.layers.bank import Copy
from mtl_core.randomness.counter_based import draw_keys, halves, stream_keys, words

_LEVELS = 256
_BLOCK = 1 << 16
"""Random words that are drawn at once, for several steps where one step needs fewer: they stay in the cache."""


class Dropout:
    """The dropout of r replicas: what the masks of all steps of an epoch have in common.

    The mask of a layer is a hash of (seed, copy name, step, number of the draw): the stages of a copy draw in order,
    and a private copy thus has the same masks in a single-task network and beside other tasks.  Where a copy takes the
    signals of several tasks, the name of a signal's task enters the hash too, so that no mask depends on the order of
    the tasks.  Eight random bits decide an element, so a rate is rounded to a multiple of 1/256.

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.

    Args:
        seeds: seed of each replica.
        rates: probability that an element is dropped, of each replica.
        device: where the masks are drawn; ``None``: on the CPU.
        own_names: for each replica, what it calls a copy; ``None``: all use the copies' names.

    Attributes:
        rows: number of replicas, r.
        factor: 1/(1 − rate) of each replica, ``[r, 1, 1]``.
    """

    def __init__(
        self,
        seeds: Sequence[int],
        rates: Sequence[float],
        device: torch.device | None = None,
        own_names: Sequence[Mapping[str, str]] | None = None,
    ) -> None:
        self._seeds, self._device, self._own_names = tuple(seeds), device, own_names
        dropped = [min(round(rate * _LEVELS), _LEVELS - 1) for rate in rates]
        self.rows = len(self._seeds)
        self._threshold = torch.tensor(dropped, dtype=torch.uint8, device=device).view(-1, 1, 1)
        factors = [_LEVELS / (_LEVELS - level) for level in dropped]
        self.factor = FixedTensor(torch.tensor(factors, dtype=torch.float64).view(-1, 1, 1))
        self._streams: dict[tuple[str, ...], Tensor] = {}
        self._keys: dict[tuple[tuple[str, int], ...], tuple[Tensor, Tensor]] = {}
        self._thresholds: dict[tuple[int, int], Tensor] = {}
        self._blocks: dict[tuple[tuple[tuple[str, int], ...], int], tuple[int, Tensor]] = {}
        self._asked: dict[tuple[tuple[tuple[str, int], ...], int], None] = {}
        self._steps = torch.zeros(1, len(self._seeds), 1, dtype=torch.int64, device=device)

    def begin(self, steps: Int[Tensor, "s r"]) -> None:
        """Begin an epoch, whose steps have the numbers ``steps`` for each replica."""
        self._steps = steps.unsqueeze(2)
        self._keys.clear()
        self._blocks.clear()

    def at(self, place: int) -> Noise:
        """Return the noise of the step at ``place`` in the epoch, which begins its draws anew."""
        return Noise(self, place)

    def alone(self, numbers: Int[Tensor, " r"]) -> Noise:
        """Return the noise of the step with these numbers, computed from them without what is kept of an epoch."""
        step = shallow_copy(self)
        step._keys, step._blocks = {}, {}
        step.begin(numbers.unsqueeze(0))
        return step.at(0)

    def mask(self, draws: Sequence[tuple[str, int]], place: int, elements: int, like: Tensor) -> Float[Tensor, "r c n"]:
        """Return a mask of 0 for dropped elements and 1/(1 − rate) for the others, in the data type of ``like``.

        Args:
            draws: name of each mask, and the number of its draw in this step.
            place: of the step in the epoch.
            elements: number of elements of a mask, n.
            like: the values that are to be masked.
        """
        asked = tuple(draws)
        self._asked[asked, elements] = None
        kept = self._kept(asked, place, elements)
        return kept[:, :, :elements].to(like.dtype).mul_(self.factor.like(like))

    def asked_masks(self, place: int) -> list[Int[Tensor, "r c n"]]:
        """Return for each mask that any step asked for the bytes of the step at ``place``: 1 for kept elements, else 0.

        They are the very memory that :meth:`mask` uses next.
        """
        return [self._kept(draws, place, elements) for draws, elements in self._asked]

    def _kept(self, draws: tuple[tuple[str, int], ...], place: int, elements: int) -> Int[Tensor, "r c n"]:
        """1 for kept elements and 0 for others, as bytes: drawn for several steps at once where they are few."""
        begin, block = self._blocks.get((draws, elements), (0, None))
        if block is None or not begin <= place < begin + len(block):
            first, second = self._keys_of(draws)
            number = -(-elements // 4)
            steps = max(1, _BLOCK // (first[0].numel() * number))
            begin = place - place % steps
            bits = words((first[begin : begin + steps], second[begin : begin + steps]), number).view(torch.uint8)
            # torch compares arrays of one shape ten times as fast as an array with a column, and casts bytes faster
            block = (bits >= self._threshold_of(len(draws), bits.shape[3])).view(torch.uint8)
            self._blocks[draws, elements] = begin, block
        return block[place - begin]

    def _keys_of(self, draws: tuple[tuple[str, int], ...]) -> tuple[Int[Tensor, "s r c 1"], Int[Tensor, "s r c 1"]]:
        """The keys of all steps of the epoch, in halves; those of single steps would take longer than the masks."""
        if draws not in self._keys:
            names = tuple(name for name, _ in draws)
            if names not in self._streams:
                self._streams[names] = stream_keys(self._seeds, "dropout", names, self._device, self._own_names)
            streams, steps = self._streams[names].unsqueeze(0), self._steps
            numbers = [number for _, number in draws]
            if len(set(numbers)) == 1:
                keys = draw_keys(streams, steps, numbers[0])
            else:
                each = zip(streams.split(1, dim=2), numbers, strict=True)
                keys = torch.cat([draw_keys(stream, steps, number) for stream, number in each], dim=2)
            self._keys[draws] = halves(keys)
        return self._keys[draws]

    def _threshold_of(self, copies: int, elements: int) -> Tensor:
        shape = (copies, elements)
        if shape not in self._thresholds:
            self._thresholds[shape] = self._threshold.expand(-1, *shape).contiguous()
        return self._thresholds[shape]


class Noise:
    """The dropout masks of one training step, for r replicas.

    Args:
        dropout: that of the array.
        place: of the step in the epoch.
    """

    def __init__(self, dropout: Dropout, place: int) -> None:
        self._dropout, self._place = dropout, place
        self._draws: Counter[str] = Counter()

    def __call__(
        self, x: Float[Tensor, "r c *f"], copies: tuple[Copy, ...], signals: Sequence[Sequence[str]] = ()
    ) -> Float[Tensor, "r c *f"]:
        """Return ``x`` with some elements set to 0 and the others scaled by 1/(1 − rate).

        Args:
            x: activations of every copy, one signal after the other.
            copies: copies of the stage that drops.
            signals: for each copy the tasks whose signals it takes, in order, as many for every copy; a single
                sequence: those of every copy; none: each copy takes one signal.
        """
        return x * self._mask(x, copies, signals)

    def after_relu(
        self, x: Float[Tensor, "q b *f"], copies: tuple[Copy, ...], signals: Sequence[Sequence[str]] = ()
    ) -> Float[Tensor, "q b *f"]:
        """Return the positive part of ``x`` after dropout, in the memory of ``x``.

        Args:
            x: as in a call, and in the memory order of its shape there.
            copies, signals: as in a call.
        """
        factor = self._dropout.factor.like(x).view(-1, 1)
        return cast(Tensor, _ReluThenDropout.apply(x, self._mask(x, copies, signals), factor))

    def _mask(self, x: Tensor, copies: tuple[Copy, ...], signals: Sequence[Sequence[str]]) -> Tensor:
        """The mask of the next draw, in the shape of ``x``."""
        groups = signals or ((),)
        groups = [*groups] * len(copies) if len(groups) == 1 else groups
        draws = []
        for copy, tasks in zip(copies, groups, strict=True):
            names = [f"{copy.name}\x1f{task}" for task in tasks] if len(tasks) > 1 else [copy.name]
            draws += [(name, self._draws[copy.name]) for name in names]
        self._draws.update(copy.name for copy in copies)
        elements = x.numel() // (self._dropout.rows * len(draws))
        return self._dropout.mask(draws, self._place, elements, x).reshape(x.shape)


class _ReluThenDropout(torch.autograd.Function):
    """Dropout of positive parts: its backward pass needs neither the mask nor the values before it.

    A result is positive where the signal passed both, so that a gradient passes there, times 1/(1 − rate).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, mask: Tensor, factor: Float[Tensor, "r 1"]) -> Tensor:
        ctx.mark_dirty(x)
        ctx.save_for_backward(x, factor)
        return torch.relu_(x).mul_(mask)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (gradient,), (dropped, factor) = gradients, ctx.saved_tensors
        passed = torch.ops.aten.threshold_backward(gradient, dropped, 0)
        return passed.reshape(len(factor), -1).mul_(factor).view(dropped.shape), None, None


def noise_of(seeds: Sequence[int], steps: Sequence[int], rates: Sequence[float]) -> Noise:
    """Return the noise of a single step, for which nothing of other steps is kept.

    Args:
        seeds, rates: as for :class:`Dropout`.
        steps: number of the step of each replica.
    """
    return Dropout(seeds, rates).alone(torch.tensor(list(steps)))

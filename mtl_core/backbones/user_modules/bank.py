"""Copies of a user's module for many replicas, in one batched run or one after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call, vmap

from mtl_core.backbones.user_modules.factory import Maker
from mtl_core.layers.bank import Copy, Initialiser, Slot, Theta
from mtl_core.layers.forward_context import ForwardContext

if TYPE_CHECKING:
    from mtl_core.backbones import Affine

Held = dict[str, Tensor]
"""Parameters and buffers of q copies by name, ``[q, …]`` each."""


@dataclass(frozen=True)
class VmapSupport:
    """What a trial of a module has shown (see :mod:`mtl_core.backbones.user_modules.compatibility`).

    Args:
        outputs: shape of what it gives for an example.
        refusals: why copies run one after another, in training (``True``) and in evaluation; absent: they run at once.
        draws: the modes in which it draws random numbers of its own.
        overwrites: whether it changes its input in place.
    """

    outputs: tuple[int, ...]
    refusals: Mapping[bool, str] = field(default_factory=dict)
    draws: frozenset[bool] = frozenset()
    overwrites: bool = False


class ModuleBank:
    """Copies of a module, whose parameters and buffers are slots.

    The module lends its code and the names of its parameters, nothing else: what it keeps beside parameters and buffers
    belongs to no row.  Parameters that ask for no gradient and all buffers are kept with the replica, but not trained.

    Args:
        name: of the stage; together with a copy's name it keys the one stream that draws all parameters of the copy.
        copies: of the bank.
        maker: builds the module.
        verdict: how it is to be run.
    """

    layers: tuple[Affine, ...] = ()
    conditioned: Affine
    """There is none: architectures ask whether a backbone is ``adaptable`` before they ask for it."""

    def __init__(self, name: str, copies: tuple[Copy, ...], maker: Maker, support: VmapSupport) -> None:
        self.name, self.copies, self._support = name, copies, support
        self._module = maker.build(0)
        self._buffers = {part: value.dtype for part, value in self._module.named_buffers()}

        @lru_cache(maxsize=len(copies))  # slots ask one after the other for their part of the same module
        def drawn(seed: int) -> Held:
            return state_of(maker.build(seed))

        def initialiser(part: str) -> Initialiser:
            return lambda generator: drawn(generator.initial_seed())[part].to(torch.get_default_dtype())

        trained = {part for part, value in self._module.named_parameters() if value.requires_grad}
        self._slots = {
            part: Slot(f"{name}.{part}", copies, tuple(value.shape), initialiser(part), part in trained, stream=name)
            for part, value in state_of(self._module).items()
        }
        self.slots: tuple[Slot, ...] = tuple(self._slots.values())

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r c b *i"], context: ForwardContext
    ) -> Float[Tensor, "r c b *o"]:
        training, support = context.training, self._support
        self._module.train(training)
        held = {part: theta[slot].flatten(0, 1) for part, slot in self._slots.items()}
        # buffers are this call's own, so that nothing but a training step changes a row's
        held |= {part: held[part].to(dtype, copy=True) for part, dtype in self._buffers.items()}
        flat = x.flatten(0, 1)
        if training not in support.refusals:
            y, buffers = at_once(self._module, held, flat.clone() if support.overwrites else flat)
        else:
            y, buffers = in_turn(
                self._module, held, flat, self._seeds(x, context) if training in support.draws else None
            )
        if training:
            with torch.no_grad():
                for part, value in buffers.items():
                    theta[self._slots[part]].copy_(value.detach().view_as(theta[self._slots[part]]))
        return y.view(*x.shape[:2], *y.shape[1:])

    def _seeds(self, x: Tensor, context: ForwardContext) -> list[int]:
        """One for each row and copy; in evaluation the same for all."""
        if context.streams is None:
            return [0] * (x.shape[0] * x.shape[1])
        # the streams' alone: ``context.noise`` is there or not depending on the dropout rates of other rows
        numbers = context.streams.uniform([f"{self.name}/{copy.name}" for copy in self.copies])
        return (numbers * 2**52).long().flatten().tolist()


def state_of(module: nn.Module) -> Held:
    """Parameters and buffers by name; what is tied counts once."""
    named = (*module.named_parameters(), *module.named_buffers())
    return {part: value.detach() for part, value in named}


def at_once(module: nn.Module, held: Held, x: Float[Tensor, "q b *i"]) -> tuple[Tensor, Held]:
    """Outputs and new buffers of all copies by one batched run."""
    buffers = [part for part, _ in module.named_buffers()]

    def one(values: Held, example: Tensor) -> tuple[Tensor, Held]:
        own = dict(values)  # the call puts the buffers that it changes into it
        y = functional_call(module, own, (example,))
        return y, {part: own[part] for part in buffers}

    return vmap(one, randomness="error")(held, x)


def in_turn(
    module: nn.Module, held: Held, x: Float[Tensor, "q b *i"], seeds: Sequence[int] | None = None
) -> tuple[Tensor, Held]:
    """The same, one copy after another; with ``seeds`` each draws its random numbers from a seed of its own."""
    buffers = [part for part, _ in module.named_buffers()]
    outputs, changed = [], []
    rows = zip(x.unbind(0), *(value.unbind(0) for value in held.values()), strict=True)
    for place, (example, *values) in enumerate(rows):
        own = dict(zip(held, values, strict=True))
        with _seeded(None if seeds is None else seeds[place], x.device):
            outputs.append(functional_call(module, own, (example.clone(),)))  # the module may change its input
        changed.append([own[part] for part in buffers])
    stacked = (torch.stack(values) for values in zip(*changed, strict=True))
    return torch.stack(outputs), dict(zip(buffers, stacked, strict=True))


@contextmanager
def _seeded(seed: int | None, device: torch.device) -> Iterator[None]:
    """Torch's global generator at ``seed``, and as it was afterwards."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield

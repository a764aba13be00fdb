"""Copies of a user's module for many replicas, run as one batch (``vmap``) or one after another."""

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

ModuleState = dict[str, Tensor]
"""Parameters and buffers of q copies by name, ``[q, …]`` each."""


@dataclass(frozen=True)
class VmapSupport:
    """Whether copies of a module can run as one batch (see :mod:`mtl_core.backbones.user_modules.compatibility`).

    Args:
        outputs: shape of the module's output for one example.
        refusals: reasons for running copies one after another, in training (``True``) and in evaluation (``False``);
            a mode without a reason runs as one batch.
        draws: modes in which the module draws random numbers of its own.
        overwrites: whether the module changes its input in place.
    """

    outputs: tuple[int, ...]
    refusals: Mapping[bool, str] = field(default_factory=dict)
    draws: frozenset[bool] = frozenset()
    overwrites: bool = False


class ModuleBank:
    """A stage of copies of a user's module; its parameters and buffers are the slots of the bank.

    Only the code and the parameter names of the module are used: state that it keeps beside parameters and buffers
    belongs to no replica.  Buffers and parameters without gradient are kept with the replica but not trained.

    Args:
        name: of the stage; together with a copy's name it keys the stream that draws all parameters of the copy.
        copies: of the bank.
        maker: builds the module.
        support: whether copies run as one batch.
    """

    layers: tuple[Affine, ...] = ()
    conditioned: Affine
    """Never set: architectures check that a backbone is ``adaptable`` before they use it."""

    def __init__(self, name: str, copies: tuple[Copy, ...], maker: Maker, support: VmapSupport) -> None:
        self.name, self.copies, self._support = name, copies, support
        self._module = maker.build(0)
        self._buffers = {part: value.dtype for part, value in self._module.named_buffers()}

        @lru_cache(maxsize=len(copies))  # slots ask one after the other for their part of the same module
        def drawn(seed: int) -> ModuleState:
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
        state = {part: theta[slot].flatten(0, 1) for part, slot in self._slots.items()}
        # buffers are copied, so that nothing but a training step changes those of a row
        state |= {part: state[part].to(dtype, copy=True) for part, dtype in self._buffers.items()}
        flat = x.flatten(0, 1)
        if training not in support.refusals:
            y, buffers = run_batched(self._module, state, flat.clone() if support.overwrites else flat)
        else:
            seeds = self._seeds(x, context) if training in support.draws else None
            y, buffers = run_one_by_one(self._module, state, flat, seeds)
        if training:
            with torch.no_grad():
                for part, value in buffers.items():
                    theta[self._slots[part]].copy_(value.detach().view_as(theta[self._slots[part]]))
        return y.view(*x.shape[:2], *y.shape[1:])

    def _seeds(self, x: Tensor, context: ForwardContext) -> list[int]:
        """A seed for each row and copy; in evaluation the same for all."""
        if context.streams is None:
            return [0] * (x.shape[0] * x.shape[1])
        # from the streams, because whether ``context.noise`` exists depends on the dropout rates of other rows
        numbers = context.streams.uniform([f"{self.name}/{copy.name}" for copy in self.copies])
        return (numbers * 2**52).long().flatten().tolist()


def state_of(module: nn.Module) -> ModuleState:
    """Return the module's parameters and buffers by name; tied parameters occur once."""
    named = (*module.named_parameters(), *module.named_buffers())
    return {part: value.detach() for part, value in named}


def run_batched(module: nn.Module, state: ModuleState, x: Float[Tensor, "q b *i"]) -> tuple[Tensor, ModuleState]:
    """Return outputs and new buffers of all q copies, by one batched run under ``vmap``."""
    buffers = [part for part, _ in module.named_buffers()]

    def one(values: ModuleState, example: Tensor) -> tuple[Tensor, ModuleState]:
        own = dict(values)  # the call puts the buffers that it changes into it
        y = functional_call(module, own, (example,))
        return y, {part: own[part] for part in buffers}

    return vmap(one, randomness="error")(state, x)


def run_one_by_one(
    module: nn.Module, state: ModuleState, x: Float[Tensor, "q b *i"], seeds: Sequence[int] | None = None
) -> tuple[Tensor, ModuleState]:
    """Return outputs and new buffers of all q copies, run one after another.

    Args:
        module: whose code is run.
        state: parameters and buffers of the copies.
        x: input of each copy.
        seeds: of the random numbers that each copy draws; ``None``: from torch's global generator.
    """
    buffers = [part for part, _ in module.named_buffers()]
    outputs, changed = [], []
    rows = zip(x.unbind(0), *(value.unbind(0) for value in state.values()), strict=True)
    for place, (example, *values) in enumerate(rows):
        own = dict(zip(state, values, strict=True))
        with _seeded(None if seeds is None else seeds[place], x.device):
            outputs.append(functional_call(module, own, (example.clone(),)))  # the module may change its input
        changed.append([own[part] for part in buffers])
    stacked = (torch.stack(values) for values in zip(*changed, strict=True))
    return torch.stack(outputs), dict(zip(buffers, stacked, strict=True))


@contextmanager
def _seeded(seed: int | None, device: torch.device) -> Iterator[None]:
    """Seed torch's global generator inside the block and restore it afterwards; ``None``: leave it alone."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield

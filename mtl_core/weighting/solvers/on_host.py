"""Weighting methods on a device: those that solve their problems on the host are asked there.

The numbers of a step are few, ``[r, t, t]``; copying them costs a GPU one wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.weighting import GramianStep, GramianWeighting, State, Weighting


def weigh(method: GramianWeighting, step: GramianStep) -> Float[Tensor, "r t"]:
    """Return the weights of a step on the device of its losses, wherever the method computes them."""
    if not method.solves_on_host:
        return method.weigh(step)
    with _on_host(step.state) as kept:
        there = replace(
            step,
            losses=step.losses.cpu(),
            present=step.present.cpu(),
            state=kept,
            gramian=step.gramian.cpu(),
            progress=step.progress.cpu(),
        )
        return method.weigh(there).to(step.losses.device)


def end_epoch(method: Weighting, losses: Float[Tensor, "r t"], seen: Bool[Tensor, "r t"], state: State) -> None:
    """Tell a method that an epoch has ended; arguments as for :meth:`mtl_core.weighting.Weighting.after_epoch`."""
    if not method.solves_on_host:
        method.after_epoch(losses, seen, state)
        return
    with _on_host(state) as kept:
        method.after_epoch(losses.cpu(), seen.cpu(), kept)


@contextmanager
def _on_host(state: State) -> Iterator[State]:
    """Yield the state on the host, and copy back what was changed there when the block ends."""
    kept = {name: value.cpu() for name, value in state.items()}
    yield kept
    for name, value in state.items():
        if kept[name] is not value:
            value.copy_(kept[name])

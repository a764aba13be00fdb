"""Losses and gradients that every weighting method must cope with, and one way to ask methods of all three kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import find
from mtl_core.search_space import Simplex
from mtl_core.testing.replicas import value_in
from mtl_core.testing.small_tasks import TASKS
from mtl_core.weighting import (
    GramianStep,
    GramianWeighting,
    JacobianStep,
    JacobianWeighting,
    LossWeighting,
    State,
    Step,
    Weighting,
)

ALL = tuple(TASKS.values())
LOSSES = torch.tensor([[1.0, 0.5, 2.0, 0.1], [0.3, 0.3, 0.3, 0.3], [4.0, 1e-3, 0.7, 1.0]])
EVERYBODY = torch.ones(3, 4, dtype=torch.bool)
NUM_SHARED = 12
EPOCH = 2
"""Steps in an epoch."""

SIZES: dict[str, Any] = {
    "zero": 0.0,
    "1e-30": 1e-30,
    "1e-8": 1e-8,
    "1e8": 1e8,
    "1e15": 1e15,
    "mixed": torch.tensor([0.0, 1e-30, 1e15, 1.0]),
}
GRADIENTS = (
    "agreeing",
    "conflicting",
    "orthogonal",
    "opposite",
    "dependent",
    "one zero",
    "zero",
    "tiny",
    "huge",
    "ill-scaled",
)


def gradients(kind: str, tasks: int = 4) -> Tensor:
    """Return Jacobians ``[3, tasks, NUM_SHARED]`` of one of the :data:`GRADIENTS`."""
    noise = torch.randn(3, tasks, NUM_SHARED, generator=torch.Generator().manual_seed(5))
    signs = torch.tensor([1.0, -1.0] * tasks)[:tasks, None]
    places = torch.arange(tasks)[:, None]
    orthogonal = torch.linalg.qr(noise.mT).Q.mT
    kinds = {
        "agreeing": noise.abs() + 0.1,
        "conflicting": noise + 2 * signs * noise[:, :1],
        "orthogonal": orthogonal * (1 + places),
        "opposite": signs * noise[:, :1],
        "dependent": torch.where(places == tasks - 1, noise[:, :1] + noise[:, 1:2], noise),
        "one zero": torch.where(places == 1, 0.0, noise),
        "zero": torch.zeros_like(noise),
        "tiny": 1e-10 * noise,
        "huge": 1e10 * noise,
        "ill-scaled": noise * torch.logspace(-10, 10, tasks)[:, None],
    }
    assert tuple(kinds) == GRADIENTS
    return kinds[kind]


class Situation(NamedTuple):
    """What a method can see of a step: losses ``[r, t]`` and task gradients ``[r, t, p]``."""

    losses: Tensor
    jacobian: Tensor

    def of_tasks(self, places: Sequence[int]) -> Situation:
        """Return the same step of some of the tasks, or of all in another order."""
        return Situation(self.losses[:, places], self.jacobian[:, places])

    def of_rows(self, places: Sequence[int]) -> Situation:
        """Return the same step of some of the rows, in any order."""
        return Situation(self.losses[places], self.jacobian[places])


def ordinary() -> list[Situation]:
    """Return five steps, two and a half epochs, without anything extreme."""
    losses = (LOSSES, 2 * LOSSES.flip(0), LOSSES.square(), LOSSES.sqrt(), 0.5 * LOSSES)
    kinds = ("agreeing", "conflicting", "orthogonal", "conflicting", "agreeing")
    return [Situation(*pair) for pair in zip(losses, map(gradients, kinds), strict=True)]


def method(name: str, tasks: Sequence[Task] = ALL, rows: Sequence[int] = (0, 1, 2), **options: Any) -> Weighting:
    """Return a method whose hyperparameters differ by row; a weight belongs to a task's name, not to its place."""
    entry, columns = find("weighting", name), {}
    for option, range_ in entry.tunable.items():
        column = torch.tensor([value_in(range_, len(ALL), row) for row in rows]).view(len(rows), -1)
        if isinstance(range_, Simplex):
            column = column[:, [ALL.index(task) for task in tasks]]
        columns[option] = column
    return entry.cls(tasks, **(columns | options))


def ask(weighting: Weighting, step: Situation, present: Tensor, state: State, streams: Streams) -> Tensor:
    """Return the weights ``[r, t]``, or the direction ``[r, p]`` of a method that combines gradients itself.

    Raises:
        AssertionError: if the method writes to the losses that it is given.
    """
    losses = torch.where(present, step.losses, 0.0)
    given = losses.clone()
    jacobian = torch.where(present.unsqueeze(2), step.jacobian, 0.0)
    if isinstance(weighting, LossWeighting):
        answer = weighting.weigh(Step(losses, present, state, streams))
    elif isinstance(weighting, GramianWeighting):
        gramian = torch.stack([of_row @ of_row.T for of_row in jacobian])  # row by row: an array's product has its bits
        answer = weighting.weigh(GramianStep(losses, present, state, streams, gramian))
    else:
        assert isinstance(weighting, JacobianWeighting)
        batches = several(weighting.batches, jacobian)
        answer = weighting.combine(JacobianStep(losses, present, state, streams, batches))
    untouched = torch.equal(losses.nan_to_num(-1.0), given.nan_to_num(-1.0))
    assert untouched, f"{type(weighting).__name__} writes to the losses that it is given"
    return answer


def play(
    weighting: Weighting,
    steps: Sequence[Situation],
    present: Tensor | None = None,
    *,
    state: State | None = None,
    begin: int = 0,
    seeds: Sequence[int] = (0, 1, 2),
) -> tuple[Tensor, State]:
    """Go through steps as the engine does, and return the last one's answer and the state after it.

    Args:
        present: by default every task is, in all steps.
        state: where to go on, in place; fresh by default.
        begin: the number of the first step; an epoch ends every :data:`EPOCH` steps.
        seeds: of the rows.
    """
    replicas = len(steps[0].losses)
    streams = Streams(seeds[:replicas], "weighting")
    state = weighting.start(replicas, NUM_SHARED) if state is None else state
    answer = torch.empty(0)
    for number, step in enumerate(steps, begin):
        here = torch.ones_like(step.losses, dtype=torch.bool) if present is None else present
        answer = ask(weighting, step, here, state, streams.at([number] * replicas))
        if isinstance(weighting, LossWeighting) and weighting.observes_step:
            after = torch.where(here, step.losses.sqrt(), 0.0)
            weighting.observe_step(Step(after, here, state, streams.at([number] * replicas)))
        if number % EPOCH == EPOCH - 1:
            weighting.after_epoch(torch.where(here, step.losses, 0.0), here, state)
    return answer, state


def from_losses(
    weighting: Weighting, losses: Sequence[Tensor], present: Tensor | None = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """Do what :func:`play` does, for methods that see nothing but losses."""
    return play(weighting, [Situation(loss, torch.zeros(*loss.shape, NUM_SHARED)) for loss in losses], present)


def after_three_steps(name: str, **asked: Any) -> list[float]:
    """Return the weights of one row after steps with the three rows' losses: what golden values are of."""
    weights, _ = from_losses(find("weighting", name).cls(ALL, **asked), [LOSSES[:1], LOSSES[1:2], LOSSES[2:]])
    return weights[0].tolist()


def several(batches: int, jacobian: Tensor) -> list[Tensor]:
    """Return gradients of as many independent batches: alike, but not the same."""
    return [jacobian + 0.1 * jacobian.roll(batch, dims=2) for batch in range(batches)]

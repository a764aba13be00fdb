"""Weights that follow a schedule: constant in every piece of the training."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isclose
from typing import Annotated, Any

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.fixed_tensor import FixedTensor
from mtl_core.search_space import PerReplica
from mtl_core.weighting import LossWeighting, Step

Pieces = Sequence[Sequence[float]]
"""A schedule: of every piece of the training the share at which it begins, then a weight for each task."""


class Scheduled(LossWeighting):
    """Weights that change at given shares of the training: a schedule, written out or found by a population.

    w = T · ω_k from the share s_k of the training on, with T tasks, ω_k on the simplex, and pieces k = 1, 2, … of which
    the first begins at s_1 = 0.  With one piece it is ``fixed``.

    Source: M. Jaderberg et al., "Population based training of neural networks", arXiv 2017, for schedules as what a
    population finds.

    Differs from the paper: the method only replays a schedule, whoever found it.

    Args:
        pieces: for every piece s_k, then ω_k, one weight per task: ``[[0, 0.5, 0.5], [0.4, 0.8, 0.2]]`` changes the
            weights once, after two fifths of the training.  By default they are equal throughout.  Replicas that train
            in one array may have schedules of their own, of the same number of pieces.

    Raises:
        ValueError: if ``pieces`` is no schedule for these tasks.
    """

    def __init__(self, tasks: Sequence[Task], *, pieces: Annotated[Any, PerReplica()] = None) -> None:
        super().__init__(tasks)
        if not isinstance(pieces, Tensor):  # the schedules of replicas arrive as the rows of a tensor
            one = constant(len(self.tasks)) if pieces is None else pieces
            check(one, len(self.tasks))
            pieces = torch.tensor([one], dtype=torch.get_default_dtype())
        self._pieces = FixedTensor(pieces.view(len(pieces), -1, 1 + len(self.tasks)))

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        pieces = self._pieces.at(step.losses.device).expand(len(step.losses), -1, -1)
        begun = pieces[:, :, 0] <= step.progress.view(-1, 1)
        current = (begun.sum(dim=1) - 1).view(-1, 1, 1)  # at least 0, since the first piece begins with the training
        weights = pieces[:, :, 1:].take_along_dim(current, dim=1).squeeze(1)
        return step.losses.new_ones(step.losses.shape) * weights * len(self.tasks)


def constant(num_tasks: int) -> Pieces:
    """Return the schedule of equal weights."""
    return [[0.0, *[1 / num_tasks] * num_tasks]]


def check(pieces: Any, num_tasks: int) -> None:
    """Refuse what is no schedule for ``num_tasks`` tasks.

    Raises:
        ValueError: saying what is wrong, and with which piece.
    """
    if not isinstance(pieces, Sequence) or isinstance(pieces, str) or not pieces:
        raise ValueError(f"A schedule is a list of pieces; found pieces={pieces!r}.")
    for piece in pieces:
        numbers = isinstance(piece, Sequence) and all(type(number) in (int, float) for number in piece)
        if not numbers or len(piece) != 1 + num_tasks:
            raise ValueError(f"A piece has its beginning and {num_tasks} weights, one for each task; found {piece!r}.")
        if min(piece[1:]) < 0 or not isclose(sum(piece[1:]), 1, abs_tol=1e-6):
            raise ValueError(f"The weights of a piece are from 0 up and add up to 1; found {piece!r}.")
    starts = [piece[0] for piece in pieces]
    if starts[0] != 0 or starts[-1] >= 1 or not all(one < next_one for one, next_one in pairwise(starts)):
        raise ValueError(f"Pieces begin at 0 and then later and later, before 1; found beginnings {starts}.")

"""A method that solves on the host is asked there, and what it remembers comes back to where the state is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.randomness.counter_based import Streams
from mtl_core.testing.weighting_steps import ALL, EVERYBODY, LOSSES
from mtl_core.weighting import GramianStep, GramianWeighting, State
from mtl_core.weighting.solvers.on_host import end_epoch, weigh


class Counts(GramianWeighting):
    """Weights of 1, and a memory of how often it was asked and how many epochs ended."""

    def __init__(self) -> None:
        super().__init__(ALL)
        self.seen: list[Any] = []

    def start(self, replicas: int, shared: int = 0) -> State:
        return {"steps": torch.zeros(replicas)}

    def weigh(self, step: GramianStep) -> Tensor:
        self.seen.append(step)
        step.state["steps"] += 1
        return torch.ones_like(step.losses)

    def after_epoch(self, losses: Tensor, seen: Tensor, state: State) -> None:
        state["steps"] *= 10


class Elsewhere(torch.Tensor):
    """A tensor that says it is copied whenever it is asked for on the host, as one of a GPU is."""

    def cpu(self, *_: Any, **__: Any) -> Tensor:
        return self.as_subclass(torch.Tensor).clone()


@pytest.mark.parametrize("on_host", [False, True])
def test_weights_and_memory_come_back(on_host: bool) -> None:
    method = Counts()
    method.solves_on_host = on_host
    state = {"steps": torch.zeros(3).as_subclass(Elsewhere)}
    gramian = torch.eye(4).expand(3, -1, -1).as_subclass(Elsewhere)
    step = GramianStep(LOSSES.as_subclass(Elsewhere), EVERYBODY, state, Streams(range(3), "weighting"), gramian)
    assert weigh(method, step).tolist() == [[1.0] * 4] * 3
    assert state["steps"].tolist() == [1.0] * 3
    assert isinstance(method.seen[0].gramian, Elsewhere) is not on_host
    assert isinstance(method.seen[0].losses, Elsewhere) is not on_host
    end_epoch(method, step.losses, EVERYBODY, state)
    assert state["steps"].tolist() == [10.0] * 3

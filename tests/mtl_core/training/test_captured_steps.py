"""Which epochs are trained by replays, and what happens where they are slower or cannot be captured."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from mtl_core.testing.recorded_graph import RecordedGraph
from mtl_core.training.captured_steps import EAGER_EPOCHS, CapturedSteps, CudaGraph, graph_on
from mtl_core.training.device import CPU
from mtl_core.training.step_inputs import StepInputs

STEPS = 3


def inputs(rate: float, rows: int = 2) -> StepInputs:
    numbers = torch.arange(rows)
    rates = torch.full((rows,), rate)
    return StepInputs([numbers.view(rows, 1, 1)], [None], numbers, numbers, rates, rates, None, rates.double())


class World:
    """Steps that add their rates up, and a clock by which the n-th epoch takes the n-th of ``seconds``."""

    def __init__(self, seconds: list[float], graph: Callable[[], RecordedGraph] = RecordedGraph) -> None:
        self.total, self.taken = torch.zeros(2), 0
        self.steps = CapturedSteps(graph, CPU, lambda: next(self.readings))
        self.readings = self.clock(seconds)

    @staticmethod
    def clock(seconds: list[float]) -> Iterator[float]:
        for duration in seconds:
            yield 0.0
            yield duration

    def take(self, step: StepInputs) -> None:
        self.taken += 1
        self.total.add_(step.rates)

    def epoch(self, rows: int = 2) -> None:
        each = [inputs(2.0**step, rows) for step in range(STEPS)]
        self.steps.train(each, self.take, lambda: [self.take(step) for step in each] and None)


def test_an_epoch_by_replays_takes_every_step_on_its_own_inputs() -> None:
    world = World([1.0, 1.0, 0.25])
    for epoch in range(1, EAGER_EPOCHS + 3):
        world.epoch()
        assert world.total.tolist() == [7.0 * epoch] * 2
    assert world.taken == EAGER_EPOCHS * STEPS + 1, "Python took the first epochs and the captured step"
    assert (world.steps.speed_up, world.steps.why_not) == (4.0, "")


def test_replays_that_take_longer_are_given_up() -> None:
    world = World([1.0, 1.0, 2.0, 1.0, 1.0])
    for _ in range(EAGER_EPOCHS + 3):
        world.epoch()
    assert world.taken == EAGER_EPOCHS * STEPS + 1 + 2 * STEPS
    assert (world.steps.speed_up, world.steps.why_not) == (0.5, "replays took longer than single launches")
    assert world.total.tolist() == [35.0] * 2


class Refused(RecordedGraph):
    """A graph that captures nothing."""

    error: RuntimeError = RuntimeError("operation not permitted\nCUDA kernel errors might be ...")

    def capture(self, work: Callable[[], None]) -> None:
        raise self.error


def test_a_step_that_cannot_be_captured_is_taken_by_itself() -> None:
    world = World([1.0] * 4, Refused)
    for _ in range(4):
        world.epoch()
    assert world.total.tolist() == [28.0] * 2
    assert (world.steps.speed_up, world.steps.why_not) == (None, "a step cannot be captured: operation not permitted")


def test_want_of_memory_is_none_of_its_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Refused, "error", torch.cuda.OutOfMemoryError("out of memory"))
    world = World([1.0] * 4, Refused)
    for _ in range(EAGER_EPOCHS):
        world.epoch()
    with pytest.raises(torch.cuda.OutOfMemoryError):
        world.epoch()


def test_inputs_of_other_shapes_are_not_put_into_a_graph() -> None:
    world = World([1.0, 1.0, 0.5, 1.0])
    for _ in range(EAGER_EPOCHS + 1):
        world.epoch()
    world.total = torch.zeros(1)
    world.epoch(rows=1)
    assert world.total.tolist() == [7.0]


def test_only_gpus_have_graphs() -> None:
    assert graph_on(CPU) is None
    assert graph_on(torch.device("meta")) is None
    assert graph_on(torch.device("cuda", 0)) is CudaGraph

"""An array's steps are taken as usual, then recorded, then done by their program, with the same numbers throughout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest
import torch
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.layers.bank import SHARED
from mtl_core.layers.dropout import Dropout, Noise
from mtl_core.layers.matrix_products import ONEDNN
from mtl_core.recipe import Recipe
from mtl_core.training.recorded_steps.recorded_steps import RecordedSteps, is_recordable
from mtl_core.training.recorded_steps.recorded_work import MOST_PROGRAMS
from mtl_core.training.step_inputs import StepInputs

STEPS = 6


def inputs(number: int) -> StepInputs:
    numbers = torch.tensor([number])
    return StepInputs(
        orders=[torch.tensor([[[number % 3, 1]]])],
        presents=[None],
        numbers=numbers,
        weighting_numbers=numbers,
        progress=numbers / 100,
        rates=numbers / 7,
        searching=None,
        exact_rates=numbers.double() / 7,
    )


class Array:
    """One number for each of two examples, moved by a step; ``calls`` counts the steps that Python takes."""

    def __init__(self, extra: Callable[[Tensor], Tensor] = lambda x: x, rate: float = 0.0) -> None:
        self.total, self.data, self.calls = torch.zeros(1, 1, 2), torch.tensor([0.5, 1.5, 2.5]), 0
        self._extra, self.decided = extra, 0
        self.dropout = Dropout((3,), (rate,)) if rate else None
        self.recorded = RecordedSteps(
            self.dropout, lambda: [self.total], lambda: self.decided, kind=object(), usual_steps=2
        )

    def take(self, given: StepInputs, noise: Callable[[], Noise | None]) -> None:
        self.calls += 1
        batch = self.data.index_select(0, given.orders[0].flatten()).view(1, 1, 2) * given.rates
        made = noise()
        dropped = batch if made is None else made(batch.expand(1, 1, 2) + 0, (SHARED,))
        self.total.mul_(0.9).add_(self._extra(dropped))

    def train(self, epochs: int) -> Tensor:
        for epoch in range(epochs):
            numbers = range(epoch * STEPS, (epoch + 1) * STEPS)
            if self.dropout:
                self.dropout.begin(torch.tensor([[number] for number in numbers]))
            self.recorded.train([inputs(number) for number in numbers], self.take)
        return self.total.clone()


def usual(array: Array, epochs: int) -> Tensor:
    array.recorded._usual = 10**9
    return array.train(epochs)


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_a_program_takes_over_after_two_recorded_steps(rate: float) -> None:
    expected, array = usual(Array(rate=rate), 3), Array(rate=rate)
    assert torch.equal(array.train(3), expected)
    assert array.recorded.has_program
    assert array.calls == 2 + 2


def test_few_steps_are_not_worth_a_program() -> None:
    array = Array()
    array.recorded._usual = 20
    array.train(3)
    assert (array.calls, array.recorded.has_program, array.recorded.why_not) == (18, False, "")


def counted(numbers: Iterator[int]) -> Callable[[Tensor], Tensor]:
    return lambda x: x + torch.tensor(float(next(numbers)))


def test_a_number_that_python_counts_leaves_steps_as_they_are() -> None:
    expected, array = usual(Array(counted(count())), 3), Array(counted(count()))
    assert torch.equal(array.train(3), expected)
    assert array.recorded.why_not == "it differs from the time before in other things than its inputs"


@pytest.mark.parametrize("read", [lambda x: x.tolist()[0][0][0], lambda x: x.max().item(), lambda x: x.numpy().max()])
def test_numbers_that_python_reads_leave_steps_as_they_are(read: Callable[[Tensor], float]) -> None:
    def extra(x: Tensor) -> Tensor:
        return x + read(x)

    expected, array = usual(Array(extra), 3), Array(extra)
    assert torch.equal(array.train(3), expected)
    assert "numbers" in array.recorded.why_not
    assert array.calls == 3 * STEPS


def test_a_state_that_is_put_elsewhere_is_recorded_anew_but_not_for_ever() -> None:
    array, expected = Array(), usual(Array(), MOST_PROGRAMS + 3)
    for epoch in range(MOST_PROGRAMS + 3):
        array.total = array.total.clone()
        array.recorded.train([inputs(number) for number in range(epoch * STEPS, (epoch + 1) * STEPS)], array.take)
    assert torch.equal(array.total, expected)
    assert array.recorded.why_not == "its state does not stay where it is in memory"


def test_a_program_that_is_interrupted_leaves_onednn_as_it_was() -> None:
    array = Array()
    array.train(1)

    def each(*_: Tensor) -> list[Tensor]:
        ONEDNN.on()
        raise KeyboardInterrupt

    assert array.recorded._calls is not None
    array.recorded._calls = array.recorded._calls[0], each
    if ONEDNN.setting is None:
        pytest.skip("this torch has no such setting")
    before = ONEDNN.setting.fp32_precision
    with pytest.raises(KeyboardInterrupt):
        array.train(1)
    assert ONEDNN.setting.fp32_precision == before


def test_code_of_the_users_own_is_not_recorded() -> None:
    tasks = [Task("a", "regression", "mae", 1)]
    recipe = Recipe(depth=1, stages=2, width=4, batch_size=8, epochs=1)
    assert is_recordable(recipe, tasks)
    assert not is_recordable(recipe, [Task("a", "regression", "mae", 1, loss="package.module:loss")])
    custom = {"modules": (torch.nn.Tanh, torch.nn.Tanh)}
    own = Recipe(depth=1, stages=2, width=4, batch_size=8, epochs=1, backbone="custom", backbone_options=custom)
    assert not is_recordable(own, tasks)

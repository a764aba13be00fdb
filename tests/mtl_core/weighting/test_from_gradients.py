"""What every method that looks at gradients promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.registry import entries, find
from mtl_core.weighting import JacobianWeighting, State
from tests.mtl_core.weighting.gradients import ALL, everybody, jacobian, method, step

JACOBIAN = [name for name, entry in entries("weighting").items() if issubclass(entry.cls, JacobianWeighting)]
METHODS = [*JACOBIAN, "gradnorm", "gradvac", "pcgrad"]
LOSSES = torch.tensor([[1.0, 0.5, 2.0, 0.1], [0.3, 0.3, 0.3, 0.3], [4.0, 1e-3, 0.7, 1.0]])
every_method = pytest.mark.parametrize("name", METHODS)


def tuned(name: str, tasks: Sequence[Task] = ALL, rows: Sequence[int] = (0, 1, 2)) -> Any:
    """A method whose options differ by row."""
    columns = {
        option: torch.tensor([[range_.at([(0.37 * (row + 1)) % 1])] for row in rows])
        for option, range_ in find("weighting", name).tuned.items()
    }
    return method(name, tasks, **columns)


def walk(weighting: Any, sequence: Sequence[Tensor], **options: Any) -> tuple[Tensor, State]:
    """The last of several steps' directions, and the state after it; a step's second batch is its own."""
    state = weighting.start(len(sequence[0]), sequence[0].shape[2])
    for number, gradients in enumerate(sequence):
        direction = step(weighting, state, [gradients, gradients.flip(2) + gradients], number=number, **options)
    return direction, state


def steps(count: int = 3, **shape: int) -> list[Tensor]:
    return [jacobian(seed=seed, **shape) for seed in range(count)]


@every_method
def test_a_direction_is_a_row_per_replica_and_a_number_per_parameter(name: str) -> None:
    weighting = tuned(name)
    assert all(len(value) == 3 for value in weighting.start(3, 23).values())
    direction, state = walk(weighting, steps())
    assert direction.shape == (3, 23)
    assert direction.dtype == torch.float32
    assert not any(value.requires_grad for value in (direction, *state.values()))


SHAPES = {
    "random": jacobian,
    "zero": lambda: torch.zeros(3, 4, 23),
    "a task without": lambda: jacobian() * torch.tensor([1.0, 0.0, 1.0, 1.0]).view(4, 1),
    "parallel": lambda: jacobian(tasks=1).expand(3, 4, 23) * torch.tensor([1.0, 2.0, 0.5, 1.0]).view(4, 1),
    "opposite": lambda: jacobian(tasks=1).expand(3, 4, 23) * torch.tensor([1.0, -1.0, 1.0, -1.0]).view(4, 1),
    "rank two": lambda: jacobian(tasks=4, parameters=2) @ jacobian(tasks=2, seed=1),
    "ill-scaled": lambda: jacobian() * torch.tensor([1e-6, 1.0, 1e3, 1e-3]).view(4, 1),
}


@pytest.mark.parametrize("size", [1e-30, 1e-8, 1.0, 1e8, 1e15])
@pytest.mark.parametrize("shape", SHAPES)
@every_method
def test_directions_and_memory_stay_finite_whatever_the_gradients(name: str, shape: str, size: float) -> None:
    usual, odd = jacobian(seed=7), size * SHAPES[shape]()
    weighting = tuned(name)
    state = weighting.start(3, 23)
    for number, (gradients, losses) in enumerate([(odd, size), (usual, 1.0), (odd, size), (odd, 0.0), (usual, 1.0)]):
        batches = [gradients, gradients.roll(1, 0)]
        direction = step(weighting, state, batches, losses=losses * LOSSES, number=number)
        assert direction.isfinite().all()
        assert all(value.isfinite().all() for value in state.values())


@every_method
def test_a_replica_without_a_finite_gradient_is_alone_with_it(name: str) -> None:
    calm, wild = steps(), steps()
    wild[1][1, 2] = torch.nan
    calm_direction, calm_state = walk(tuned(name), calm)
    direction, state = walk(tuned(name), wild)
    for row in (0, 2):
        assert torch.equal(direction[row], calm_direction[row])
        assert all(torch.equal(value[row], calm_state[key][row]) for key, value in state.items())
    if state:
        assert not direction[1].isfinite().all()


@pytest.mark.parametrize("parameters", [23, 1001])
@every_method
def test_a_row_is_what_it_is_in_any_array(name: str, parameters: int) -> None:
    sequence = steps(rows=7, parameters=parameters)
    everyone, state = walk(tuned(name, rows=range(7)), sequence, seeds=range(7))
    few = [5, 2]
    direction, own = walk(tuned(name, rows=few), [gradients[few] for gradients in sequence], seeds=few)
    assert torch.equal(direction, everyone[few])
    assert all(torch.equal(value, state[key][few]) for key, value in own.items())


@every_method
def test_permuting_the_tasks_does_not_turn_the_direction(name: str) -> None:
    order = [2, 0, 3, 1]
    expected, _ = walk(tuned(name), steps(), losses=LOSSES)
    permuted = [gradients[:, order] for gradients in steps()]
    direction, _ = walk(tuned(name, [ALL[i] for i in order]), permuted, losses=LOSSES[:, order])
    torch.testing.assert_close(direction, expected, rtol=1e-4, atol=1e-5)


@every_method
def test_an_absent_task_keeps_its_memory(name: str) -> None:
    weighting, (first, second, third) = tuned(name), steps()
    state = weighting.start(3, 23)
    for number, gradients in enumerate((first, second)):
        step(weighting, state, [gradients, third], losses=LOSSES / (number + 1), number=number)
    before = {key: value.clone() for key, value in state.items()}
    present = torch.tensor([[True, False, True, True], [True, False, True, False], [False] * 4])
    here = torch.where(present.unsqueeze(2), third, 0.0)
    direction = step(
        weighting, state, [here, here], losses=torch.where(present, LOSSES, 0.0), present=present, number=2
    )
    assert (direction[2] == 0).all()
    assert (direction[:2] != 0).any(dim=1).all()
    for key, value in state.items():
        assert torch.equal(value[~present], before[key][~present]), key
        if value.shape == (3, 4, 4):
            assert torch.equal(value.mT[~present], before[key].mT[~present]), key
    assert not state or any(not torch.equal(value, before[key]) for key, value in state.items()), "nothing was learnt"


@pytest.mark.parametrize("name", ["moco", "modo", "sdmgrad"])
def test_weights_in_memory_add_up_to_one_though_tasks_come_and_go(name: str) -> None:
    weighting, generator = tuned(name), torch.Generator().manual_seed(1)
    state = weighting.start(3, 23)
    for number in range(40):
        present = torch.rand(3, 4, generator=generator) < 0.6
        batches = [torch.where(present.unsqueeze(2), jacobian(seed=number + 100 * i), 0.0) for i in range(2)]
        step(weighting, state, batches, present=present, number=number)
    assert (state["weights"] >= 0).all()
    torch.testing.assert_close(state["weights"].sum(dim=1), torch.ones(3))


@every_method
def test_the_rule_runs_over_those_who_are_present(name: str) -> None:
    """From the start, an absent task is as good as none."""
    kept = [0, 1, 3]
    present = everybody(jacobian())
    present[:, 2] = False
    sequence = [torch.where(present.unsqueeze(2), gradients, 0.0) for gradients in steps()]
    direction, _ = walk(tuned(name), sequence, losses=torch.where(present, LOSSES, 0.0), present=present)
    without = [gradients[:, kept] for gradients in sequence]
    expected, _ = walk(tuned(name, [ALL[i] for i in kept]), without, losses=LOSSES[:, kept])
    torch.testing.assert_close(direction, expected, rtol=1e-4, atol=1e-5)


# moco averages over steps; the contract compares adatask's step with Adam's, which is along no gradient
@pytest.mark.parametrize("name", [name for name in METHODS if name not in ("moco", "adatask")])
def test_one_task_alone_goes_its_own_way(name: str) -> None:
    weighting, gradients = method(name, ALL[:1], **({"beta": 0.0} if name == "db" else {})), jacobian(tasks=1)
    state = weighting.start(3, 23)
    for number in range(3):
        direction = step(weighting, state, [gradients, gradients], losses=LOSSES[:, :1], number=number)
    along = (direction * gradients.squeeze(1)).sum(dim=1) / (direction.norm(dim=1) * gradients.squeeze(1).norm(dim=1))
    torch.testing.assert_close(along, torch.ones(3))


@every_method
def test_a_state_that_is_stored_in_the_middle_resumes_to_the_same_bits(name: str) -> None:
    sequence = steps(6)
    straight, _ = walk(tuned(name), sequence)
    _, stored = walk(tuned(name), sequence[:3])
    state, weighting = {key: value.clone() for key, value in stored.items()}, tuned(name)
    for number in (3, 4, 5):
        batches = [sequence[number], sequence[number].flip(2) + sequence[number]]
        direction = step(weighting, state, batches, number=number)
    assert torch.equal(direction, straight)


GOLDEN: dict[str, list[float]] = {
    "adatask": [0.6804001, 1.8466475, -0.4132417],
    "db": [2.0458975, 13.0222759, -8.2269506],
    "excess": [0.2008808, -0.1863015, -0.1157766],
    "graddrop": [1.6667643, -1.1995054, -1.1402411],
    "gradnorm": [0.8603731, -0.6925824, -0.4455439],
    "gradvac": [0.3951272, -0.8843081, -0.7038988],
    "moco": [0.2177757, 0.2327374, -0.2459718],
    "modo": [0.1081325, -0.337258, 0.0602829],
    "pcgrad": [0.4070389, -0.8796868, -0.7035471],
    "sdmgrad": [0.0699539, -0.3993477, 0.0516151],
}
FIRST: dict[str, dict[str, float]] = {
    "moco": {"regularisation": 0.1},
    "modo": {"step_size": 1.0},
    "sdmgrad": {"step_size": 1.0, "inner_steps": 1, "momentum": 0.0},
}
"""Options with which methods are what they were in the first version, where defaults have changed since."""


@every_method
def test_golden_values(name: str) -> None:
    """Directions after three steps, of version 1 (6 for graddrop): a change of them must raise ENGINE_VERSION."""
    generator = torch.Generator().manual_seed(11)
    weighting = method(name, ALL, **FIRST.get(name, {}))
    state = weighting.start(2, 3)
    for number in range(3):
        batches = [torch.randn(2, 4, 3, generator=generator) for _ in range(2)]
        direction = step(weighting, state, batches, losses=LOSSES[:2] / (number + 1), number=number)
    assert direction[1].tolist() == pytest.approx(GOLDEN[name], rel=1e-4)

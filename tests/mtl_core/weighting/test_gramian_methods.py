"""What all methods from the Gramian promise beyond the contract of every weighting method."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.gradients.scales import scaled
from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import entries, find
from mtl_core.weighting import GramianStep, GramianWeighting
from tests.mtl_core.weighting.solvers.families import FAMILIES, WILD, asked, directions, everybody, gradients

METHODS = [name for name, entry in entries("weighting").items() if issubclass(entry.cls, GramianWeighting)]
METHODS = [name for name in METHODS if name not in ("gradnorm", "pcgrad", "gradvac", "cr_mogm")]  # of their own ways
SOLVED = [name for name in METHODS if name not in ("aligned", "config", "imtl_g")]
MIXED = ("random", "conflicting", "a plane", "opposite", "twice", "similar", "ill-scaled", "one zero")


def method(name: str, tasks: int, rows: Sequence[int] | None = None) -> GramianWeighting:
    """With options that differ by row if there are ``rows``."""
    options = {}
    if rows is not None:
        for option, range_ in find("weighting", name).tuned.items():
            options[option] = torch.tensor([[range_.at([(0.37 * row + 0.1) % 1])] for row in rows])
    return find("weighting", name).cls(
        [Task(f"task {i}", "multiclass", "accuracy", 10) for i in range(tasks)], **options
    )


def mixed(tasks: int) -> Tensor:
    return torch.cat([torch.nn.functional.pad(gradients(kind, tasks)[:1], (0, 90))[..., :90] for kind in MIXED])


@pytest.mark.parametrize("tasks", [1, 2, 5, 10])
@pytest.mark.parametrize("family", FAMILIES + WILD)
@pytest.mark.parametrize("precision", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("name", METHODS)
def test_weights_are_finite_for_gradients_of_every_kind(
    name: str, precision: torch.dtype, family: str, tasks: int
) -> None:
    jacobian = gradients(family, max(tasks, 2))[:, :tasks].to(precision)
    weights, _ = asked(method(name, tasks), jacobian)
    assert weights.isfinite().all()
    assert weights.dtype == precision
    total = scaled(weights, everybody(jacobian), "matched").abs().sum(dim=1)
    nothing = (jacobian == 0).all(dim=2).any(dim=1)
    if name == "aligned" and tasks > 1 and (family == "stationary" or (family, tasks) == ("opposite", 2)):
        assert (weights == 0).all()
    else:
        assert ((total - 1).abs() < 1e-5)[~nothing].all()


@pytest.mark.parametrize("tasks", [2, 5, 10])
@pytest.mark.parametrize("rows", [[1, 0], [3, 3], [5, 2, 0], [7, 6, 5, 4, 3, 2, 1, 0] * 5], ids=len)
@pytest.mark.parametrize("name", METHODS)
def test_a_row_has_the_same_bits_in_every_array(name: str, rows: list[int], tasks: int) -> None:
    jacobian = mixed(tasks)
    gramian, losses, present = jacobian @ jacobian.mT, torch.ones(8, tasks).double(), everybody(jacobian)
    whole, part = method(name, tasks, range(8)), method(name, tasks, rows)
    state, its_state = whole.start(8), part.start(len(rows))
    streams = Streams(range(8), "weighting")  # no method here draws
    weights = whole.weigh(GramianStep(losses, present, state, streams, gramian))
    elsewhere = part.weigh(GramianStep(losses[rows], present[rows], its_state, streams, gramian[rows]))
    assert torch.equal(elsewhere, weights[rows])
    assert all(torch.equal(its_state[key], value[rows]) for key, value in state.items())


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
@pytest.mark.parametrize("tasks", [2, 5, 10])
@pytest.mark.parametrize("name", METHODS)
def test_a_row_that_is_lost_is_alone_with_it(name: str, tasks: int, bad: float) -> None:
    jacobian = mixed(tasks)
    calm, its_state = asked(method(name, tasks), jacobian)
    jacobian[2, 0, 0] = bad
    weights, state = asked(method(name, tasks), jacobian)
    others = [0, 1, 3, 4, 5, 6, 7]
    assert torch.equal(weights[others], calm[others])
    assert weights[2].isnan().all()
    for key, value in state.items():
        assert torch.equal(value[others], its_state[key][others])
        assert value[2] == 1


@pytest.mark.parametrize("tasks", [2, 5, 10])
@pytest.mark.parametrize("family", ["random", "conflicting", "ill-scaled", "one zero", "tiny", "huge"])
@pytest.mark.parametrize("name", METHODS)
def test_permuting_the_tasks_permutes_the_weights(name: str, family: str, tasks: int) -> None:
    order = torch.randperm(tasks, generator=torch.Generator().manual_seed(1))
    jacobian = gradients(family, tasks)
    weights, _ = asked(method(name, tasks), jacobian)
    permuted, _ = asked(method(name, tasks), jacobian[:, order])
    rounding = 1e-6 if name == "aligned" else 1e-12  # the smallest eigenvalue of an ill-scaled Gramian is known to 1e-6
    torch.testing.assert_close(permuted, weights[:, order], rtol=1e-6, atol=rounding * float(weights.abs().max()))


@pytest.mark.parametrize("name", METHODS)
def test_absent_tasks_leave_the_others_to_the_rule(name: str) -> None:
    jacobian = gradients("conflicting", 5)
    present = everybody(jacobian)
    present[:, [1, 4]] = False
    weights, _ = asked(method(name, 5), torch.where(present.unsqueeze(2), jacobian, 0.0), present)
    alone, _ = asked(method(name, 3), jacobian[:, [0, 2, 3]])
    assert (weights[:, [1, 4]] == 0).all()
    torch.testing.assert_close(weights[:, [0, 2, 3]], alone, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", METHODS)
def test_rows_without_any_task_have_no_weights_and_no_failures(name: str) -> None:
    jacobian = torch.zeros(3, 5, 7, dtype=torch.float64)
    weights, state = asked(method(name, 5), jacobian, torch.zeros(3, 5, dtype=torch.bool))
    assert (weights == 0).all()
    assert all((value == 0).all() for value in state.values())


SCALES = {  # the power of a common scale of the gradients with which the weights change
    "aligned": 0, "cagrad": 0, "config": 0, "dualproj": 0, "imtl_g": 0, "mgda": 0, "upgrad": 0,
    "nash": 0, "fairgrad": -4 / 3,
}  # fmt: skip


@pytest.mark.parametrize("size", [1e-8, 1e8])
@pytest.mark.parametrize("name", METHODS)
def test_a_common_scale_of_the_gradients(name: str, size: float) -> None:
    jacobian = gradients("conflicting", 5)
    weights, _ = asked(method(name, 5), jacobian)
    scaled_weights, _ = asked(method(name, 5), size * jacobian)
    torch.testing.assert_close(scaled_weights, size ** SCALES[name] * weights, rtol=1e-6, atol=0)


SAME_FOR_TEN = {
    "aligned": 1.0,
    "cagrad": 0.14,
    "config": 1.0,
    "dualproj": 0.1,
    "imtl_g": 0.1,
    "mgda": 0.1,
    "upgrad": 0.1,
}


@pytest.mark.parametrize("name", SAME_FOR_TEN)
def test_ten_identical_tasks_share_alike(name: str) -> None:
    jacobian = gradients("random", 2)[:, :1].expand(6, 10, 6)
    weights, _ = asked(method(name, 10), jacobian)
    expected = torch.full_like(weights, SAME_FOR_TEN[name])
    torch.testing.assert_close(weights, expected, rtol=2e-3, atol=0)
    torch.testing.assert_close(weights.sum(dim=1), expected.sum(dim=1), rtol=1e-6, atol=0)


@pytest.mark.parametrize("tasks", [2, 5, 10, 40])
@pytest.mark.parametrize("family", ["random", "conflicting", "ill-scaled"])
@pytest.mark.parametrize("name", [name for name in METHODS if name not in ("aligned", "cagrad", "imtl_g")])
def test_a_small_step_makes_no_task_worse(name: str, family: str, tasks: int) -> None:
    jacobian = gradients(family, tasks)
    weights, state = asked(method(name, tasks), jacobian)
    assert all((value == 0).all() for value in state.values())
    direction = directions(weights, jacobian)
    served = (jacobian @ direction.unsqueeze(2)).squeeze(2) / jacobian.norm(dim=2) / direction.norm(dim=1, keepdim=True)
    assert served.min() > -1e-9


@pytest.mark.parametrize("tasks", [2, 5, 10])
@pytest.mark.parametrize("name", SOLVED)
def test_single_precision_gramians_of_dependent_gradients_are_solved(name: str, tasks: int) -> None:
    jacobian = gradients("dependent", tasks, rows=64).float()
    weights, state = asked(method(name, tasks), jacobian)
    assert (state["unconverged"] == 0).float().mean() > 0.9
    exact, _ = asked(method(name, tasks), jacobian.double())
    error = (directions(weights.double() - exact, jacobian.double())).norm(dim=1)
    assert (error / directions(exact, jacobian.double()).norm(dim=1)).median() < 1e-3

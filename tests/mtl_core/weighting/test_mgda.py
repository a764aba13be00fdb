"""MGDA."""

from __future__ import annotations

import pytest
import torch
from torchjd.aggregation import MGDA as TheirMGDA

from mtl_core.data.task import Task
from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import find
from mtl_core.weighting import GramianStep
from tests.mtl_core.weighting.solvers.families import asked, directions, everybody, gradients, shortest
from tests.mtl_core.weighting.test_gramian_methods import method


@pytest.mark.parametrize("family", ["random", "conflicting", "similar", "ill-scaled"])
def test_two_tasks_have_a_closed_form(family: str) -> None:
    jacobian = gradients(family, 2, rows=40)
    first, second = jacobian.unbind(dim=1)
    difference = first - second
    share = (-(difference * second).sum(dim=1) / difference.square().sum(dim=1)).clamp(0, 1)
    weights, _ = asked(method("mgda", 2), jacobian)
    torch.testing.assert_close(weights, torch.stack([share, 1 - share], dim=1), rtol=0, atol=1e-7)


def test_orthogonal_gradients_are_weighed_by_their_inverse_squares() -> None:
    norms = torch.tensor([[1.0, 2.0, 4.0]], dtype=torch.float64)
    weights, _ = asked(method("mgda", 3), torch.diag_embed(norms).repeat(2, 1, 1))
    torch.testing.assert_close(weights[0], torch.tensor([16.0, 4.0, 1.0], dtype=torch.float64) / 21)


@pytest.mark.parametrize("tasks", [5, 10, 40])
def test_the_direction_is_shorter_than_that_of_an_early_stopped_solver(tasks: int) -> None:
    jacobian = gradients("conflicting", tasks)
    weights, _ = asked(method("mgda", tasks), jacobian)
    ours, theirs = directions(weights, jacobian).norm(dim=1), torch.stack([TheirMGDA()(j).norm() for j in jacobian])
    assert (ours <= theirs * (1 + 1e-9)).all()
    assert (ours < 0.999 * theirs).any()
    torch.testing.assert_close(ours, shortest(jacobian), rtol=1e-6, atol=0)


@pytest.mark.parametrize("tasks", [2, 5, 10])
def test_every_task_descends_at_least_as_steeply_as_the_direction_is_long(tasks: int) -> None:
    jacobian = gradients("conflicting", tasks)
    direction = directions(asked(method("mgda", tasks), jacobian)[0], jacobian)
    served = (jacobian @ direction.unsqueeze(2)).squeeze(2)
    assert (served >= direction.square().sum(dim=1, keepdim=True) * (1 - 1e-9)).all()


def test_a_task_without_a_gradient_stops_the_step() -> None:
    weights, _ = asked(method("mgda", 5), gradients("one zero", 5))
    assert torch.equal(weights, torch.eye(5, dtype=torch.float64)[[1] * 6])


def normalised_by(how: str, jacobian: torch.Tensor, losses: torch.Tensor) -> torch.Tensor:
    """The gradients divided as in the code of Sener and Koltun."""
    norms = jacobian.norm(dim=2)
    sizes = {"none": torch.ones_like(losses), "l2": norms, "loss": losses, "loss+": losses * norms}
    return jacobian / sizes[how].unsqueeze(2)


@pytest.mark.parametrize("tasks", [2, 3, 7])
@pytest.mark.parametrize("how", ["none", "l2", "loss", "loss+"])
def test_weights_are_those_of_the_shortest_combination_of_the_normalised_gradients(how: str, tasks: int) -> None:
    jacobian = gradients("conflicting", tasks) * torch.logspace(-2, 2, tasks, dtype=torch.float64).unsqueeze(1)
    losses = torch.logspace(-2, 1, tasks, dtype=torch.float64) * torch.linspace(1, 2, len(jacobian))[:, None].double()
    weighting = find("weighting", "mgda").cls(
        [Task(f"task {i}", "multiclass", "accuracy", 10) for i in range(tasks)], normalise=how
    )
    state, streams = weighting.start(len(jacobian)), Streams(range(len(jacobian)), "weighting")
    step = GramianStep(losses, everybody(jacobian), state, streams, jacobian @ jacobian.mT)
    weights = weighting.weigh(step)
    divided = normalised_by(how, jacobian, losses)
    torch.testing.assert_close(directions(weights, divided).norm(dim=1), shortest(divided), rtol=1e-6, atol=1e-12)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(len(jacobian), dtype=torch.float64))
    if how != "none":
        plain, _ = asked(method("mgda", tasks), jacobian)
        assert (plain - weights).abs().max() > 0.05, "dividing changes nothing, so nothing of it was tested"


def test_normalising_by_what_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="none, l2, loss, loss"):
        find("weighting", "mgda").cls([Task("a", "regression", "mse")], normalise="norm")

"""FairGrad."""

from __future__ import annotations

import pytest
import torch
from torchjd.aggregation import FairGrad as TheirFairGrad

from mtl_core.registry import find
from tests.mtl_core.weighting.solvers.families import asked, directions, gradients
from tests.mtl_core.weighting.test_gramian_methods import method


@pytest.mark.parametrize("tasks", [2, 5, 10])
@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 5.0])
def test_directions_are_those_of_bounded_least_squares(alpha: float, tasks: int) -> None:
    jacobian = gradients("random", tasks, rows=3)
    weights, _ = asked(find("weighting", "fairgrad").cls([None] * tasks, alpha=alpha), jacobian)
    theirs = torch.stack([TheirFairGrad(alpha)(rows) for rows in jacobian])
    torch.testing.assert_close(directions(weights, jacobian), theirs, rtol=1e-4, atol=1e-5)


def test_proportional_fairness_is_the_nash_solution() -> None:
    jacobian = gradients("conflicting", 5)
    weights, _ = asked(find("weighting", "fairgrad").cls([None] * 5, alpha=1.0), jacobian)
    nash = find("weighting", "nash").cls([None] * 5, normalise=False)
    torch.testing.assert_close(weights, asked(nash, jacobian)[0])


def test_the_worst_served_task_gains_from_fairness() -> None:
    """One row, many degrees: the smallest improvement, relative to the direction's length, grows."""
    jacobian = gradients("conflicting", 5)[:1].expand(5, 5, 15)
    alpha = torch.tensor([[0.5], [1.0], [2.0], [3.5], [5.0]])
    weights, state = asked(find("weighting", "fairgrad").cls([None] * 5, alpha=alpha), jacobian)
    assert (state["unconverged"] == 0).all()
    served = (jacobian @ torch.nn.functional.normalize(directions(weights, jacobian), dim=1).unsqueeze(2)).squeeze(2)
    assert (served.amin(dim=1).diff() > 0).all()


def test_where_there_is_nothing_to_share_is_counted() -> None:
    weights, state = asked(method("fairgrad", 5), gradients("stationary", 5))
    assert (state["unconverged"] == 1).all()
    assert (weights > 0).all()

"""UPGrad."""

from __future__ import annotations

import pytest
import torch
from torchjd.aggregation import UPGrad as TheirUPGrad
from torchjd.linalg import QuadprogProjector

from tests.mtl_core.weighting.solvers.families import asked, directions, gradients, projected
from tests.mtl_core.weighting.test_gramian_methods import method


@pytest.mark.parametrize("tasks", [2, 5, 10, 40])
@pytest.mark.parametrize("family", ["random", "conflicting"])
def test_directions_are_those_of_a_program_for_each_gradient(family: str, tasks: int) -> None:
    jacobian = gradients(family, tasks, rows=3)
    theirs = TheirUPGrad(projector=QuadprogProjector(norm_eps=1e-9, reg_eps=1e-10))
    expected = torch.stack([theirs(rows) for rows in jacobian])
    ours = directions(asked(method("upgrad", tasks), jacobian)[0], jacobian)
    torch.testing.assert_close(ours, expected, rtol=1e-6, atol=1e-7)


def test_without_conflict_it_is_the_mean() -> None:
    weights, _ = asked(method("upgrad", 5), gradients("similar", 5))
    assert torch.equal(weights, torch.full((6, 5), 0.2, dtype=torch.float64))


def test_two_tasks_lose_what_conflicts() -> None:
    jacobian = torch.tensor([[[1.0, 0.0], [-1.0, 1.0]]], dtype=torch.float64).repeat(2, 1, 1)
    direction = directions(asked(method("upgrad", 2), jacobian)[0], jacobian)
    torch.testing.assert_close(direction[0], torch.tensor([0.25, 0.75], dtype=torch.float64))


@pytest.mark.parametrize("tasks", [2, 5, 10])
@pytest.mark.parametrize("ratio", [1e2, 1e4, 1e6])
def test_short_gradients_are_not_conflicted_with(ratio: float, tasks: int) -> None:
    """A ridge on the Gramian as it is would be larger than what the short gradients have to say."""
    sizes = torch.logspace(0, 1, tasks, base=ratio, dtype=torch.float64).unsqueeze(1)
    jacobian = sizes * gradients("conflicting", tasks)
    direction = directions(asked(method("upgrad", tasks), jacobian)[0], jacobian)
    expected = torch.stack([torch.stack([projected(row, rows) for row in rows]).mean(dim=0) for rows in jacobian])
    assert ((direction - expected).norm(dim=1) / expected.norm(dim=1)).max() < 1e-8
    served = (jacobian @ direction.unsqueeze(2)).squeeze(2) / jacobian.norm(dim=2) / direction.norm(dim=1, keepdim=True)
    assert served.min() >= -1e-11


def test_failures_of_any_of_its_programs_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtl_core.weighting.solvers.block_pivoting.LIMIT", 1)
    monkeypatch.setattr("mtl_core.weighting.solvers.interior_point.LIMIT", 1)
    weights, state = asked(method("upgrad", 10), gradients("conflicting", 10))
    assert (state["unconverged"] == 1).all()
    assert (weights >= 0.1).all()

"""DualProj."""

from __future__ import annotations

import pytest
import torch
from torchjd.aggregation import DualProj as TheirDualProj
from torchjd.linalg import QuadprogProjector

from tests.mtl_core.weighting.solvers.families import asked, directions, gradients, projected
from tests.mtl_core.weighting.test_gramian_methods import method


@pytest.mark.parametrize("tasks", [2, 5, 10, 40])
@pytest.mark.parametrize("family", ["random", "conflicting", "ill-scaled", "dependent"])
def test_the_direction_is_the_projection_of_the_mean(family: str, tasks: int) -> None:
    jacobian = gradients(family, tasks)
    expected = torch.stack([projected(rows.mean(dim=0), rows) for rows in jacobian])
    ours = directions(asked(method("dualproj", tasks), jacobian)[0], jacobian)
    assert ((ours - expected).norm(dim=1) / expected.norm(dim=1)).max() < 1e-8


@pytest.mark.parametrize("tasks", [2, 5, 10])
def test_directions_are_those_of_a_program_for_one_row(tasks: int) -> None:
    jacobian = gradients("random", tasks) * torch.linspace(1, 5, tasks, dtype=torch.float64).unsqueeze(1)
    theirs = TheirDualProj(projector=QuadprogProjector(norm_eps=1e-9, reg_eps=1e-10))
    ours = directions(asked(method("dualproj", tasks), jacobian)[0], jacobian)
    torch.testing.assert_close(ours, torch.stack([theirs(rows) for rows in jacobian]), rtol=1e-6, atol=1e-7)


def test_a_mean_without_conflict_is_kept() -> None:
    weights, _ = asked(method("dualproj", 5), gradients("similar", 5))
    assert torch.equal(weights, torch.full((6, 5), 0.2, dtype=torch.float64))


def test_two_tasks_lose_what_conflicts() -> None:
    """The mean of (1, 0) and (−3, 1) is (−1, ½): all but its second part conflicts with the first task."""
    jacobian = torch.tensor([[[1.0, 0.0], [-3.0, 1.0]]], dtype=torch.float64).repeat(2, 1, 1)
    direction = directions(asked(method("dualproj", 2), jacobian)[0], jacobian)
    torch.testing.assert_close(direction[0], torch.tensor([0.0, 0.5], dtype=torch.float64))


def test_a_failure_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtl_core.weighting.solvers.block_pivoting.LIMIT", 1)
    monkeypatch.setattr("mtl_core.weighting.solvers.interior_point.LIMIT", 1)
    jacobian = gradients("conflicting", 10) * torch.logspace(0, 2, 10, dtype=torch.float64).unsqueeze(1)
    assert (asked(method("dualproj", 10), jacobian)[1]["unconverged"] == 1).any()

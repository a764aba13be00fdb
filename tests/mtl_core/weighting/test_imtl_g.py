"""IMTL-G."""

from __future__ import annotations

import pytest
import torch
from torchjd.aggregation import IMTLG as TheirIMTLG

from mtl_core.randomness.counter_based import Streams
from mtl_core.weighting import GramianStep
from tests.mtl_core.weighting.solvers.families import asked, directions, gradients
from tests.mtl_core.weighting.test_gramian_methods import method


@pytest.mark.parametrize("tasks", [2, 5, 10, 40])
@pytest.mark.parametrize("family", ["random", "conflicting", "ill-scaled", "similar"])
def test_projections_are_equal_and_weights_add_up_to_one(family: str, tasks: int) -> None:
    jacobian = gradients(family, tasks)
    weights, _ = asked(method("imtl_g", tasks), jacobian)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(6, dtype=torch.float64))
    projections = (jacobian @ directions(weights, jacobian).unsqueeze(2)).squeeze(2) / jacobian.norm(dim=2)
    assert (projections / projections.mean(dim=1, keepdim=True) - 1).abs().max() < 1e-5


@pytest.mark.parametrize("tasks", [2, 5, 10])
def test_weights_are_those_of_the_pseudo_inverse(tasks: int) -> None:
    jacobian = gradients("random", tasks)
    theirs = torch.stack([TheirIMTLG()(rows) for rows in jacobian])
    weights, _ = asked(method("imtl_g", tasks), jacobian)
    torch.testing.assert_close(directions(weights, jacobian), theirs, rtol=1e-6, atol=1e-8)


def test_two_tasks_have_the_papers_closed_form() -> None:
    """α_2 = g_1·(u_1 − u_2) / ((g_1 − g_2)·(u_1 − u_2)), opposite gradients included."""
    jacobian = torch.cat([gradients("random", 2, rows=20), gradients("opposite", 2) * torch.tensor([[[2.0], [3.0]]])])[
        ..., :6
    ].clone()
    jacobian[20:, 1] = -1.5 * jacobian[20:, 0]
    units = torch.nn.functional.normalize(jacobian, dim=2)
    apart = units[:, 0] - units[:, 1]
    second = (jacobian[:, 0] * apart).sum(dim=1) / ((jacobian[:, 0] - jacobian[:, 1]) * apart).sum(dim=1)
    weights, _ = asked(method("imtl_g", 2), jacobian)
    torch.testing.assert_close(weights[:, 1], second, rtol=1e-4, atol=1e-9)


def test_weights_that_add_up_to_nothing_stay_finite() -> None:
    """Three unit gradients whose a is (1, −x, 1) up to a factor; lengths make the total of a / ‖g‖ vanish."""
    cosines = torch.tensor([[1.0, 0.9, 0.65], [0.9, 1.0, 0.9], [0.65, 0.9, 1.0]], dtype=torch.float64)
    a = torch.linalg.solve(cosines, torch.ones(3, dtype=torch.float64))
    assert a[1] < 0
    norms = torch.tensor([1.0, float(-a[1] / (2 * a[0])), 1.0], dtype=torch.float64)
    gramian = (cosines * norms * norms[:, None]).expand(2, 3, 3)
    weighting, here = method("imtl_g", 3), torch.ones(2, 3, dtype=torch.bool)
    step = GramianStep(torch.ones(2, 3).double(), here, {}, Streams(range(2), "weighting"), gramian)
    assert weighting.weigh(step).isfinite().all()

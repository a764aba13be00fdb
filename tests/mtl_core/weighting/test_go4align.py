"""Groups of tasks that share a weight."""

from __future__ import annotations

import pytest
import torch
from sklearn.cluster import KMeans

from mtl_core.registry import find
from mtl_core.testing.weighting_steps import ALL, LOSSES, after_three_steps, from_losses

CLS = find("weighting", "go4align").cls
DIFFERENT = LOSSES + torch.tensor([0.2, 0.5, 0.3, 0.9])
STEPS = [DIFFERENT, 2 * DIFFERENT.flip(0), DIFFERENT.sqrt()]


@pytest.mark.parametrize("groups", [1, 2, 3, 4])
@pytest.mark.parametrize("step_size", [1e-4, 0.1])
def test_it_is_the_authors_rule_with_scikit_learns_groups(groups: int, step_size: float, double: None) -> None:
    steps = [losses.double() for losses in STEPS]
    weights, _ = from_losses(CLS(ALL, step_size=step_size, groups=groups), steps)
    for row in range(3):
        p = torch.full((4,), 0.25, dtype=torch.float64)
        for losses in (step[row] for step in steps):
            p = p * torch.exp(-step_size * losses)
            p = p / p.sum()
            gamma = losses.sum() / losses * p
        means = KMeans(groups, n_init=30, random_state=0).fit(gamma[:, None].numpy())
        expected = torch.tensor(means.cluster_centers_[means.labels_, 0])
        torch.testing.assert_close(weights[row], expected)


def test_one_group_is_equal_weights_and_as_many_as_tasks_align_the_losses() -> None:
    even, _ = from_losses(CLS(ALL, groups=1), STEPS)
    torch.testing.assert_close(even, even[:, :1].expand(-1, 4))
    own, _ = from_losses(CLS(ALL, groups=4, step_size=1e-9), STEPS)
    weighted = own * STEPS[-1]
    torch.testing.assert_close(weighted, weighted[:, :1].expand(-1, 4), rtol=1e-4, atol=0)


def test_similar_tasks_share_a_weight() -> None:
    weights, _ = from_losses(CLS(ALL), [torch.tensor([[1.0, 1.01, 0.1, 0.102]])])
    assert weights[0, 0] == weights[0, 1]
    assert weights[0, 2] == weights[0, 3]
    assert weights[0, 2] > 5 * weights[0, 0]


def test_a_task_whose_losses_were_large_loses_weight_for_good() -> None:
    before = torch.tensor([[5.0, 1.0, 1.0, 1.0]])
    now = torch.ones(1, 4)
    weights, _ = from_losses(CLS(ALL, step_size=0.1, groups=4), [before] * 5 + [now])
    assert weights[0, 0] < 0.3 * weights[0, 1]


def test_no_group_is_refused() -> None:
    with pytest.raises(ValueError, match="groups is 0; it should be a finite number from 1 up"):
        CLS(ALL, groups=0)


def test_golden_values() -> None:
    """Weights of the first version: a change of them must raise ENGINE_VERSION."""
    assert after_three_steps("go4align") == pytest.approx([1.2725456, 1425.5105, 1.2725456, 1.2725456], rel=1e-5)

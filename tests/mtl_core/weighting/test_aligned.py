"""Aligned-MTL."""

from __future__ import annotations

import pytest
import torch
from torchjd.aggregation import AlignedMTL

from tests.mtl_core.weighting.solvers.families import asked, directions, gradients
from tests.mtl_core.weighting.test_gramian_methods import method


@pytest.mark.parametrize("tasks", [2, 5, 10, 40])
@pytest.mark.parametrize("family", ["random", "conflicting", "twice", "one zero"])
def test_directions_are_those_of_the_decomposition_of_one_row(family: str, tasks: int) -> None:
    jacobian = gradients(family, tasks)
    theirs = tasks * torch.stack([AlignedMTL()(rows) for rows in jacobian])  # theirs is of the mean
    ours = directions(asked(method("aligned", tasks), jacobian)[0], jacobian)
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("tasks", [2, 5, 10])
def test_it_adds_orthogonal_gradients_as_long_as_the_smallest_singular_value(tasks: int) -> None:
    jacobian = gradients("conflicting", tasks)
    left, values, right = torch.linalg.svd(jacobian, full_matrices=False)
    aligned = values[:, -1:, None] * (left @ right)
    ours = directions(asked(method("aligned", tasks), jacobian)[0], jacobian)
    torch.testing.assert_close(ours, aligned.sum(dim=1), rtol=1e-6, atol=1e-8)


def test_orthogonal_gradients_of_equal_length_are_summed() -> None:
    weights, _ = asked(method("aligned", 4), 3 * torch.eye(4, dtype=torch.float64).repeat(2, 1, 1))
    torch.testing.assert_close(weights, torch.ones(2, 4, dtype=torch.float64))


def test_the_rank_is_judged_in_the_precision_of_the_gramian() -> None:
    """Gradients in a plane: what float32 makes of the three zero eigenvalues must not be the smallest one."""
    jacobian = gradients("a plane", 5)
    exact, _ = asked(method("aligned", 5), jacobian)
    rounded, _ = asked(method("aligned", 5), jacobian.float())
    torch.testing.assert_close(rounded.double(), exact, rtol=1e-3, atol=1e-3)

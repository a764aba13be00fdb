"""The interior-point method alone; test_block_pivoting holds it against the pivoting method on every family."""

from __future__ import annotations

import pytest
import torch

from mtl_core.weighting.solvers import interior_point


def test_a_diagonal_problem_is_solved_in_closed_form() -> None:
    generator = torch.Generator().manual_seed(1)
    linear = torch.randn(5, 4, generator=generator, dtype=torch.float64)
    diagonal = 0.5 + torch.rand(5, 4, generator=generator, dtype=torch.float64)
    x, solved = interior_point.nonnegative(torch.diag_embed(diagonal), linear)
    assert solved.all()
    torch.testing.assert_close(x, (-linear / diagonal).clamp(min=0), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("size", [1e-150, 1.0, 1e150])
def test_the_solution_scales_with_the_linear_term(size: float) -> None:
    matrix = torch.tensor([[[1.0, 0.9], [0.9, 1.0]]], dtype=torch.float64)
    linear = torch.tensor([[-1.0, -0.2]], dtype=torch.float64)
    x, solved = interior_point.nonnegative(matrix, size * linear)
    assert solved.all()
    torch.testing.assert_close(x / size, torch.tensor([[1.0, 0.0]], dtype=torch.float64), rtol=1e-9, atol=1e-9)


def test_a_linear_term_without_a_negative_entry_has_the_solution_zero() -> None:
    matrix = torch.eye(3, dtype=torch.float64).expand(2, 3, 3)
    linear = torch.tensor([[0.0, 1.0, 2.0], [3.0, 0.5, 0.1]], dtype=torch.float64)
    x, solved = interior_point.nonnegative(matrix, linear)
    assert solved.all()
    torch.testing.assert_close(x, torch.zeros_like(x), rtol=0, atol=1e-6)


def test_a_row_does_not_depend_on_the_others() -> None:
    generator = torch.Generator().manual_seed(2)
    factors = torch.randn(6, 4, 4, generator=generator, dtype=torch.float64)
    matrix = factors @ factors.mT / 4 + 0.1 * torch.eye(4, dtype=torch.float64)
    linear = torch.randn(6, 4, generator=generator, dtype=torch.float64)
    together, _ = interior_point.nonnegative(matrix, linear)
    for chosen in ([4, 1], [5, 0, 2]):
        part, _ = interior_point.nonnegative(matrix[chosen], linear[chosen])
        assert torch.equal(part, together[chosen])

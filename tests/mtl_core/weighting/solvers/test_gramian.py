"""A Gramian in parts."""

from __future__ import annotations

import pytest
import torch

from mtl_core.registry import entries
from mtl_core.weighting.solvers.gramian import final_weights, normalised, ridged
from tests.mtl_core.weighting.solvers.families import everybody, gradients, parts_of


def test_the_registry_does_not_take_solvers_for_methods() -> None:
    assert "solvers" not in entries("weighting")


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_cosines_do_not_know_how_long_gradients_are(size: float) -> None:
    parts, scaled = parts_of(gradients("random", 5)), parts_of(size * gradients("random", 5))
    torch.testing.assert_close(scaled.cosines, parts.cosines)
    torch.testing.assert_close(scaled.norms, size * parts.norms)
    torch.testing.assert_close(parts.cosines.diagonal(dim1=1, dim2=2), torch.ones(6, 5, dtype=torch.float64))


def test_what_is_absent_zero_or_no_number_is_not_alive() -> None:
    jacobian = gradients("one zero", 5)
    gramian, present = jacobian @ jacobian.mT, everybody(jacobian)
    present[:, 3] = False
    gramian[2, 0, 0] = torch.nan
    gramian[3, 1, 4] = torch.inf
    parts = normalised(gramian, present)
    assert not parts.alive[:, [1, 3]].any()
    assert parts.alive[[0, 1, 4, 5]][:, [0, 2, 4]].all()
    assert parts.finite.tolist() == [True, True, False, False, True, True]
    for part in (parts.cosines, parts.norms, parts.inverse):
        assert part.isfinite().all()
        assert (part[:, [1, 3]] == 0).all()
    weights = final_weights(torch.ones(6, 5, dtype=torch.float64), parts, present, torch.ones(6, 5))
    assert weights.isnan().all(dim=1).tolist() == [False, False, True, True, False, False]
    assert (weights[0, 3], weights[0, 1], weights.dtype) == (0, 1, torch.float32)


def test_a_ridge_makes_positive_definite_what_single_precision_left_indefinite() -> None:
    jacobian = gradients("a plane", 10, rows=64).float()
    parts = normalised(jacobian @ jacobian.mT, everybody(jacobian))
    assert (torch.linalg.eigvalsh(parts.cosines)[:, 0] < -1e-9).any()
    assert (torch.linalg.cholesky_ex(ridged(parts.cosines)).info == 0).all()
    exact = parts_of(gradients("a plane", 10))
    torch.testing.assert_close(ridged(exact.cosines), exact.cosines, rtol=0, atol=1.1e-12)

"""G w = w^−p."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mtl_core.weighting.solvers.fair_shares import shares
from tests.mtl_core.weighting.solvers.families import FAMILIES, SIZES, WILD, gradients, parts_of

POWERS = (0.2, 0.5, 1.0, 2.0)
SOLVABLE = tuple(family for family in FAMILIES if family != "near-stationary")


def error(jacobian: Tensor, weights: Tensor, power: float) -> Tensor:
    """Of the worst task of each row, relative to both sides."""
    gramian = jacobian @ jacobian.mT
    return ((gramian @ weights.unsqueeze(2)).squeeze(2) * torch.exp(power * weights.log()) - 1).abs().amax(dim=1)


@pytest.mark.parametrize("tasks", SIZES)
@pytest.mark.parametrize("family", SOLVABLE)
@pytest.mark.parametrize("power", POWERS)
def test_both_sides_agree(power: float, family: str, tasks: int) -> None:
    jacobian = gradients(family, tasks)
    weights, solved = shares(parts_of(jacobian), power)
    assert solved.all()
    assert (weights > 0).all()
    assert error(jacobian, weights, power).max() < 1e-6


@pytest.mark.parametrize("tasks", SIZES)
@pytest.mark.parametrize("family", FAMILIES + WILD)
@pytest.mark.parametrize("power", POWERS)
def test_only_what_is_solved_is_said_to_be(power: float, family: str, tasks: int) -> None:
    jacobian = gradients(family, tasks)
    weights, solved = shares(parts_of(jacobian), power)
    assert weights.isfinite().all()
    assert (weights >= 0).all()
    good = error(jacobian, weights, power) < 1e-6 * 1.01
    assert good[solved & (weights > 0).all(dim=1)].all()


@pytest.mark.parametrize("family", ["stationary", "opposite"])
@pytest.mark.parametrize("power", POWERS)
def test_there_is_no_solution_where_gradients_cancel(power: float, family: str) -> None:
    _, solved = shares(parts_of(gradients(family, 5)), power)
    assert not solved.any()


def test_what_has_no_solution_is_given_up_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """A single hopeless row would otherwise cost the whole array all the steps that there are."""
    monkeypatch.setattr("mtl_core.weighting.solvers.fair_shares.LIMIT", 20)
    stopped, _ = shares(parts_of(gradients("stationary", 5)), 1.0)
    monkeypatch.undo()
    assert torch.equal(shares(parts_of(gradients("stationary", 5)), 1.0)[0], stopped)


@pytest.mark.parametrize("power", POWERS)
def test_orthogonal_gradients_have_a_closed_form(power: float) -> None:
    norms = torch.tensor([[1e-6, 1.0, 1e3, 7.0]], dtype=torch.float64)
    weights, solved = shares(parts_of(torch.diag_embed(norms)), power)
    assert solved.all()
    torch.testing.assert_close(weights, torch.exp(-2 / (1 + power) * norms.log()))


@given(st.integers(0, 10**6), st.integers(1, 12), st.floats(0.2, 2.0))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_independent_gradients_have_a_solution(seed: int, tasks: int, power: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    jacobian = torch.randn(2, tasks, 2 * tasks, generator=generator, dtype=torch.float64)
    weights, solved = shares(parts_of(jacobian), power)
    assert solved.all()
    assert error(jacobian, weights, power).max() < 1e-6


def test_a_solver_that_is_stopped_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtl_core.weighting.solvers.fair_shares.LIMIT", 2)
    weights, solved = shares(parts_of(gradients("conflicting", 10)), 1.0)
    assert not solved.any()
    assert (weights > 0).all()

"""Quadratic programs over non-negative variables, by pivoting and by an interior point."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mtl_core.weighting.solvers import block_pivoting, interior_point
from mtl_core.weighting.solvers.gramian import ridged
from tests.mtl_core.weighting.solvers.families import FAMILIES, SIZES, WILD, gradients, parts_of

SOLVERS = {
    "pivoting": block_pivoting.nonnegative,
    "interior": lambda matrix, linear: tuple(
        value.unflatten(0, linear.shape[:2])
        for value in interior_point.nonnegative(matrix.repeat_interleave(linear.shape[1], dim=0), linear.flatten(0, 1))
    ),
}


def optimality(matrix: Tensor, linear: Tensor, x: Tensor) -> float:
    """How far from x ≥ 0, Mx + q ≥ 0, x ∘ (Mx + q) = 0 the worst problem is, relative to its own size."""
    slack = x @ matrix + linear
    size = 1e-300 + x.abs().amax(dim=2) + linear.abs().amax(dim=2)
    return (torch.minimum(x, slack).abs().amax(dim=2) / size).max().item()


@pytest.mark.parametrize("tasks", SIZES)
@pytest.mark.parametrize("family", FAMILIES + WILD)
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_solution_is_optimal(solver: str, family: str, tasks: int) -> None:
    matrix = ridged(parts_of(gradients(family, tasks)).cosines)
    x, solved = SOLVERS[solver](matrix, matrix)
    assert solved.all()
    assert (x >= 0).all()
    assert optimality(matrix, matrix, x) < 1e-9


@pytest.mark.parametrize("family", ["a plane", "opposite"])
def test_what_goes_round_in_circles_is_handed_on(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[int] = []
    through = interior_point.nonnegative
    monkeypatch.setattr(interior_point, "nonnegative", lambda m, q: (handed.append(len(q)), through(m, q))[1])
    monkeypatch.setattr(block_pivoting, "LIMIT", 2)
    matrix = ridged(parts_of(gradients(family, 10)).cosines)
    x, solved = block_pivoting.nonnegative(matrix, matrix)
    assert handed
    assert solved.all()
    assert optimality(matrix, matrix, x) < 1e-9


def test_what_no_solver_solves_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_pivoting, "LIMIT", 1)
    monkeypatch.setattr(interior_point, "LIMIT", 2)
    matrix = ridged(parts_of(gradients("conflicting", 10)).cosines)
    x, solved = block_pivoting.nonnegative(matrix, matrix)
    assert not solved.all()
    assert (x >= 0).all()


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_large_term_does_not_hide_a_small_one(solver: str) -> None:
    matrix = ridged(parts_of(gradients("random", 5)).cosines)
    linear = torch.tensor([1e14, 1e9, -0.4, 1e4, 1.0], dtype=torch.float64).expand(6, 1, 5)
    guess = (torch.ones(6, 1, 5, dtype=torch.bool),) if solver == "pivoting" else ()
    x, solved = SOLVERS[solver](matrix, linear, *guess)
    assert solved.all()
    torch.testing.assert_close(x[:, 0, 2], torch.full((6,), 0.4, dtype=torch.float64))


@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 14))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_problem_is_solved(seed: int, tasks: int, parameters: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    matrix = ridged(parts_of(torch.randn(2, tasks, parameters, generator=generator, dtype=torch.float64)).cosines)
    linear = torch.randn(2, 3, tasks, generator=generator, dtype=torch.float64) @ matrix
    x, solved = block_pivoting.nonnegative(matrix, linear)
    assert solved.all()
    assert optimality(matrix, linear, x) < 1e-8


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("rows", [[1, 0], [3, 3], [5, 2, 0], [4, 1, 2, 3, 0, 5] * 7], ids=len)
@pytest.mark.parametrize("count", [1, 10])
@pytest.mark.parametrize("tasks", [10, 40])
def test_a_problem_has_the_same_bits_in_every_array(tasks: int, count: int, rows: list[int], solver: str) -> None:
    """Also where it is the last to be solved: rows are of several families, some of which are handed on."""
    kinds = ("random", "conflicting", "a plane", "opposite", "twice", "similar")
    widest = 3 * tasks
    jacobian = torch.cat(
        [torch.nn.functional.pad(gradients(kind, tasks)[:1], (0, widest))[..., :widest] for kind in kinds]
    )
    matrix = ridged(parts_of(jacobian).cosines)
    linear = matrix[:, :count] - 0.1
    for all_of, some in zip(SOLVERS[solver](matrix, linear), SOLVERS[solver](matrix[rows], linear[rows]), strict=True):
        assert torch.equal(some, all_of[rows])


def test_a_problem_that_is_left_alone_keeps_its_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_pivoting, "LIMIT", 1)  # what is not solved at once goes to the interior point
    easy, hard = gradients("similar", 40)[:1], gradients("conflicting", 40)
    for number in range(6):
        of_hard = hard[number : number + 1]
        matrix = ridged(parts_of(torch.cat([of_hard, easy, of_hard, of_hard])).cosines)
        linear = matrix[:, :1] - 0.01
        linear[1] = 1.0
        among, _ = block_pivoting.nonnegative(matrix, linear)
        alone, _ = block_pivoting.nonnegative(matrix[:2], linear[:2])
        assert torch.equal(alone, among[:2])


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = ridged(parts_of(gradients("conflicting", 10, rows=9)).cosines)
    whole, _ = block_pivoting.nonnegative(matrix, matrix)
    monkeypatch.setattr(block_pivoting, "CHUNK", 2000)
    chunked, solved = block_pivoting.nonnegative(matrix, matrix)
    assert solved.shape == (9, 10)
    assert torch.equal(chunked, whole)

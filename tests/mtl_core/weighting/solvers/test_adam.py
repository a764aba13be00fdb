"""The optimiser of what weighting methods learn."""

from __future__ import annotations

import torch

from mtl_core.weighting.solvers import adam


def test_it_is_torchs_adam() -> None:
    steps = torch.tensor([[1e-3], [1e-1], [1.0]])
    slopes = torch.randn(40, 3, 4, generator=torch.Generator().manual_seed(1)).square() - 0.3
    state = {"value": torch.zeros(3, 4)} | adam.start(3, 4)
    rows = [torch.zeros(4, requires_grad=True) for _ in range(3)]
    theirs = [torch.optim.Adam([row], lr=step.item()) for row, step in zip(rows, steps, strict=True)]
    for slope in slopes:
        adam.descend(state, "value", slope, torch.ones(3, 4, dtype=torch.bool), steps)
        for row, optimiser, of_row in zip(rows, theirs, slope, strict=True):
            row.grad = of_row
            optimiser.step()
    torch.testing.assert_close(state["value"], torch.stack(rows).detach(), rtol=1e-4, atol=1e-6)


def test_an_absent_task_keeps_its_value_its_moments_and_its_count() -> None:
    """Its next step is the one that it would have taken then."""
    state = {"value": torch.zeros(1, 2)} | adam.start(1, 2)
    slope, everybody = torch.tensor([[0.3, 0.3]]), torch.tensor([[True, True]])
    adam.descend(state, "value", slope, everybody, 0.1)
    before = {name: value.clone() for name, value in state.items()}
    adam.descend(state, "value", 7 * slope, torch.tensor([[True, False]]), 0.1)
    assert all(value[0, 1] == before[name][0, 1] for name, value in state.items())
    assert all(value[0, 0] != before[name][0, 0] for name, value in state.items())
    assert state["updates"].tolist() == [[2, 1]]
    straight = {"value": torch.zeros(1, 2)} | adam.start(1, 2)
    for _ in range(2):
        adam.descend(straight, "value", slope, everybody, 0.1)
    adam.descend(state, "value", slope, everybody, 0.1)
    assert all(value[0, 1] == straight[name][0, 1] for name, value in state.items())

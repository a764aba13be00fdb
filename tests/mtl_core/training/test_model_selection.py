"""Curves, the best epoch and early stopping of each row."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.preprocessing import prepare
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.training import model_selection
from mtl_core.training.array_parts import ArrayParts, assemble
from mtl_core.training.fused_array import fresh_state
from mtl_core.training.model_selection import CURVES, ModelSelection
from tests.mtl_core.worlds import development, rows

RECIPE = Recipe(depth=1, stages=2, width=8, epochs=5, patience=2)


def parts_of(number: int = 3) -> ArrayParts:
    data, chosen = development(), rows(number)
    network = Network(RECIPE, data.tasks, data.shape)
    states = [fresh_state(RECIPE, network, row) for row in chosen]
    return assemble(RECIPE, data, network, chosen, states, [prepare(data, row.seed) for row in chosen])


def test_every_curve_gets_the_value_of_its_rows_own_epoch() -> None:
    parts = parts_of()
    parts.state["epoch"] = torch.tensor([0, 3, 1])
    ModelSelection(parts).after_epoch(torch.full((3, 3), 0.25))
    for name in CURVES:
        curve = parts.state[name]
        assert curve[[0, 1, 2], [0, 3, 1]].isfinite().all(), name
        assert curve.isfinite().sum() == 9, name
    assert (parts.state["weight"][1, 3] == 0.25).all()


def test_the_best_epoch_is_kept_and_patience_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 0 improves at once and never again, row 1 in every epoch; the third has no skill at all."""
    parts = parts_of()
    selection, state = ModelSelection(parts), parts.state
    planned = iter(torch.tensor([[0.2, 0.1, torch.nan], [0.1, 0.2, torch.nan], [0.15, 0.3, torch.nan]]))
    monkeypatch.setattr(model_selection, "skill", lambda *_: next(planned).unsqueeze(1).expand(-1, 3))
    first = parts.network.layout.pack(parts.parameters)
    for epoch in range(3):
        selection.after_epoch(torch.ones(3, 3))
        state["epoch"] += 1
        if epoch == 0:
            assert not state["stopped"].tolist()[0]
        for part in parts.parameters:
            part += 1
    assert state["selected_epoch"].tolist() == [0, 2, -1]
    torch.testing.assert_close(state["best_skill"], torch.tensor([0.2, 0.3, -torch.inf]))
    assert state["stopped"].tolist() == [True, False, True]
    torch.testing.assert_close(state["selected"][:2], torch.stack([first[0], first[1] + 2]))


def test_a_task_that_is_not_learnt_does_not_select_the_epoch_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task whose constant is next to perfect has a skill of −1,500 after one epoch and of −900 after another."""
    parts = parts_of()
    selection, state = ModelSelection(parts), parts.state
    planned = iter([[0.5, 0.4, -1500.0], [0.2, 0.1, -900.0]])
    monkeypatch.setattr(model_selection, "skill", lambda *_: torch.tensor(next(planned)).expand(3, -1))
    for _ in range(2):
        selection.after_epoch(torch.ones(3, 3))
        state["epoch"] += 1
    assert state["selected_epoch"].tolist() == [0, 0, 0]
    torch.testing.assert_close(state["best_skill"], torch.full((3,), (0.5 + 0.4 - 1.0) / 3))


def test_a_row_with_a_loss_that_is_not_finite_diverges_and_selects_nothing() -> None:
    parts = parts_of()
    for part in parts.parameters:
        part[1] = torch.nan
    ModelSelection(parts).after_epoch(torch.ones(3, 3))
    assert parts.state["diverged"].tolist() == [False, True, False]
    assert parts.state["selected_epoch"].tolist() == [0, -1, 0]

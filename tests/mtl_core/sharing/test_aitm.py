"""Adaptive information transfer along a funnel."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.layers.forward_context import EVALUATION
from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe
from mtl_core.testing.small_tasks import FUNNEL, small_tasks
from tests.mtl_core.sharing.funnels import ORDERS, TASKS
from tests.mtl_core.sharing.harness import STAGES, assert_rows_equal_plain, network_for, training
from tests.mtl_core.sharing.plain.aitm import Plain
from tests.mtl_core.worlds import development


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(("options", "order"), ORDERS, ids=["as declared", "another chain"])
@pytest.mark.parametrize("depth", [1, 2, STAGES])
def test_rows_are_ordinary_networks(depth: int, options: dict[str, Any], order: list[int]) -> None:
    network = network_for("aitm", depth, TASKS, **options)
    assert_rows_equal_plain(Plain, network, depth=depth, order=order)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(("options", "order"), ORDERS, ids=["as declared", "another chain"])
def test_rows_are_ordinary_networks_in_training_penalty_included(options: dict[str, Any], order: list[int]) -> None:
    network = network_for("aitm", 2, TASKS, **options)
    assert_rows_equal_plain(Plain, network, training(calibration=0.3), depth=2, order=order, calibration=0.3)


def test_only_a_later_task_that_is_more_probable_is_penalised() -> None:
    network = network_for("aitm", 1, TASKS)
    for logits, expected in (([2.0, 0.0, -2.0], 0.0), ([0.0, 2.0, 0.0], 0.6 * (0.8807970779778823 - 0.5))):
        context = training()
        outputs = torch.tensor(logits).view(1, 3, 1, 1).expand(2, -1, -1, 5)
        assert network.trunk.couple(outputs, context) is outputs
        torch.testing.assert_close(context.penalties, [torch.full((2,), expected)])
    assert not EVALUATION.penalties


def test_what_is_no_funnel_is_refused_with_the_reason() -> None:
    recipe = Recipe(sharing="aitm", depth=1, stages=2, width=8)
    assert why_infeasible(recipe, small_tasks(FUNNEL)) is None
    assert "binary tasks alone" in (why_infeasible(recipe, development()) or "")

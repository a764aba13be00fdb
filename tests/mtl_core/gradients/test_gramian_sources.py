"""Which tasks the inner products of each source are of; test_step_gradient.py holds their values by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.preprocessing import prepare
from mtl_core.data.task_set import Development
from mtl_core.gradients.batch_passes import Batch, BatchPasses
from mtl_core.gradients.gramian_sources import GramianSource, source_of
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from tests.mtl_core.worlds import development

RECIPE = Recipe(sharing="hard", depth=1, stages=2, width=8)
LATE = [[["price", "sold", "grade"]], [["price", "sold"], ["grade"]]]
ALONE = [[["price", "sold"], ["grade"]], [["price"], ["sold"], ["grade"]]]
SOME = torch.tensor([[True, True, True], [True, False, True]])


def source(recipe: Recipe, data: Development, present: torch.Tensor = SOME) -> GramianSource:
    network = Network(recipe, data.tasks, data.shape)
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise([0, 1])))
    passes = BatchPasses(network, theta, BatchLoader(data.examples, [prepare(data, seed) for seed in (0, 1)]))
    index = torch.arange(12).expand(2, 1, -1)
    return source_of(recipe, passes, Batch(index, present, lambda: ForwardContext(training=True)))


def of_tree(tree: Any, **settings: Any) -> Recipe:
    return Recipe(sharing="branch", stages=2, width=8, sharing_options={"tree": tree}, **settings)


@pytest.mark.parametrize("settings", [{}, {"gradients": "last_stage"}, {"gradients": "representation"}], ids=str)
def test_where_all_tasks_share_all_that_are_present_are_seen(settings: dict[str, Any]) -> None:
    found = source(replace(RECIPE, **settings), development())
    assert found.seen is SOME
    assert (found.gramian.diagonal(dim1=1, dim2=2) > 0).equal(SOME)


def test_a_task_that_shares_nothing_is_not_seen() -> None:
    for rows in (None, 4):
        found = source(of_tree(ALONE, gramian_rows=rows), development())
        assert found.seen.tolist() == [[True, True, False], [True, False, False]]
        assert (found.gramian.diagonal(dim1=1, dim2=2) > 0).equal(found.seen)


def test_a_task_that_has_left_before_the_last_shared_stage_is_not_seen_there() -> None:
    assert source(of_tree(LATE), development()).seen is SOME
    found = source(of_tree(LATE, gradients="last_stage"), development())
    assert found.seen.tolist() == [[True, True, False], [True, False, False]]


def test_a_task_without_a_label_among_the_rows_of_the_estimate_is_not_seen() -> None:
    data = development()
    data.examples.targets[:4, 0] = torch.nan
    found = source(replace(RECIPE, gramian_rows=4), data)
    assert found.seen.tolist() == [[False, True, True], [False, False, True]]
    assert source(replace(RECIPE, gramian_rows=5), data).seen.equal(SOME)
    assert source(RECIPE, data).seen is SOME


@pytest.mark.parametrize(
    "settings", [{}, {"gradients": "last_stage"}, {"gradients": "representation"}, {"gramian_rows": 4}], ids=str
)
def test_every_source_combines_the_gradients_of_the_whole_batch(settings: dict[str, Any]) -> None:
    weights = torch.tensor([[0.2, 0.5, 0.3], [1.0, 0.0, -1.0]])
    expected = source(RECIPE, development()).combined(weights)
    torch.testing.assert_close(source(replace(RECIPE, **settings), development()).combined(weights), expected)

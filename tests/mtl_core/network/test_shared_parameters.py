"""Where stages have their shared parameters."""

from __future__ import annotations

import pytest
import torch

from mtl_core.gradients.conflict import only_shared_trained
from mtl_core.gradients.task_gradients import SharedParameters
from mtl_core.network.network import Network
from mtl_core.network.shared_parameters import shared_stages, tasks_sharing_stage
from mtl_core.recipe import Recipe
from mtl_core.testing.cases import Case
from tests.mtl_core.sharing.cases import every_case
from tests.mtl_core.worlds import development

SHARED = [case for case in every_case() if case.network.layout.count_shared()]


@pytest.mark.parametrize("case", SHARED, ids=str)
def test_stages_take_every_shared_parameter_once(case: Case) -> None:
    layout = case.network.layout
    stages = shared_stages(layout)
    places = torch.cat(list(stages.values()))
    assert sorted(places.tolist()) == list(range(layout.count_shared()))
    assert "stage0" in stages
    kinds = ("stage", "stitch", "branching", "gate", "shared_gate", "features", "transfer", "head")
    assert all(name.startswith(kinds) for name in stages)


@pytest.mark.parametrize("case", SHARED, ids=str)
def test_where_tasks_meet_is_the_shared_part_of_the_whole(case: Case) -> None:
    network = case.network
    met = only_shared_trained(network)
    assert SharedParameters(met.layout).size == network.layout.count_shared()
    assert list(shared_stages(met.layout)) == list(shared_stages(network.layout))
    assert torch.equal(tasks_sharing_stage(met.layout), tasks_sharing_stage(network.layout))
    assert network.layout.num_trained >= met.layout.num_trained
    assert len(network.layout.trained) > len(met.layout.trained) or not network.parts_tasks


def test_stages_and_what_connects_them_are_told_apart() -> None:
    recipe = Recipe(sharing="cross_stitch", depth=2, stages=3, width=4)
    layout = Network(recipe, development().tasks, (12,)).layout
    sizes = {name: len(places) for name, places in shared_stages(layout).items()}
    assert sizes == {"stage0": 3 * (12 * 4 + 4), "stitch0": 9, "stage1": 3 * (4 * 4 + 4)}


def test_groups_of_a_tree_meet_nobody_outside() -> None:
    tree = [[["price", "sold", "grade"]], [["price", "grade"], ["sold"]]]
    recipe = Recipe(sharing="branch", stages=2, width=4, sharing_options={"tree": tree})
    layout = Network(recipe, development().tasks, (12,)).layout
    together = tasks_sharing_stage(layout)
    assert together[0].all()
    assert together[1].tolist() == [[True, False, True], [False, False, False], [True, False, True]]


def test_users_of_shared_parameters_are_known_by_tasks() -> None:
    tree = [[["price", "sold"], ["grade"]], [["price"], ["sold"], ["grade"]]]
    present = torch.tensor([[True, False, True], [True, True, True]])
    for sharing, options, expected in (
        ("branch", {"tree": tree}, [[True, False, False], [True, True, False]]),
        ("independent", {}, [[False] * 3] * 2),
    ):
        recipe = Recipe(sharing=sharing, stages=2, width=8, sharing_options=options)
        layout = Network(recipe, development().tasks, development().shape).layout
        assert SharedParameters(layout).users_among(present).tolist() == expected
    hard = Network(Recipe(sharing="hard", depth=1, stages=2), development().tasks, development().shape).layout
    assert SharedParameters(hard).users_among(present) is present

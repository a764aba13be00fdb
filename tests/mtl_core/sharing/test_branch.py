"""Trees of stages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe
from mtl_core.testing.cases import fresh, shaken
from mtl_core.training.fused_array import CURVES
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.harness import (
    INPUTS,
    STAGES,
    THREE,
    WIDTH,
    assert_own_inputs_pass_the_same_network,
    assert_rows_equal_plain,
    assert_same_function,
    network_for,
)
from tests.mtl_core.sharing.plain.branch import Plain
from tests.mtl_core.worlds import development, own_inputs, rows

NAMES = [task.name for task in THREE]
WHOLE, SINGLE = [["ant", "bee", "cow"]], [["ant"], ["bee"], ["cow"]]
TREES = [
    [WHOLE, [["ant", "cow"], ["bee"]], SINGLE],
    [[["bee"], ["cow", "ant"]], [["cow", "ant"], ["bee"]], [["ant", "cow"], ["bee"]]],
    [WHOLE, WHOLE, [["bee", "cow"], ["ant"]]],
]
trees = pytest.mark.parametrize("tree", TREES, ids=["every kind", "a pair", "late"])


@trees
@pytest.mark.usefixtures("double")
def test_rows_are_ordinary_trees(tree: Any) -> None:
    places = [[[NAMES.index(task) for task in group] for group in groups] for groups in tree]
    assert_rows_equal_plain(Plain, network_for("branch", tree=tree), tree=places)


@pytest.mark.parametrize("own", [False, True], ids=["common", "own"])
@pytest.mark.usefixtures("double")
def test_groups_of_several_sizes_find_back_into_the_order_of_the_tasks(own: bool) -> None:
    """Banks hold the groups by size: here in an order that is not undone by doing it twice."""
    tasks = (*THREE, replace(THREE[0], name="dog"))
    tree = [[["ant", "dog"], ["bee"], ["cow"]]] * STAGES
    network = network_for("branch", tasks=tasks, tree=tree)
    if own:
        assert_own_inputs_pass_the_same_network(network, shaken(network))
    else:
        assert_rows_equal_plain(Plain, network, tree=[[[0, 3], [1], [2]]] * STAGES)


@pytest.mark.parametrize("signals", [1, 3])
@pytest.mark.usefixtures("double")
def test_one_group_equals_hard_and_singletons_equal_independent(signals: int) -> None:
    for tree, other in (
        ([WHOLE] * STAGES, network_for("hard", STAGES)),
        ([WHOLE, SINGLE, SINGLE], network_for("hard", 1)),
        ([SINGLE] * STAGES, network_for("independent")),
    ):
        network = network_for("branch", tree=tree)
        assert network.layout.initialise([3]).equal(other.layout.initialise([3]))
        assert_same_function(network, other, fresh(network), fresh(other), signals)


@pytest.mark.parametrize("data", [development(), own_inputs()], ids=["common", "own"])
def test_they_train_to_the_same_bits_with_dropout(data: Any) -> None:
    names = [task.name for task in data.tasks]
    whole, single = [names], [[name] for name in names]
    settings = {"stages": 2, "width": 9, "batch_size": 31, "epochs": 2}
    for tree, other in (
        ([whole] * 2, Recipe(sharing="hard", depth=2, **settings)),
        ([whole, single], Recipe(sharing="hard", depth=1, **settings)),
        ([single] * 2, Recipe(sharing="independent", **settings)),
    ):
        everyone = rows(3, dropout=0.3)
        found = fit(Recipe(sharing="branch", sharing_options={"tree": tree}, **settings), data, everyone)
        for one, expected in zip(found, fit(other, data, everyone), strict=True):
            assert all(np.array_equal(one.curves[name], expected.curves[name], equal_nan=True) for name in CURVES)


@trees
def test_parameters_are_those_of_the_groups(tree: Any) -> None:
    first, later = (INPUTS + 1) * WIDTH, (WIDTH + 1) * WIDTH
    stages = len(tree[0]) * first + sum(len(groups) for groups in tree[1:]) * later
    assert network_for("branch", tree=tree).layout.size == stages + 3 * 3 * (WIDTH + 1)


def test_a_group_belongs_to_its_tasks() -> None:
    """A batch without labels for both leaves their copy alone."""
    layout = network_for("branch", tree=TREES[0]).layout
    owners = {copy.name: copy.users for slot in layout.slots for copy in slot.copies if slot.name == "stage1.weight"}
    assert owners == {"bee": frozenset({"bee"}), "['ant', 'cow']": frozenset({"ant", "cow"})}
    stepped = layout.stepped(torch.tensor([[False, True, False]]))[0]
    assert not stepped[layout.owner_sets.index(frozenset({"ant", "cow"}))]


def test_impossible_trees_say_why() -> None:
    def reason(*levels: Any) -> str:
        recipe = Recipe(sharing="branch", stages=2, sharing_options={"tree": list(levels)} if levels else {})
        return why_infeasible(recipe, development()) or ""

    whole, parted = [["price", "sold", "grade"]], [["price"], ["sold", "grade"]]
    assert reason(whole, parted) == ""
    assert "affinity" in reason()
    assert "stage 2 of the tree joins grade and price and sold" in reason(parted, whole)
    assert "joins grade and price, which parted" in reason(parted, [["price", "grade"], ["sold"]])
    assert "lacks task 'grade'" in reason(whole, [["price"], ["sold"]])
    assert "'colour', which is no task" in reason(whole, [["price"], ["sold", "grade", "colour"]])
    assert "1 levels for 2" in reason(whole)
    assert "a tree is a list" in reason(whole, "price")

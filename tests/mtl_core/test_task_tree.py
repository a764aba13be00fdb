"""Trees of tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtl_core.task_tree import average_tree, fault, in_order, of_paths, partitions

TASKS = ("ant", "bee", "cow")


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        ("ant", "a tree is a list of stages"),
        ([["ant", "bee", "cow"], [["ant"], ["bee", "cow"]]], "a tree is a list of stages"),
        ([None, None], "a tree is a list of stages"),
        ([[["ant", "bee", "cow"]]], "1 levels for 2 stages"),
        ([[["ant", "bee", "cow"]], [["ant"], ["bee"]]], "stage 2 of the tree lacks task 'cow'"),
        ([[["ant", "bee", "cow", "dog"]], [["ant"]]], "stage 1 of the tree names 'dog', which is no task"),
        ([[["ant", 7, "bee", "cow"]], [["ant"]]], "stage 1 of the tree names 7"),
        ([[["ant", "bee"], ["bee", "cow"]], [["ant"]]], "stage 1 of the tree names 'bee' twice"),
        ([[["ant", "bee", "cow"], []], [["ant"]]], "stage 1 of the tree has an empty group"),
        ([[["ant", "bee"], ["cow"]], [["cow", "ant"], ["bee"]]], "joins ant and cow, which parted before"),
    ],
)
def test_faults_are_named(tree: Any, reason: str) -> None:
    assert reason in (fault(tree, TASKS, 2) or "")


def test_refined_partitions_are_trees() -> None:
    assert fault([[["bee", "cow", "ant"]], [["cow"], ["ant", "bee"]]], TASKS, 2) is None
    assert fault(((("ant",), ("bee", "cow")),), TASKS, 1) is None


def test_the_order_of_a_tree_is_that_of_the_tasks() -> None:
    assert in_order([[["cow"], ["bee", "ant"]]], TASKS) == [[["ant", "bee"], ["cow"]]]


def test_paths_make_a_tree() -> None:
    assert of_paths([[2, 2, 2], [1, 0, 1]], TASKS) == [[["ant", "bee", "cow"]], [["ant", "cow"], ["bee"]]]


def test_partitions_are_counted_by_bell_and_all_differ() -> None:
    for size, count in ((0, 1), (1, 1), (2, 2), (3, 5), (4, 15), (6, 203)):
        found = {frozenset(map(frozenset, groups)) for groups in partitions(range(size))}
        assert len(found) == count == len(list(partitions(range(size))))
        assert all(sorted(i for group in groups for i in group) == list(range(size)) for groups in found)


def _used_nodes(tasks: int, stages: int, generator: np.random.Generator) -> list[int]:
    """How many nodes of each stage a random tree uses: every node has a random parent, every task a random leaf."""
    found, children = [], set(range(tasks))
    for _ in range(stages):
        parents = generator.integers(tasks, size=tasks)
        children = {int(parents[child]) for child in children}
        found.insert(0, len(children))
    return found


@pytest.mark.parametrize(("tasks", "stages"), [(2, 2), (3, 3), (5, 2), (9, 4)])
def test_an_average_tree_has_as_many_groups_as_random_trees_have_nodes(tasks: int, stages: int) -> None:
    names, generator = [str(number) for number in range(tasks)], np.random.default_rng(1)
    drawn = np.mean([_used_nodes(tasks, stages, generator) for _ in range(2000)], axis=0)
    tree = average_tree(names, stages)
    assert fault(tree, names, stages) is None
    assert [len(groups) for groups in tree] == pytest.approx(drawn, abs=0.6)


def test_the_average_tree_of_two_tasks_parts_at_the_last_stage() -> None:
    assert average_tree(["ant", "bee"], 2) == [[["ant", "bee"]], [["ant"], ["bee"]]]

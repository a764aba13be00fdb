"""The best tree for a budget."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from mtl_core.task_grouping.tree_search import EXACT, tree_from_affinity
from mtl_core.task_tree import fault, partitions

NAMES = ("cow", "ant", "dog", "bee", "fox", "eel", "hen", "gnu", "owl")


def affinity_of(stages: int, tasks: int, seed: int = 0) -> np.ndarray:
    features = np.random.default_rng(seed).normal(size=(stages, tasks, 3))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    return features @ features.transpose(0, 2, 1)


def cost(tree: list[list[list[str]]], affinity: np.ndarray, names: tuple[str, ...]) -> float:
    total = 0.0
    for level, groups in enumerate(tree):
        diameters = [max(1 - affinity[level, names.index(i), names.index(j)] for i in g for j in g) for g in groups]
        total += sum(len(g) * d if len(g) > 1 else 0 for d, g in zip(diameters, groups, strict=True)) / len(names)
    return total


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("budget", [1.0, 1.4, 2.0, 2.7, 4.0])
def test_up_to_six_tasks_no_nested_tree_is_cheaper(budget: float, seed: int) -> None:
    names, affinity = NAMES[:4], affinity_of(3, 4, seed)
    found = tree_from_affinity(affinity, names, budget)
    every = [list(map(list, groups)) for groups in partitions(names)]
    allowed = [
        list(tree)
        for tree in product(every, repeat=3)
        if sum(map(len, tree)) <= 3 * budget + 1e-9 and fault(tree, names, 3) is None
    ]
    assert fault(found, names, 3) is None
    assert sum(map(len, found)) <= 3 * budget
    assert cost(found, affinity, names) == pytest.approx(min(cost(tree, affinity, names) for tree in allowed))


def test_the_ends_of_the_budget_are_one_group_and_singletons() -> None:
    affinity = affinity_of(2, 3)
    assert tree_from_affinity(affinity, NAMES[:3], 1) == [[list(NAMES[:3])]] * 2
    assert tree_from_affinity(affinity, NAMES[:3], 3) == [[[name] for name in NAMES[:3]]] * 2
    with pytest.raises(ValueError, match="at least one group"):
        tree_from_affinity(affinity, NAMES[:3], 0.9)


@pytest.mark.parametrize("tasks", [5, 9])
@pytest.mark.parametrize("tied", [False, True])
def test_the_order_of_the_tasks_does_not_matter(tasks: int, tied: bool) -> None:
    names, affinity = NAMES[:tasks], affinity_of(3, tasks)
    affinity = np.zeros_like(affinity) if tied else affinity
    order = np.random.default_rng(1).permutation(tasks)
    straight = tree_from_affinity(affinity, names, 2.0)
    turned = tree_from_affinity(affinity[:, order][:, :, order], tuple(names[i] for i in order), 2.0)

    def as_sets(tree: list[list[list[str]]]) -> list[set[frozenset[str]]]:
        return [set(map(frozenset, groups)) for groups in tree]

    assert as_sets(straight) == as_sets(turned)


def test_a_task_is_not_left_alone_where_groups_of_relatives_would_be_split() -> None:
    """Three relatives and two others: a mean over groups would set one of the three apart, at half the cost."""
    names, home = NAMES[:5], np.array([0, 0, 0, 1, 1])
    affinity = np.where(home[:, None] == home, 0.6, 0.4)[None]
    assert tree_from_affinity(affinity, names, 2.0) == [[["cow", "ant", "dog"], ["bee", "fox"]]]


def test_many_tasks_are_put_into_the_groups_that_they_come_in() -> None:
    """Beyond what is searched exactly."""
    names = tuple(f"task {i:02}" for i in range(15))
    assert len(names) > EXACT
    home = np.arange(15) % 3
    affinity = np.stack([np.ones((15, 15)), np.where(home[:, None] == home, 0.9, 0.1)])
    found = tree_from_affinity(affinity, names, 2.0)
    assert found == [[list(names)], [[name for name, i in zip(names, home, strict=True) if i == g] for g in range(3)]]

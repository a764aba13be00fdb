"""Which tasks are alike, and how their targets stand one below the other."""

from __future__ import annotations

from dataclasses import replace

import torch

from mtl_core.data.preprocessing import prepare
from mtl_core.data.stacked_tasks import alike, moved, stacked
from mtl_core.recipe import Recipe
from mtl_core.testing.small_tasks import small_tasks

RECIPE = Recipe(sharing="single_task", stages=2, width=8, batch_size=16)


def test_tasks_are_alike_that_differ_in_names_and_numbers_alone() -> None:
    data = small_tasks(("price", "sold", "bonus", "grade", "fee", "colour"))
    names = [task.name for task in data.tasks]
    assert alike(RECIPE, data, names) == [("price", "bonus", "fee"), ("sold",), ("grade",), ("colour",)]
    assert alike(RECIPE, data, ["fee", "sold"]) == [("fee",), ("sold",)]


def test_a_task_with_missing_labels_is_not_like_one_without() -> None:
    data = small_tasks(("price", "bonus", "fee"))
    targets = data.examples.targets.clone()
    targets[0, 1] = torch.nan
    data = replace(data, examples=replace(data.examples, targets=targets))
    assert alike(RECIPE, data, ["price", "bonus", "fee"]) == [("price", "fee"), ("bonus",)]


def test_a_task_judged_by_another_metric_is_not_alike() -> None:
    data = small_tasks(("price", "bonus"))
    price, bonus = data.tasks
    data = replace(data, tasks=(price, replace(bonus, metric="mae")))
    assert alike(RECIPE, data, ["price", "bonus"]) == [("price",), ("bonus",)]


def test_targets_stand_one_below_the_other() -> None:
    data = small_tasks(("price", "bonus", "fee"))
    pool, number = stacked([data.only("fee"), data.only("price")]), len(data.examples)
    assert torch.equal(pool.examples.targets[:number, 0], data.examples.targets[:, 2])
    assert torch.equal(pool.examples.targets[number:, 0], data.examples.targets[:, 0])
    assert pool.examples.inputs is data.examples.inputs
    assert [task.name for task in pool.tasks] == ["fee"]
    assert pool.epoch[0] == data.only("fee").epoch[0]


def test_a_moved_preparation_finds_its_own_tasks_targets() -> None:
    data = small_tasks(("price", "fee"))
    own, pool = prepare(data.only("fee"), 3), stacked([data.only("price"), data.only("fee")])
    there = moved(own, len(data.examples))
    for part in ("train", "validation", "probe"):
        places = getattr(own, part)
        assert torch.equal(pool.examples.targets[getattr(there, part), 0], data.examples.targets[places, 1])

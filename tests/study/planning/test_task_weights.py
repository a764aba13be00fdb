"""Weights as ``check`` and the run directory describe them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mtl_core.data.task_set import TaskSet
from study.driver.manifest import describe_tasks
from study.planning.task_weights import weight_facts, weights_in_words
from tests.mtl_core.data.test_example_weights import TASKS, N, development, examples


def test_without_weights_nothing_is_said() -> None:
    task_set = TaskSet("plain", development(), examples(10))
    assert weight_facts(task_set, "sick") == {}
    assert weights_in_words({}) == ""
    assert not {"class_weight", "weights_in"} & set(describe_tasks(task_set)["tasks"][0])


def test_classes_and_rows_are_described_for_each_task() -> None:
    weights = torch.ones(N, len(TASKS))
    weights[: N // 2, 1] = 3.0
    tasks = (TASKS[0], replace(TASKS[1], class_weight="balanced"), replace(TASKS[2], class_weight=(1.0, 2.5, 1.0)))
    task_set = TaskSet("heavy", development(weights, tasks, weights_judge=False), examples(10))
    assert weight_facts(task_set, "price") == {}  # its weights are all 1
    sick = weight_facts(task_set, "sick")
    assert sick["effective"] == pytest.approx((45 * 4) ** 2 / (45 * 10))
    assert weights_in_words(sick) == "balanced, by row (as 72)"
    assert weights_in_words(weight_facts(task_set, "stage")) == "1/2.5/1"
    described = {task["task"]: task for task in describe_tasks(task_set)["tasks"]}
    assert described["sick"]["weights_in"] == "loss"
    assert described["stage"]["class_weight"] == [1.0, 2.5, 1.0]


def test_weights_that_judge_are_called_so() -> None:
    weights = torch.arange(1.0, N + 1)[:, None].expand(-1, len(TASKS)).contiguous()
    task_set = TaskSet("heavy", development(weights, weights_judge=True), examples(10))
    assert weights_in_words(weight_facts(task_set, "price")).startswith("by row and metric")

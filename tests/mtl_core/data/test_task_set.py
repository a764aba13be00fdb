"""A task set, and parts of it."""

from __future__ import annotations

import torch

from mtl_core.data.task_set import Development
from tests.mtl_core.worlds import development

NAMES = ("price", "sold", "grade", "colour")


def test_one_copy_of_the_data_serves_any_subset_of_tasks() -> None:
    data: Development = development(NAMES)
    chosen = data.only("grade", "price")
    assert [task.name for task in chosen.tasks] == ["grade", "price"]
    assert torch.equal(chosen.examples.targets, data.examples.targets[:, [2, 0]])
    assert chosen.examples.inputs is data.examples.inputs

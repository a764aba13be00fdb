"""A network of stages and heads."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.task import Task
from mtl_core.errors import UserError
from mtl_core.layers.bank import SHARED
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from tests.mtl_core.worlds import TASKS

INPUTS = 12


@pytest.mark.parametrize("tasks", [("sold", "price"), ("price", "sold", "grade", "price")], ids=str)
def test_the_losses_of_mixed_kinds_come_in_the_order_of_the_tasks(tasks: tuple[str, ...]) -> None:
    chosen = [Task(f"task {i}", TASKS[n].kind, TASKS[n].metric, TASKS[n].num_classes) for i, n in enumerate(tasks)]
    network = Network(Recipe(sharing="independent", stages=1, width=4), chosen, (INPUTS,))
    parts = [torch.tensor(bank.members).view(1, -1, 1).expand(2, -1, 5) for bank in network.heads]
    assert network.in_order(parts)[0, :, 0].tolist() == list(range(len(tasks)))


def test_a_task_may_not_bear_the_name_of_the_shared_copy() -> None:
    """Its private parameters would pass for shared ones, and be stepped in its absence."""
    with pytest.raises(UserError, match="Rename it"):
        Network(Recipe(sharing="independent"), [Task(SHARED.name, "regression", "mse")], (INPUTS,))


def test_two_tasks_of_one_name_are_refused() -> None:
    with pytest.raises(UserError, match="twice"):
        Network(Recipe(sharing="independent"), [Task("a", "regression", "mse")] * 2, (INPUTS,))

"""The network of a recipe as a whole; tests/mtl_core/sharing holds every architecture to its contract."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.losses import example_losses
from mtl_core.data.task import Task
from mtl_core.errors import UserError
from mtl_core.layers.forward_context import EVALUATION
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from tests.mtl_core.worlds import TASKS

PRICE, SOLD, GRADE, _ = TASKS.values()
FEE = Task("fee", "regression", "mse")
RECIPE = Recipe(depth=1, stages=2, width=4)


def outputs_of(network: Network) -> tuple[dict, torch.Tensor, list[torch.Tensor]]:
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise([0, 1])))
    x = torch.randn(2, 1, 6, 3, generator=torch.Generator().manual_seed(4))
    return theta, x, network(theta, x)


def test_losses_come_in_the_order_of_the_tasks() -> None:
    network = Network(RECIPE, [PRICE, SOLD, FEE], (3,))
    _, _, outputs = outputs_of(network)
    assert [tuple(part.shape) for part in outputs] == [(2, 2, 1, 6), (2, 1, 1, 6)]
    targets = torch.stack([torch.full((2, 6), value) for value in (0.3, 1.0, -2.0)], dim=1)
    losses = network.losses(outputs, targets)
    regression = example_losses("regression", outputs[0], targets[:, [0, 2]])
    binary = example_losses("binary", outputs[1], targets[:, [1]])
    assert torch.equal(losses, torch.stack([regression[:, 0], binary[:, 0], regression[:, 1]], dim=1))


@pytest.mark.parametrize("tasks", [("sold", "price"), ("price", "sold", "grade", "price")], ids=str)
def test_banks_of_several_kinds_find_back_into_the_order_of_the_tasks(tasks: tuple[str, ...]) -> None:
    chosen = [Task(f"task {i}", TASKS[n].kind, TASKS[n].metric, TASKS[n].num_classes) for i, n in enumerate(tasks)]
    network = Network(Recipe(sharing="independent", stages=1, width=4), chosen, (12,))
    parts = [torch.tensor(bank.members).view(1, -1, 1).expand(2, -1, 5) for bank in network.heads]
    assert network.in_order(parts)[0, :, 0].tolist() == list(range(len(tasks)))


def test_a_single_bank_of_heads_is_handed_on_unchanged() -> None:
    network = Network(RECIPE, [PRICE, FEE], (3,))
    part = torch.randn(2, 2, 6)
    assert network.in_order([part]) is part
    assert not network.shares_head
    assert not Network(RECIPE, [PRICE], (3,)).shares_head


def test_a_pass_is_its_two_parts() -> None:
    network = Network(RECIPE, [PRICE, SOLD, GRADE], (3,))
    theta, x, outputs = outputs_of(network)
    z = network.represent(theta, x, EVALUATION)
    assert z.shape == (2, 1, 6, 4)
    for part, whole in zip(network.finish(theta, z, EVALUATION), outputs, strict=True):
        assert torch.equal(part, whole)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["shared", "price"], "task 'shared'"),
        (["shared"], "Rename it"),
        (["price", "fee", "price"], "task 'price': stands twice"),
    ],
)
def test_names_that_cannot_be_told_apart_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Network(RECIPE, [Task(name, "regression", "mse") for name in names], (3,))

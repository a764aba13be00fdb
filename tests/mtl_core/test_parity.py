"""The fused engine against a plain loop: one configuration, one seed, ordinary modules, ``torch.optim``, float64."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from mtl_core.data.preprocessing import prepare
from mtl_core.data.task_set import Development, Examples
from mtl_core.layers.parameter_layout import Layout
from mtl_core.network.network import Network
from mtl_core.randomness.seeding import generator
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.trainer import fit
from tests.mtl_core.worlds import development


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def in_double(data: Development) -> Development:
    examples = Examples(data.examples.inputs.double(), data.examples.targets.double())
    return Development(data.tasks, examples, data.standardise, data.validation_share)


def linear(layout: Layout, flat: Tensor, name: str, copy: int, transposed: bool) -> nn.Linear:
    """An ordinary layer with the parameters of one copy of a bank."""
    banks = {slot.name: value[0] for slot, value in layout.theta(layout.unpack(flat)).items()}
    weight, bias = banks[f"{name}.weight"][copy], banks[f"{name}.bias"][copy]
    layer = nn.Linear(*(weight.shape if transposed else weight.T.shape))
    layer.weight.data.copy_(weight.T if transposed else weight)
    layer.bias.data.copy_(bias)
    return layer


def plain_network(recipe: Recipe, data: Development, seed: int) -> tuple[nn.ModuleList, list[list[nn.Module]]]:
    """All modules, and for each task the chain that its signal passes through."""
    network = Network(recipe, data.tasks, data.shape)
    flat = network.layout.initialise([seed])
    chains: list[list[nn.Module]] = [[] for _ in data.tasks]
    modules = nn.ModuleList()
    copies = {slot.name.removesuffix(".weight"): len(slot.copies) for slot in network.layout.slots}
    for level in range(recipe.stages):
        layers = [linear(network.layout, flat, f"stage{level}", copy, True) for copy in range(copies[f"stage{level}"])]
        modules.extend(layers)
        for task, chain in enumerate(chains):
            chain += [layers[task if len(layers) > 1 else 0], nn.ReLU()]
    for bank in network.heads:
        name = bank.weight.name.removesuffix(".weight")
        for place, member in enumerate(bank.members):
            head = linear(network.layout, flat, name, place, False)
            modules.append(head)
            chains[member].append(head)
    return modules, chains


def plain_losses(data: Development, chains: list[list[nn.Module]], x: Tensor, y: Tensor) -> list[Tensor]:
    losses = []
    for task, chain, targets in zip(data.tasks, chains, y.T, strict=True):
        outputs = nn.Sequential(*chain)(x)
        if task.kind == "multiclass":
            losses.append(nn.functional.cross_entropy(outputs, targets.long()))
        elif task.kind == "binary":
            losses.append(nn.functional.binary_cross_entropy_with_logits(outputs[:, 0], targets))
        else:
            losses.append(nn.functional.mse_loss(outputs[:, 0], targets))
    return losses


def train_plainly(recipe: Recipe, data: Development, seed: int, rate: float, decay: float) -> list[float]:
    """Validation loss of every task after the last epoch."""
    prepared = prepare(data, seed)
    modules, chains = plain_network(recipe, data, seed)
    kind = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[recipe.optimiser]
    options = {"momentum": 0.9, "nesterov": True} if recipe.optimiser == "sgd" else {}
    optimiser = kind(modules.parameters(), lr=rate, weight_decay=decay, **options)
    x = (data.examples.inputs - prepared.input_shift) * prepared.input_scale
    y = (data.examples.targets - prepared.target_shift) * prepared.target_scale
    steps = -(-len(prepared.train) // recipe.batch_size)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps * recipe.epochs)
    for epoch in range(recipe.epochs):
        order = prepared.train[torch.randperm(len(prepared.train), generator=generator(seed, "order", epoch))]
        order = order.repeat(2)[: steps * recipe.batch_size]
        for index in order.split(recipe.batch_size):
            optimiser.zero_grad()
            torch.stack(plain_losses(data, chains, x[index], y[index])).mean().backward()
            optimiser.step()
            cosine.step()
    with torch.no_grad():
        held_out = prepared.validation
        return [loss.item() for loss in plain_losses(data, chains, x[held_out], y[held_out])]


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
@pytest.mark.parametrize(("sharing", "depth"), [("hard", 1), ("hard", 3), ("independent", 0)])
def test_the_fused_engine_trains_what_a_plain_loop_trains(sharing: str, depth: int, optimiser: str) -> None:
    recipe = Recipe(sharing=sharing, depth=depth, stages=3, width=10, batch_size=32, epochs=12, optimiser=optimiser)
    data = in_double(development(("price", "sold", "grade", "colour")))
    settings = {"learning_rate": 3e-3, "weight_decay": 1e-2}
    outcomes = fit(
        recipe,
        data,
        [ReplicaConfig("a", 3, settings), ReplicaConfig("b", 4, settings), ReplicaConfig("c", 5, settings)],
    )
    for outcome, seed in zip(outcomes, (3, 4, 5), strict=True):
        expected = train_plainly(recipe, data, seed, rate=3e-3, decay=1e-2)
        assert outcome.curves["validation_loss"][-1].tolist() == pytest.approx(expected, rel=1e-9)


def test_a_golden_run_keeps_its_numbers() -> None:
    """Numbers of version 6 of the engine, the masks among them: a change of them must raise ENGINE_VERSION."""
    recipe = Recipe(depth=2, stages=3, width=8, batch_size=32, epochs=3)
    row = ReplicaConfig("golden", 11, {"learning_rate": 1e-2, "weight_decay": 1e-3, "dropout": 0.25})
    curve = fit(recipe, in_double(development()), [row])[0].curves["validation_loss"]
    assert curve[-1].tolist() == pytest.approx(GOLDEN, rel=1e-10)


GOLDEN = [1.10551605425925, 0.6890682742988489, 1.1039374637176786]

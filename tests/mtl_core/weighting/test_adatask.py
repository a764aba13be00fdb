"""AdaTask against an optimiser of PyTorch for every task, and inside the engine against a plain loop."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mtl_core.data.preprocessing import prepare
from mtl_core.network.feasibility import why_infeasible
from mtl_core.randomness.seeding import generator
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.trainer import fit
from tests.mtl_core.test_parity import in_double, plain_losses, plain_network
from tests.mtl_core.weighting.gradients import jacobian, method, step
from tests.mtl_core.worlds import development


class PlainAdam:
    """One Adam for each task, each with a parameter that only it moves; a step is what they have moved in all."""

    def __init__(self, tasks: int, parameters: int, **options: object) -> None:
        self.moved = [torch.zeros(parameters, requires_grad=True) for _ in range(tasks)]
        self.optimisers = [torch.optim.Adam([one], lr=1.0, **options) for one in self.moved]  # type: ignore[arg-type]

    def step(self, gradients: Tensor, present: Tensor) -> Tensor:
        before = torch.stack(self.moved).detach().sum(dim=0)
        for task in present.nonzero().flatten().tolist():
            self.moved[task].grad = gradients[task].clone()
            self.optimisers[task].step()
        return before - torch.stack(self.moved).detach().sum(dim=0)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("absent", [False, True], ids=["all present", "tasks absent"])
def test_every_task_has_an_adam_of_its_own(absent: bool) -> None:
    weighting, plain = method("adatask", beta1=0.8, beta2=0.99), [PlainAdam(4, 23, betas=(0.8, 0.99)) for _ in range(3)]
    state, chance = weighting.start(3, 23), torch.Generator().manual_seed(3)
    for number in range(12):
        present = torch.rand(3, 4, generator=chance) < (0.6 if absent else 2.0)
        gradients = torch.where(present.unsqueeze(2), jacobian(seed=number), 0.0)
        found = step(weighting, state, [gradients], present=present, number=number)
        expected = torch.stack([one.step(*row) for one, *row in zip(plain, gradients, present, strict=True)])
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.usefixtures("double")
def test_no_task_sets_the_step_size_of_another() -> None:
    """The paper's point: multiplying a loss by a thousand changes nothing, where it drowns the others under Adam."""
    directions = []
    for size in (1.0, 1000.0):
        weighting = method("adatask")
        state, sizes = weighting.start(3, 23), torch.tensor([1.0, size, 1.0, 1.0]).view(1, 4, 1)
        found = [step(weighting, state, [sizes * jacobian(seed=number)], number=number) for number in range(5)]
        directions.append(torch.stack(found))
    torch.testing.assert_close(*directions, rtol=1e-6, atol=1e-6)


def moved_plainly(recipe: Recipe, seed: int, rate: float, decay: float) -> list[float]:
    """Validation losses after a plain loop: an Adam for each task on what it shares, AdamW on what it has alone."""
    data = in_double(development(("price", "sold", "grade", "colour")))
    prepared, (modules, chains) = prepare(data, seed), plain_network(recipe, data, seed)
    shared = [leaf for module in chains[0][: 2 * (recipe.depth or 0)] for leaf in module.parameters()]
    private = [leaf for leaf in modules.parameters() if all(leaf is not one for one in shared)]
    alone = torch.optim.AdamW(private, lr=rate, weight_decay=decay)
    plain = PlainAdam(len(data.tasks), sum(leaf.numel() for leaf in shared))
    x = (data.examples.inputs - prepared.input_shift) * prepared.input_scale
    y = (data.examples.targets - prepared.target_shift) * prepared.target_scale
    steps = -(-len(prepared.train) // recipe.batch_size)
    for epoch in range(recipe.epochs):
        order = prepared.train[torch.randperm(len(prepared.train), generator=generator(seed, "order", epoch))]
        for index in order.repeat(2)[: steps * recipe.batch_size].split(recipe.batch_size):
            losses = plain_losses(data, chains, x[index], y[index])
            rows = [torch.autograd.grad(loss, shared, retain_graph=True) for loss in losses]
            gradients = torch.stack([nn.utils.parameters_to_vector(row) for row in rows])
            alone.zero_grad()
            torch.stack(losses).mean().backward(inputs=private)
            alone.step()
            share = 1.0 if recipe.scale == "native" else 1 / len(losses)
            moved = share * plain.step(gradients, torch.ones(len(losses), dtype=torch.bool))
            with torch.no_grad():
                vector = nn.utils.parameters_to_vector(shared)
                nn.utils.vector_to_parameters(vector * (1 - rate * decay) - rate * moved, shared)
    with torch.no_grad():
        held_out = prepared.validation
        return [loss.item() for loss in plain_losses(data, chains, x[held_out], y[held_out])]


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("scale", ["native", "matched"])
def test_the_engine_steps_along_it_and_leaves_what_is_private_to_adam(scale: str) -> None:
    recipe = Recipe(
        depth=2, stages=3, width=8, batch_size=32, epochs=4, schedule="constant", weighting="adatask",
        scale=scale,  # type: ignore[arg-type]
    )  # fmt: skip
    settings = {"learning_rate": 3e-3, "weight_decay": 1e-2}
    data = in_double(development(("price", "sold", "grade", "colour")))
    for outcome in fit(recipe, data, [ReplicaConfig("a", 3, settings), ReplicaConfig("b", 4, settings)]):
        expected = moved_plainly(recipe, {"a": 3, "b": 4}[outcome.key], rate=3e-3, decay=1e-2)
        # private weights are a mean loss's, which differs by Adam's 1e-8 from the sum that is native
        assert outcome.curves["validation_loss"][-1].tolist() == pytest.approx(expected, rel=1e-5)


def test_it_is_refused_where_there_are_no_moments_of_adam() -> None:
    recipe = Recipe(depth=1, stages=2, width=8, weighting="adatask")
    assert why_infeasible(recipe, development()) is None
    for change, reason in (({"optimiser": "sgd"}, "sgd has none to keep"), ({"clip_norm": 1.0}, "clip_norm shortens")):
        assert reason in (why_infeasible(Recipe(**{**vars(recipe), **change}), development()) or "")

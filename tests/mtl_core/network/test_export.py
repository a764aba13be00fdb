"""What is exported says what the fused network says, from raw inputs and in the users' units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.preprocessing import prepare
from mtl_core.data.task_set import Development, Examples
from mtl_core.network import export
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.registry import entries
from mtl_core.testing.small_tasks import FUNNEL, small_tasks
from mtl_core.training.trainer import fit
from tests.mtl_core.worlds import development, own_inputs, rows

NAMES = ("price", "sold", "grade", "colour")
STAGES = tuple(f"tests.mtl_core.backbones.example_modules:{name}" for name in ("normalised", "dropping"))
OPTIONS: dict[str, Any] = {"custom": {"modules": STAGES}}


def with_gaps(data: Development) -> Development:
    """A tenth of the inputs is missing."""
    inputs = data.examples.inputs.clone()
    inputs[torch.rand(inputs.shape, generator=torch.Generator().manual_seed(3)) < 0.1] = torch.nan
    return replace(data, examples=Examples(inputs, data.examples.targets))


TABLE = with_gaps(development(NAMES, examples=80))
IMAGE = replace(with_gaps(development(NAMES, examples=80, inputs=64)), image=(1, 8, 8))
OWN = own_inputs(sizes=(50, 40, 30))


def cases() -> Iterator[Any]:
    """Every architecture on every backbone."""
    for sharing, entry in entries("sharing").items():
        for backbone in entries("backbones"):
            depth = 1 if entry.cls.uses_depth else None
            options = OPTIONS.get(backbone, {})
            recipe = Recipe(sharing, depth, backbone, stages=2, width=8, epochs=1, backbone_options=options)
            yield pytest.param(recipe, id=f"{sharing} {backbone}")


def of_the_network(recipe: Recipe, data: Development, seed: int, parameters: Tensor) -> dict[str, Tensor]:
    """The fused network's predictions for the whole pool."""
    network, preparation = Network(recipe, data.tasks, data.shape), prepare(data, seed, recipe.train_fraction)
    loader = BatchLoader(data.examples, [preparation] * 2)
    theta = network.layout.theta(network.layout.unpack(parameters.expand(2, -1)))
    outputs = network(theta, loader.inputs(torch.arange(len(data.examples)).expand(2, 1, -1)))
    found = {}
    for bank, logits in zip(network.heads, outputs, strict=True):
        for place, member in enumerate(bank.members):
            task, values = data.tasks[member], logits[1, place].detach()
            if task.kind == "regression":
                found[task.name] = values[0] / preparation.target_scale[member] + preparation.target_shift[member]
            else:
                full = torch.cat([torch.zeros_like(values), values]) if task.kind == "binary" else values
                found[task.name] = full.softmax(dim=0)[1] if task.kind == "binary" else full.softmax(dim=0).T
    return found


def close(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        torch.testing.assert_close(found[name], values, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("recipe", list(cases()))
def test_it_says_what_the_fused_network_says(recipe: Recipe) -> None:
    worlds = [data.only(NAMES[0]) if recipe.sharing == "single_task" else data for data in (TABLE, IMAGE)]
    reasons = [why_infeasible(recipe, data) for data in worlds]
    if all(reasons):
        pytest.skip("; ".join(dict.fromkeys(reason for reason in reasons if reason)))
    data = next(data for data, reason in zip(worlds, reasons, strict=True) if reason is None)
    outcome = fit(recipe, data, rows(2, dropout=0.2))[1]
    module = export.export(recipe, data, 1, outcome.selected)
    assert sum(value.numel() for value in module.parameters()) <= outcome.selected.numel()
    with torch.no_grad():
        found = module(data.examples.inputs)
    assert list(found) == [task.name for task in data.tasks]
    close(found, of_the_network(recipe, data, 1, outcome.selected))


@pytest.mark.parametrize("sharing", [name for name in entries("sharing") if name != "single_task"])
def test_tasks_with_inputs_of_their_own_all_answer_for_any_input(sharing: str) -> None:
    depth = 1 if entries("sharing")[sharing].cls.uses_depth else None
    recipe = Recipe(sharing, depth, stages=2, width=8, epochs=1)
    if reason := why_infeasible(recipe, OWN):
        pytest.skip(reason)
    outcome = fit(recipe, OWN, rows(2))[0]
    module = export.export(recipe, OWN, 0, outcome.selected)
    with torch.no_grad():
        close(module(OWN.examples.inputs), of_the_network(recipe, OWN, 0, outcome.selected))


@pytest.mark.parametrize("sharing", ["aitm", "esmm"])
def test_the_outputs_of_a_funnel_are_coupled_outside_too(sharing: str) -> None:
    data, recipe = small_tasks(FUNNEL), Recipe(sharing, 1, stages=2, width=8, epochs=1)
    outcome = fit(recipe, data, rows(2))[0]
    module = export.export(recipe, data, 0, outcome.selected)
    with torch.no_grad():
        close(module(data.examples.inputs), of_the_network(recipe, data, 0, outcome.selected))


def trained(recipe: Recipe, **hyperparameters: float) -> tuple[export.TrainedModule, Tensor]:
    outcome = fit(recipe, TABLE, rows(2, **hyperparameters))[0]
    return export.export(recipe, TABLE, 0, outcome.selected), TABLE.examples.inputs


HARD = Recipe("hard", 1, stages=2, width=8, epochs=1)


def test_predictions_are_in_the_users_units() -> None:
    module, x = trained(replace(HARD, epochs=40), learning_rate=2e-2)
    with torch.no_grad():
        found, raw = module(x), module(x, logits=True)
    truth = dict(zip(NAMES, TABLE.examples.targets.T, strict=True))
    assert (found["price"] - truth["price"]).square().mean() < 0.5 * truth["price"].var()
    assert torch.equal(found["price"], raw["price"])
    assert ((found["sold"] > 0.5) == (truth["sold"] == 1)).float().mean() > 0.65
    torch.testing.assert_close(found["sold"], 1 / (1 + torch.exp(-raw["sold"])))
    assert (found["grade"].argmax(dim=1) == truth["grade"]).float().mean() > 0.5
    torch.testing.assert_close(found["grade"].sum(dim=1), torch.ones(len(x)))
    torch.testing.assert_close(found["grade"], raw["grade"].softmax(dim=1))


def test_it_is_an_ordinary_module() -> None:
    module, x = trained(HARD)
    names = dict(module.named_parameters())
    assert {"stage0_weight", "stage1_bias", "head_binary1_weight"} <= names.keys()
    assert all(isinstance(value, nn.Parameter) for value in names.values())
    sum(values.sum() for values in module(x).values()).backward()
    assert all(value.grad is not None for value in names.values())
    wide = module.double()(x.double())
    assert wide["price"].dtype == torch.float64


@pytest.mark.parametrize("sharing", ["hard", "independent"])
def test_torch_export_takes_it_for_any_number_of_examples(sharing: str) -> None:
    module, x = trained(replace(HARD, sharing=sharing))
    shapes = {"x": {0: torch.export.Dim("examples", min=2)}}
    program = torch.export.export(module, (x[:9],), strict=False, dynamic_shapes=shapes).module()
    with torch.no_grad():
        found, expected = program(x), module(x)
    assert found.keys() == expected.keys()
    for name in NAMES:
        torch.testing.assert_close(found[name], expected[name])


def test_a_row_of_another_recipe_is_refused() -> None:
    outcome = fit(HARD, TABLE, rows(2))[0]
    with pytest.raises(ValueError, match="parameters"):
        export.export(replace(HARD, width=9), TABLE, 0, outcome.selected)


def test_it_runs_in_float32_whatever_it_was_trained_in() -> None:
    rounded = replace(HARD, precision="bf16")
    outcome = fit(rounded, TABLE, rows(2))[0]
    with torch.no_grad():
        found, expected = (
            export.export(one, TABLE, 0, outcome.selected)(TABLE.examples.inputs) for one in (rounded, HARD)
        )
    assert all(torch.equal(found[name], expected[name]) for name in NAMES)
    assert not torch.equal(
        of_the_network(rounded, TABLE, 0, outcome.selected)["price"],
        of_the_network(HARD, TABLE, 0, outcome.selected)["price"],
    )

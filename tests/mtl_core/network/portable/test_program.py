"""Networks as programs say what the study's own networks say, for every architecture on every backbone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from mtl_core.errors import UserError
from mtl_core.network import export
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.network.portable.model import InputError, Predictor, operator_named
from mtl_core.network.portable.program import trace
from mtl_core.recipe import Recipe
from tests.mtl_core.network.test_export import IMAGE, NAMES, TABLE, cases, close, of_the_network


def marked() -> Iterator[Any]:
    """Every architecture on every backbone; those of two that both stand elsewhere are slow to trace."""
    seen: set[str] = set()
    for case in sorted(cases(), key=lambda case: case.values[0].backbone != "mlp"):
        recipe = case.values[0]
        new = {recipe.sharing, recipe.backbone} - seen
        seen |= new
        marks = () if new or recipe.sharing == "hard" else (pytest.mark.slow,)
        yield pytest.param(recipe, id=case.id, marks=marks)


@pytest.mark.parametrize("recipe", list(marked()))
def test_a_program_says_what_the_study_says(recipe: Recipe) -> None:
    worlds = [data.only(NAMES[0]) if recipe.sharing == "single_task" else data for data in (TABLE, IMAGE)]
    reasons = [why_infeasible(recipe, data) for data in worlds]
    if all(reasons):
        pytest.skip("; ".join(dict.fromkeys(reason for reason in reasons if reason)))
    data = next(data for data, reason in zip(worlds, reasons, strict=True) if reason is None)
    parameters = perturbed(Network(recipe, data.tasks, data.shape))
    module = export.export(recipe, data, 1, parameters)
    program = trace(module, data.num_inputs, "program0")
    tasks = [
        {"name": task.name, "kind": task.kind, "classes": list(map(str, range(task.num_classes))), "temperature": 1.0}
        for task in data.tasks
    ]
    facts = {
        "tasks": tasks,
        "inputs": {"shape": list(data.shape)},
        "programs": [program.facts],
        "networks": [{"program": 0, "tasks": [task.name for task in data.tasks]}],
    }
    tensors = {f"0/{name}": value for name, value in module.state_dict().items()} | program.constants
    predictor = Predictor(json.loads(json.dumps(facts)), tensors)
    expected = of_the_network(recipe, data, 1, parameters)
    for rows in (1, 2, len(data.examples)):
        found = predictor(predictor.encode(data.examples.inputs[:rows]))
        found = {t["name"]: found[t["name"]][:, 1] if t["kind"] == "binary" else found[t["name"]] for t in tasks}
        close(found, {name: values[:rows] for name, values in expected.items()})


def perturbed(network: Network) -> torch.Tensor:
    """Parameters that differ from their initial values everywhere, with positive variances."""
    flat = network.layout.initialise((1,))[0]
    noise = torch.randn(flat.shape, generator=torch.Generator().manual_seed(5))
    return torch.where(flat > 0.9, flat + 0.1 * noise.abs(), flat + 0.1 * noise)


@pytest.mark.parametrize(
    "name",
    [
        "from_file.default",
        "rand.default",
        "add_.Tensor",
        "empty.memory_format",
        "__class__.mro",
        "os.system",
        "relu",
        "",
    ],
)
def test_nothing_but_core_operators_runs(name: str) -> None:
    with pytest.raises(ValueError, match="no operator"):
        operator_named(name)


class Sorted(nn.Module):
    def forward(self, x: torch.Tensor, logits: bool = False) -> dict[str, torch.Tensor]:
        return {"y": torch.linalg.svdvals(x)}


class Asking(nn.Module):
    def forward(self, x: torch.Tensor, logits: bool = False) -> dict[str, torch.Tensor]:
        return {"y": x if x.sum() > 0 else -x}


@pytest.mark.parametrize(("module", "found"), [(Sorted(), "core operators"), (Asking(), "cannot be traced")])
def test_what_cannot_be_a_program_is_refused_in_words(module: nn.Module, found: str) -> None:
    with pytest.raises(UserError, match=found):
        trace(module, 3, "program0")


def test_a_foreign_program_with_another_operator_is_refused() -> None:
    nodes = [["a", "from_file.default", [{"value": "x"}], {}]]
    program = {"nodes": nodes, "outputs": ["a"], "parameters": [], "constants": []}
    facts = {"tasks": [], "inputs": {"shape": [1]}, "programs": [program], "networks": []}
    with pytest.raises(ValueError, match="no operator"):
        Predictor(facts, {})
    assert issubclass(InputError, ValueError)

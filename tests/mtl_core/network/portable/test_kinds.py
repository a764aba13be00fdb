"""A model to take home says of every kind of task what the study's own network says."""

from __future__ import annotations

import json

import torch

from mtl_core.data.kinds import kind_names
from mtl_core.network.export import export
from mtl_core.network.portable.model import Predictor, _columns_of
from mtl_core.network.portable.program import trace
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.trainer import fit
from tests.mtl_core.data.kinds.test_contract import of_all_kinds


def test_every_kind_is_traced_and_predicted() -> None:
    recipe, data = Recipe(epochs=4, batch_size=25, sharing="hard", depth=1, stages=1, width=6), of_all_kinds()
    (outcome,) = fit(recipe, data, [ReplicaConfig("only", 0, {"learning_rate": 0.02, "weight_decay": 0.0})])
    module = export(recipe, data, 0, outcome.selected)
    program = trace(module, data.num_inputs, "program0")
    tasks = [
        {
            "name": task.name,
            "kind": task.kind,
            "classes": list(map(str, range(task.num_classes))) if task.has_classes else [],
            "temperature": 1.0,
        }
        for task in data.tasks
    ]
    network = {"program": 0, "tasks": list(kind_names())}
    facts = {"tasks": tasks, "inputs": {"shape": [5]}, "programs": [program.facts], "networks": [network]}
    tensors = {f"0/{name}": value for name, value in module.state_dict().items()} | program.constants
    found = Predictor(json.loads(json.dumps(facts)), tensors)(data.examples.inputs)
    for name, expected in module(data.examples.inputs).items():
        mine = found[name][:, 1] if name == "binary" else found[name]
        torch.testing.assert_close(mine, expected, atol=1e-5, rtol=1e-4)


def test_the_predicted_class_of_an_ordinal_task_is_the_median() -> None:
    task = {"name": "pain", "kind": "ordinal", "classes": ["none", "mild", "strong"]}
    members = torch.tensor([[[0.4, 0.25, 0.35], [0.6, 0.2, 0.2], [0.1, 0.2, 0.7]]])
    assert _columns_of(task, members)["pain"] == ["mild", "none", "strong"]
    assert _columns_of({**task, "kind": "multiclass"}, members)["pain"] == ["none", "none", "strong"]
    counts = _columns_of({"name": "visits", "kind": "count", "classes": []}, torch.tensor([[1.5, 0.25]]))
    assert counts == {"visits": [1.5, 0.25]}

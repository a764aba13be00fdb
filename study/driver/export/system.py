"""The networks of an option as what an exported folder holds: programs, tensors, and a temperature for each task."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from mtl_core.data.example_weights import weights_in_loss
from mtl_core.data.preprocessing import Preparation, prepare
from mtl_core.data.target_columns import columns_of
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development
from mtl_core.network.export import TrainedModule, export
from mtl_core.network.portable.model import FORMAT
from mtl_core.network.portable.program import trace
from mtl_core.network.portable.temperature import temperature
from mtl_core.recipe import Recipe
from study.driver.export.finished_study import FinishedStudy
from study.driver.export.option import TrainedNetwork

ROWS_AT_ONCE = 4096


@dataclass
class System:
    """What model.json and parameters.safetensors hold, collected network by network.

    Args:
        facts: content of model.json.
        tensors: content of parameters.safetensors, by name.
    """

    facts: dict[str, Any]
    tensors: dict[str, Tensor]


@dataclass
class _Collected:
    programs: list[dict[str, Any]] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    networks: list[dict[str, Any]] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    logits: dict[str, list[Tensor]] = field(default_factory=dict)
    labels: dict[str, list[Tensor]] = field(default_factory=dict)
    weights: dict[str, list[Tensor]] = field(default_factory=dict)


def system_of(study: FinishedStudy, networks: Sequence[TrainedNetwork]) -> System:
    """Return the system that ``networks`` make together.

    Raises:
        UserError: when the parameters of one are not kept, or it cannot be traced.
    """
    collected = _Collected()
    for network in networks:
        _add(collected, study, network)
    tasks = [_task_facts(task, collected) for task in study.task_set.tasks]
    facts = {
        "format": FORMAT,
        "tasks": [task for task in tasks if any(task["name"] in network["tasks"] for network in collected.networks)],
        "inputs": _inputs(study),
        "programs": collected.programs,
        "networks": collected.networks,
    }
    return System(facts, collected.tensors)


def _add(collected: _Collected, study: FinishedStudy, network: TrainedNetwork) -> None:
    # the model's own columns subtract the origin of inputs, in float64 and rounded to float32 as in training
    view = replace(study.task_set.development.only(*network.tasks), input_origin=None)
    recipe = study.recipe(network.arm)
    preparation = prepare(view, network.seed, recipe.train_fraction)
    parameters = study.parameters(network.replica)["parameters"]
    module = export(recipe, view, network.seed, parameters, preparation)
    number, place = len(collected.networks), _program(collected, recipe, view, module)
    collected.tensors |= {f"{number}/{name}": value.detach() for name, value in module.state_dict().items()}
    facts = {"program": place, "tasks": list(network.tasks), "seed": network.seed, "fold": network.fold}
    collected.networks.append({**facts, "arm": network.arm})
    _add_validation(collected, view, preparation, module)


def _program(collected: _Collected, recipe: Recipe, view: Development, module: TrainedModule) -> int:
    """Place of the network's program, which networks of one structure have in common."""
    shapes = [(task.kind, task.num_outputs) for task in view.tasks]
    names = [] if len(view.tasks) == 1 else [task.name for task in view.tasks]
    key = json.dumps([asdict(recipe), shapes, names, view.target_origin is None], default=str, sort_keys=True)
    if key not in collected.places:
        collected.places[key] = len(collected.programs)
        traced = trace(module, view.num_inputs, f"program{len(collected.programs)}")
        collected.programs.append(traced.facts)
        collected.tensors |= traced.constants
    return collected.places[key]


@torch.no_grad()
def _add_validation(collected: _Collected, view: Development, preparation: Preparation, module: TrainedModule) -> None:
    """Add what the network says of its own validation examples, which it was not trained on."""
    classes = [task for task in view.tasks if task.has_classes]
    if not classes:
        return
    parts = [module(view.examples.inputs[rows], logits=True) for rows in preparation.validation.split(ROWS_AT_ONCE)]
    columns = dict(zip((task.name for task in view.tasks), columns_of(view.tasks), strict=True))
    places = {task.name: place for place, task in enumerate(view.tasks)}
    in_loss = weights_in_loss(view.tasks, view.examples.targets, view.examples.weights, preparation.class_weights)
    for task in classes if parts else ():
        logits = torch.cat([part[task.name] for part in parts])
        labels = view.examples.targets[preparation.validation, columns[task.name].start]
        own = torch.ones_like(labels) if in_loss is None else in_loss[preparation.validation, places[task.name]]
        known = ~labels.isnan()
        both = torch.stack([torch.zeros_like(logits), logits], dim=1) if task.kind == "binary" else logits
        collected.logits.setdefault(task.name, []).append(both[known])
        collected.labels.setdefault(task.name, []).append(labels[known].long())
        collected.weights.setdefault(task.name, []).append(own[known])


def _task_facts(task: Task, collected: _Collected) -> dict[str, Any]:
    numbers = [str(code) for code in range(task.num_classes)] if task.has_classes else []
    logits = collected.logits.get(task.name)
    of_labels = (collected.labels.get(task.name, ()), collected.weights.get(task.name))
    return {
        "name": task.name,
        "kind": task.kind,
        "classes": list(task.classes) or numbers,
        "num_targets": task.num_targets,
        "temperature": temperature(logits, *of_labels) if logits else 1.0,
        "classes_weigh": task.class_weight is not None,
    }


def _inputs(study: FinishedStudy) -> dict[str, Any]:
    columns = [column.facts() for column in study.task_set.input_columns]
    facts: dict[str, Any] = {"shape": list(study.task_set.development.shape)}
    if not columns:
        return facts
    options = study.spec.tasks.options
    delimiter = (options.get("csv") or {}).get("delimiter")
    return facts | {"columns": columns, "delimiter": delimiter, "encoding": options.get("encoding", "utf-8")}

"""Pieces of ordinary networks, and how they take over the engine's parameters."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def chain(inputs: int, width: int, stages: int) -> nn.Sequential:
    """Fully connected stages with rectifiers."""
    layers: list[nn.Module] = []
    for stage in range(stages):
        layers += [nn.Linear(width if stage else inputs, width), nn.ReLU()]
    return nn.Sequential(*layers)


def linears(module: nn.Module) -> list[nn.Linear]:
    """The linear layers of a module, in forward order."""
    return [layer for layer in module.modules() if isinstance(layer, nn.Linear)]


def fill(layer: nn.Linear, values: Mapping[str, Tensor], name: str, copy: int, *, transposed: bool = True) -> None:
    """Copy a bank's copy into a layer; stages keep their weights inputs first, heads outputs first."""
    weight = values[f"{name}.weight"][copy]
    layer.weight.data.copy_(weight.T if transposed else weight)
    layer.bias.data.copy_(values[f"{name}.bias"][copy])


def heads(tasks: int, width: int, classes: int) -> nn.ModuleList:
    """A linear head for each task."""
    return nn.ModuleList(nn.Linear(width, classes) for _ in range(tasks))


def fill_heads(modules: nn.ModuleList, values: Mapping[str, Tensor]) -> None:
    """Copy the engine's heads."""
    for task, head in enumerate(modules):
        fill(head, values, f"head.multiclass{head.out_features}", task, transposed=False)


def unrolled(rows: Tensor) -> Tensor:
    """The engine keeps rows of a tasks × tasks matrix own task first; row i, shifted by i, is the matrix's."""
    return torch.stack([row.roll(place, dims=0) for place, row in enumerate(rows)])

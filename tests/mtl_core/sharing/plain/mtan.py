"""A multi-task attention network with ordinary modules, as the paper describes it (section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, fill_heads, heads, linears

NORMS = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm, "none": lambda width: nn.Identity()}


class Plain(nn.Module):
    """Shared layers, a stack of masks for each task, shared feature layers between masks, towers and heads."""

    def __init__(
        self,
        tasks: int,
        inputs: int,
        classes: int,
        stages: int,
        width: int,
        depth: int,
        mask_norm: str = "batch",
        feature_layers: bool = True,
    ) -> None:
        super().__init__()
        self.depth, norm = depth, NORMS[mask_norm]
        self.shared = nn.ModuleList(nn.Linear(width if level else inputs, width) for level in range(depth))
        self.features = nn.ModuleList(
            nn.ModuleList([nn.Linear(width, width), norm(width)]) for _ in range(depth - 1 if feature_layers else 0)
        )
        self.averages = nn.ModuleList(nn.ModuleList(norm(width) for _ in range(tasks)) for _ in self.features)
        for features, averages in zip(self.features, self.averages, strict=True):
            for one in averages:  # of each task's own signal; gain and shift are the shared layer's
                one.weight, one.bias = getattr(features[1], "weight", None), getattr(features[1], "bias", None)
        self.masks = nn.ModuleList(
            nn.ModuleList(
                nn.Sequential(
                    nn.Linear(2 * width if level else width, width), norm(width), nn.ReLU(),
                    nn.Linear(width, width), norm(width), nn.Sigmoid(),
                )
                for level in range(depth)
            )
            for _ in range(tasks)
        )  # fmt: skip
        self.towers = nn.ModuleList(chain(width, width, stages - depth) for _ in range(tasks))
        self.heads = heads(tasks, width, classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        attended: list[Tensor] = []
        for level, layer in enumerate(self.shared):
            x = torch.relu(layer(x))
            seen = [x for _ in self.masks]
            if level:
                seen = [torch.cat([x, self.hand_on(level - 1, task, g)], dim=1) for task, g in enumerate(attended)]
            attended = [masks[level](one) * x for masks, one in zip(self.masks, seen, strict=True)]
        return [head(tower(g)) for head, tower, g in zip(self.heads, self.towers, attended, strict=True)]

    def hand_on(self, level: int, task: int, g: Tensor) -> Tensor:
        """A task's attended features behind the shared layer, if there is one."""
        if not self.features:
            return g
        return torch.relu(self.averages[level][task](self.features[level][0](g)))

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, layer in enumerate(self.shared):
            fill(layer, values, f"stage{level}", 0)
        for level, features in enumerate(self.features, 1):
            fill(features[0], values, f"features{level}", 0)
            for task, norm in enumerate(self.averages[level - 1]):
                _fill_norm(norm, values, f"features{level}.norm", task)
        for task, (masks, tower) in enumerate(zip(self.masks, self.towers, strict=True)):
            for level, mask in enumerate(masks):
                for place, part in ((0, "read"), (3, "write")):
                    fill(mask[place], values, f"attention{level}.{part}", task)
                    _fill_norm(mask[place + 1], values, f"attention{level}.{part}.norm", task)
            for level, layer in enumerate(linears(tower), self.depth):
                fill(layer, values, f"stage{level}", task)
        fill_heads(self.heads, values)


def _fill_norm(norm: nn.Module, values: Mapping[str, Tensor], name: str, copy: int) -> None:
    """Take over gain and shift, and the running averages of a batch norm."""
    if isinstance(norm, nn.Identity):
        return
    for parameter, part in ((norm.weight, "gain"), (norm.bias, "shift")):
        shared = len(values[f"{name}.{part}"]) == 1
        parameter.data.copy_(values[f"{name}.{part}"][0 if shared else copy])
    if isinstance(norm, nn.BatchNorm1d):
        norm.running_mean.copy_(values[f"{name}.mean"][copy])
        norm.running_var.copy_(values[f"{name}.variance"][copy])

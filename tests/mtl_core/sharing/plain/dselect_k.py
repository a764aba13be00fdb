"""DSelect-k with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, linears


def smooth_step(z: Tensor, width: float) -> Tensor:
    """Between 0 and 1."""
    inside = 0.5 + 3 * z / (2 * width) - 2 * z**3 / width**3
    return torch.where(z <= -width / 2, 0.0, torch.where(z >= width / 2, 1.0, inside))


class Gate(nn.Module):
    """Selectors of one task; without routing inputs, their logits are the biases."""

    def __init__(self, inputs: int, experts: int, selectors: int, kind: str, width: float) -> None:
        super().__init__()
        self.experts, self.selectors, self.width, self.kind = experts, selectors, width, kind
        self.bits = (experts - 1).bit_length()
        self.code = nn.Linear(inputs, selectors * self.bits)
        self.weight = nn.Linear(inputs, selectors)

    def choices(self, x: Tensor) -> Tensor:
        """Of each example and selector, over experts."""
        code = self.code.bias.expand(len(x), -1) if self.kind == "static" else self.code(x)
        steps = smooth_step(code, self.width).view(len(x), self.selectors, self.bits)
        chosen = []
        for expert in range(self.experts):
            digits = [int(digit) for digit in f"{expert:0{self.bits}b}"]
            factors = [steps[..., place] if one else 1 - steps[..., place] for place, one in enumerate(digits)]
            chosen.append(torch.stack(factors).prod(dim=0))
        return torch.stack(chosen, dim=2)

    def forward(self, x: Tensor) -> Tensor:
        logits = self.weight.bias.expand(len(x), -1) if self.kind == "static" else self.weight(x)
        return (logits.softmax(dim=1)[:, :, None] * self.choices(x)).sum(dim=1)


class Plain(nn.Module):
    """Experts, sparse gates, towers and heads."""

    def __init__(
        self,
        tasks: int,
        inputs: int,
        classes: int,
        stages: int,
        width: int,
        depth: int,
        experts: int = 4,
        selectors: int = 2,
        gate: str = "static",
        smooth_step_width: float = 1.0,
    ) -> None:
        super().__init__()
        self.depth, self.kind = depth, gate
        self.experts = nn.ModuleList(chain(inputs, width, depth) for _ in range(experts))
        self.gates = nn.ModuleList(Gate(inputs, experts, selectors, gate, smooth_step_width) for _ in range(tasks))
        self.towers = nn.ModuleList(chain(width, width, stages - depth) for _ in range(tasks))
        self.heads = nn.ModuleList(nn.Linear(width, classes) for _ in range(tasks))

    def forward(self, x: Tensor) -> list[Tensor]:
        outputs = torch.stack([expert(x) for expert in self.experts], dim=1)
        towers = zip(self.gates, self.towers, self.heads, strict=True)
        return [head(tower((gate(x)[:, :, None] * outputs).sum(dim=1))) for gate, tower, head in towers]

    def entropy(self, x: Tensor) -> Tensor:
        """Of the choices, summed over tasks and selectors and averaged over examples."""
        choices = torch.stack([gate.choices(x) for gate in self.gates])
        return -torch.special.xlogy(choices, choices).sum(dim=(0, 2, 3)).mean()

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for place, expert in enumerate(self.experts):
            for level, layer in enumerate(linears(expert)):
                fill(layer, values, f"stage{level}", place)
        for task, gate in enumerate(self.gates):
            for name, layer in (("gate0.code", gate.code), ("gate0.weight", gate.weight)):
                layer.bias.data.copy_(values[f"{name}.bias"][task])
                if self.kind == "example":
                    fill(layer, values, name, task, transposed=False)
        for task, tower in enumerate(self.towers):
            for level, layer in enumerate(linears(tower), self.depth):
                fill(layer, values, f"stage{level}", task)
        for task, head in enumerate(self.heads):
            fill(head, values, f"head.multiclass{head.out_features}", task, transposed=False)

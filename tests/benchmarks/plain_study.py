"""A study's replicas by a plain script: what a user would write instead of the engine, well or in the common way.

``good`` keeps the data in memory, gathers batches with ``index_select`` and steps with ``AdamW(fused=True)``;
``common`` has a ``DataLoader`` and the default optimiser.  Both train one network after the other on one thread, with
dropout, a cosine schedule, an evaluation on a part of the training split and on the validation split after every epoch,
and a table of results at the end.

    python -m tests.benchmarks.plain_study REPLICAS.json DATA.pt good RESULTS.csv
"""

from __future__ import annotations

import copy
import csv
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset


class Network(nn.Module):
    """Shared stages, then a tower and a head for every task.

    Args:
        inputs: number of input columns.
        classes: number of classes of each task.
        replica: ``width``, ``stages``, ``depth`` and ``dropout``.
    """

    def __init__(self, inputs: int, classes: list[int], replica: dict[str, Any]) -> None:
        super().__init__()
        width, shared = replica["width"], replica["depth"] or 0
        sizes = [inputs] + [width] * replica["stages"]

        def stages(levels: range) -> list[nn.Module]:
            parts = [(nn.Linear(sizes[at], width), nn.ReLU(), nn.Dropout(replica["dropout"])) for at in levels]
            return [layer for part in parts for layer in part]

        self.trunk = nn.Sequential(*stages(range(shared)))
        self.towers = nn.ModuleList(
            nn.Sequential(*stages(range(shared, replica["stages"])), nn.Linear(width, number)) for number in classes
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the logits of every task."""
        h = self.trunk(x)
        return [tower(h) for tower in self.towers]


def batches_of(style: str, x: Tensor, y: Tensor, train: Tensor, size: int) -> Any:
    """Return an object whose iteration yields the shuffled batches of one epoch."""
    if style == "common":
        return DataLoader(TensorDataset(x[train], y[train]), batch_size=size, shuffle=True)

    class Resident:
        def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
            for index in train[torch.randperm(len(train))].split(size):
                yield x.index_select(0, index), y.index_select(0, index)

    return Resident()


def losses_of(model: nn.Module, x: Tensor, y: Tensor) -> list[Tensor]:
    """Return the mean loss of every task."""
    return [cross_entropy(logits, y[:, task]) for task, logits in enumerate(model(x))]


@torch.no_grad()
def evaluated(model: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Return the mean loss and accuracy over tasks."""
    model.eval()
    outputs = model(x)
    loss = torch.stack([cross_entropy(logits, y[:, task]) for task, logits in enumerate(outputs)]).mean()
    right = torch.stack([(logits.argmax(dim=1) == y[:, task]).float().mean() for task, logits in enumerate(outputs)])
    model.train()
    return loss.item(), right.mean().item()


def train(style: str, x: Tensor, y: Tensor, replica: dict[str, Any]) -> dict[str, Any]:
    """Train one replica and return its row of the table."""
    torch.manual_seed(replica["seed"])
    order = torch.randperm(len(x))
    validation, training = order[: len(x) // 5], order[len(x) // 5 :]
    y = y[:, replica["tasks"]]
    held, probe = (x[validation], y[validation]), (x[training[: len(validation)]], y[training[: len(validation)]])
    model = Network(x.shape[1], [10] * y.shape[1], replica)
    settings: dict[str, Any] = {"lr": replica["learning_rate"], "weight_decay": replica["weight_decay"]}
    optimiser = torch.optim.AdamW(model.parameters(), **settings, **({"fused": True} if style == "good" else {}))
    batches, steps = batches_of(style, x, y, training, 64), replica["epochs"] * math.ceil(len(training) / 64)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    best, kept, curve = -1.0, model.state_dict(), []
    for _ in range(replica["epochs"]):
        for inputs, targets in batches:
            optimiser.zero_grad()
            torch.stack(losses_of(model, inputs, targets)).mean().backward()
            optimiser.step()
            schedule.step()
        curve.append((*evaluated(model, *probe), *evaluated(model, *held)))
        if curve[-1][3] > best:
            best, kept = curve[-1][3], copy.deepcopy(model.state_dict())
    assert kept is not None
    return {"best": best, "epochs": len(curve), "last_loss": curve[-1][2]}


def main() -> None:
    torch.set_num_threads(1)
    replicas, data, style, out = sys.argv[1:]
    tensors = torch.load(data, weights_only=True)
    rows = [train(style, tensors["x"], tensors["y"], replica) for replica in json.loads(Path(replicas).read_text())]
    with open(out, "w", newline="") as file:
        table = csv.DictWriter(file, ["best", "epochs", "last_loss"])
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    main()

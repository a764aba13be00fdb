"""Replicas per second: the fused engine over a good plain PyTorch loop, in one process with one thread.

Both train the same steps on the same resident data.  The plain loop has ``nn.Linear`` layers, ``index_select`` on
resident tensors and ``torch.optim.AdamW(fused=True)``: already faster than PyTorch's default optimiser and DataLoader.

    make bench            or: python -m tests.benchmarks.bench_fused [--tasks 2 5 10] [--widths 32 64 128 256]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from mtl_core.data.preprocessing import prepare
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.allocator import keep_freed_memory
from mtl_core.training.fused_array import FusedArray, fresh_state

INPUTS, CLASSES, STAGES, DEPTH, BATCH, STEPS = 64, 10, 4, 2, 64, 10


def data(num_tasks: int, trained: int = BATCH * STEPS) -> Development:
    """Noise to learn, of which so many examples fall to training."""
    generator = torch.Generator().manual_seed(0)
    examples = Examples(
        torch.randn(trained * 5 // 4, INPUTS, generator=generator),
        torch.randint(0, CLASSES, (trained * 5 // 4, num_tasks), generator=generator).float(),
    )
    tasks = tuple(Task(f"task {i}", "multiclass", "accuracy", CLASSES) for i in range(num_tasks))
    return Development(tasks, examples, torch.zeros(INPUTS, dtype=torch.bool))


def fused_epoch(development: Development, recipe: Recipe, replicas: int) -> Callable[[], object]:
    network = Network(recipe, development.tasks, development.shape)
    rows = [ReplicaConfig(str(i), i, {"learning_rate": 1e-3, "weight_decay": 1e-2}) for i in range(replicas)]
    states = [fresh_state(recipe, network, row) for row in rows]
    preparations = [prepare(development, row.seed) for row in rows]
    return FusedArray(recipe, development, network, rows, states, preparations).train_epoch


class Plain(nn.Module):
    """The same network as one would write it."""

    def __init__(self, num_tasks: int, width: int) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(INPUTS, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.towers = nn.ModuleList(
            nn.Sequential(
                nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, CLASSES)
            )
            for _ in range(num_tasks)
        )

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        h = self.trunk(x)
        return [tower(h) for tower in self.towers]


def plain_epoch(development: Development, model: nn.Module) -> Callable[[], object]:
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2, fused=True)
    inputs, targets = development.examples.inputs, development.examples.targets.long()

    def epoch() -> None:
        order = torch.randperm(BATCH * STEPS)
        for step in range(STEPS):
            index = order[step * BATCH : (step + 1) * BATCH]
            x, y = inputs.index_select(0, index), targets.index_select(0, index)
            losses = [nn.functional.cross_entropy(z, y[:, i]) for i, z in enumerate(model(x))]
            optimiser.zero_grad()
            torch.stack(losses).mean().backward()
            optimiser.step()

    return epoch


def microseconds_per_step(epochs: list[Callable[[], object]], repeats: int, steps: int = STEPS) -> list[float]:
    """Median over interleaved repeats, so that a busy moment of the machine hits all contestants."""
    times: list[list[float]] = [[] for _ in epochs]
    for epoch in epochs:
        epoch()
    for _ in range(repeats):
        for epoch, noted in zip(epochs, times, strict=True):
            began = time.perf_counter()
            epoch()
            noted.append(time.perf_counter() - began)
    return [statistics.median(noted) / steps * 1e6 for noted in times]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, nargs="+", default=[2, 5, 10])
    parser.add_argument("--widths", type=int, nargs="+", default=[32, 64, 128, 256])
    parser.add_argument("--replicas", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    print(f"{'width':>5} {'tasks':>5} {'plain µs':>9} {'fused µs per replica':>21} {'fused over plain':>17}")
    for width in arguments.widths:
        for num_tasks in arguments.tasks:
            development = data(num_tasks)
            recipe = Recipe(depth=DEPTH, stages=STAGES, width=width, batch_size=BATCH, epochs=1000)
            contestants = [
                plain_epoch(development, Plain(num_tasks, width)),
                fused_epoch(development, recipe, arguments.replicas),
            ]
            plain, fused = microseconds_per_step(contestants, arguments.repeats)
            fused /= arguments.replicas
            print(f"{width:>5} {num_tasks:>5} {plain:>9.0f} {fused:>21.0f} {plain / fused:>16.2f}×", flush=True)


if __name__ == "__main__":
    main()

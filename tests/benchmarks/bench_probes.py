"""What it costs to compare the tasks' gradients during training: the same training with and without, in one process.

The training is as short as one may be that is still probed eight times, so this is the most that probes cost.  Both
train epoch by epoch in turn, several times over, and of every epoch the quickest time counts: what other programs take
from the processor is not ours.

    python -m tests.benchmarks.bench_probes [--tasks 2 5 10] [--backbones mlp convnet] [--replicas 16] [--repeats 5]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import torch

from mtl_core.data.batch_sampler import steps_per_epoch
from mtl_core.data.preprocessing import prepare
from mtl_core.data.task_set import Development
from mtl_core.gradients.conflict import STEPS_PER_PROBE, probed_epochs
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.allocator import keep_freed_memory
from mtl_core.training.fused_array import FusedArray, fresh_state
from tests.benchmarks.bench_fused import BATCH, STEPS, data

PROBES = 8
MLP = Recipe(depth=2, stages=3, width=64, batch_size=BATCH, epochs=-(-PROBES * STEPS_PER_PROBE // STEPS))
CONVNET = replace(MLP, backbone="convnet", width=16)


def fresh_array(recipe: Recipe, development: Development, replicas: int) -> FusedArray:
    network = Network(recipe, development.tasks, development.shape)
    rows = [ReplicaConfig(str(i), i, {"learning_rate": 1e-3, "weight_decay": 1e-2}) for i in range(replicas)]
    states = [fresh_state(recipe, network, row) for row in rows]
    return FusedArray(recipe, development, network, rows, states, [prepare(development, row.seed) for row in rows])


def seconds_by_epoch(recipes: list[Recipe], development: Development, replicas: int) -> list[list[float]]:
    """Of one training of each, epoch by epoch in turn."""
    arrays = [fresh_array(recipe, development, replicas) for recipe in recipes]
    times: list[list[float]] = [[] for _ in recipes]
    for _ in range(recipes[0].epochs):
        for array, noted in zip(arrays, times, strict=True):
            began = time.perf_counter()
            array.advance()
            noted.append(time.perf_counter() - began)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description="What it costs to compare the tasks' gradients during training.")
    parser.add_argument("--tasks", type=int, nargs="+", default=[2, 5, 10])
    parser.add_argument("--backbones", nargs="+", choices=["mlp", "convnet"], default=["mlp", "convnet"])
    parser.add_argument("--replicas", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    print(f"{'backbone':<8} {'width':>5} {'tasks':>5} {'probes':>6} {'seconds without':>16} {'with':>6} {'more':>6}")
    for recipe in [recipe for recipe in (MLP, CONVNET) if recipe.backbone in arguments.backbones]:
        for num_tasks in arguments.tasks:
            development = replace(data(num_tasks), image=(1, 8, 8) if recipe is CONVNET else None)
            contestants = [recipe, replace(recipe, probes=PROBES)]
            probes = len(probed_epochs(contestants[1], steps_per_epoch(recipe, development)))
            repeats = [seconds_by_epoch(contestants, development, arguments.replicas) for _ in range(arguments.repeats)]
            without, probed = np.array(repeats).min(axis=0).sum(axis=1)
            print(
                f"{recipe.backbone:<8} {recipe.width:>5} {num_tasks:>5} {probes:>6} {without:>16.2f} {probed:>6.2f} "
                f"{probed / without - 1:>6.1%}",
                flush=True,
            )


if __name__ == "__main__":
    main()

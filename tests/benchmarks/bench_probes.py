"""What it costs to compare the tasks' gradients during training: whole trainings with and without, in one process.

The training is as short as one may be that is still probed eight times, so that this is the most it costs.

    python -m tests.benchmarks.bench_probes [--tasks 2 5 10] [--replicas 16] [--repeats 5]
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace

import torch

from mtl_core.conflict import STEPS_PER_PROBE, probed_epochs
from mtl_core.data.batches import steps_per_epoch
from mtl_core.data.task_set import Development
from mtl_core.recipe import Recipe, Row
from mtl_core.trainer import fit
from tests.benchmarks.bench_fused import BATCH, STEPS, data

PROBES = 8
MLP = Recipe(depth=2, stages=3, width=64, batch_size=BATCH, epochs=-(-PROBES * STEPS_PER_PROBE // STEPS))
CONVNET = replace(MLP, backbone="convnet", width=16)


def seconds(recipe: Recipe, development: Development, rows: list[Row]) -> float:
    began = time.perf_counter()
    fit(recipe, development, rows, lanes=len(rows))
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, nargs="+", default=[2, 5, 10])
    parser.add_argument("--replicas", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = [Row(str(i), i, {"learning_rate": 1e-3, "weight_decay": 1e-2}) for i in range(arguments.replicas)]
    print(f"{'backbone':<8} {'width':>5} {'tasks':>5} {'probes':>6} {'seconds without':>16} {'with':>6} {'more':>6}")
    for recipe in (MLP, CONVNET):
        for num_tasks in arguments.tasks:
            development = replace(data(num_tasks), image=(1, 8, 8) if recipe is CONVNET else None)
            contestants = [recipe, replace(recipe, probes=PROBES)]
            probes = len(probed_epochs(contestants[1], steps_per_epoch(recipe, development)))
            times: list[list[float]] = [[], []]
            for _ in range(arguments.repeats):  # in turn, so that a busy moment of the machine hits both
                for contestant, noted in zip(contestants, times, strict=True):
                    noted.append(seconds(contestant, development, rows))
            without, probed = map(statistics.median, times)
            more = statistics.median(two / one - 1 for one, two in zip(*times, strict=True))
            print(
                f"{recipe.backbone:<8} {recipe.width:>5} {num_tasks:>5} {probes:>6} {without:>16.2f} {probed:>6.2f} "
                f"{more:>6.1%}",
                flush=True,
            )


if __name__ == "__main__":
    main()

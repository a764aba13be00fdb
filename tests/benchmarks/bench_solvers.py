"""Microseconds that each method from the Gramian takes for a whole array, in one process with one thread.

The Gramians are those of random gradients, of which the last is the reverse of the others' sum but for some noise: they
conflict, as they do where methods differ.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_solvers [--tasks 2 5 10 40] [--replicas 16 64] [--methods mgda …]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import entries, find
from mtl_core.training.allocator import keep_freed_memory
from mtl_core.weighting import GramianStep, GramianWeighting

METHODS = [name for name, entry in entries("weighting").items() if issubclass(entry.cls, GramianWeighting)]


def gramian(num_tasks: int, replicas: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    gradients = torch.randn(replicas, num_tasks, 200, generator=generator)
    gradients[:, -1] -= 0.5 * gradients[:, :-1].sum(dim=1)
    return gradients @ gradients.mT


def call(name: str, num_tasks: int, replicas: int) -> Callable[[], Tensor]:
    tasks = [Task(f"task {i}", "multiclass", "accuracy", 10) for i in range(num_tasks)]
    weighting, streams = find("weighting", name).cls(tasks), Streams(range(replicas), "weighting")
    state, present = weighting.start(replicas, 200), torch.ones(replicas, num_tasks, dtype=torch.bool)
    step = GramianStep(torch.ones(replicas, num_tasks), present, state, streams, gramian(num_tasks, replicas))
    return lambda: weighting.weigh(step)


def microseconds(step: Callable[[], Tensor], seconds: float) -> float:
    """Median over as many calls as fit into ``seconds``, and at least five."""
    step()
    times: list[float] = []
    while len(times) < 5 or sum(times) < seconds:
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, nargs="+", default=[2, 5, 10, 40])
    parser.add_argument("--replicas", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--seconds", type=float, default=0.3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    for replicas in arguments.replicas:
        print(f"{replicas:>3} replicas, µs" + "".join(f"{f'T = {num_tasks}':>10}" for num_tasks in arguments.tasks))
        for name in arguments.methods:
            times = [microseconds(call(name, tasks, replicas), arguments.seconds) for tasks in arguments.tasks]
            print(f"{name:>16}" + "".join(f"{value:>10.0f}" for value in times), flush=True)


if __name__ == "__main__":
    main()

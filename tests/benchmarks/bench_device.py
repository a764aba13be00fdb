"""Replicas per second on a device: the fused engine over a good plain loop on the same device.

On a GPU the plain loop is also captured as a CUDA graph, one replay a step, which is the best that one process can do
without fusing, and the fused engine trains with and without graphs, in float32, TF32 and bfloat16; the plain loop
multiplies float32, which is PyTorch's default.  Processes that share the GPU, each with such a plain loop, are what one
can do without fusing.  All train the same steps on data that lie on the device.

    make gpu              or: python -m tests.benchmarks.bench_device [--device cpu] [--rows 1 16 64 256] [--out FILE]
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mtl_core.data.preprocessing import prepare
from mtl_core.data.task_set import Development
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.allocator import keep_freed_memory
from mtl_core.training.captured_steps import EAGER_EPOCHS
from mtl_core.training.device import chosen_device, device_facts
from mtl_core.training.fused_array import FusedArray, fresh_state
from tests.benchmarks.bench_fused import BATCH, DEPTH, STAGES, STEPS, Plain, data
from tests.benchmarks.device_peak import multiply_adds_per_step, peak_multiply_adds
from tests.benchmarks.device_processes import steps_per_second

WARM = EAGER_EPOCHS + 1
"""Epochs that are not timed: those before a step is captured, and the one in which it is."""
HYPERPARAMETERS = {"learning_rate": 1e-3, "weight_decay": 1e-2}


def fused_array(
    development: Development, recipe: Recipe, rows: int, device: torch.device, *, graphs: bool
) -> FusedArray:
    """An array of the fused engine on the device."""
    network = Network(recipe, development.tasks, development.shape)
    configs = [ReplicaConfig(str(row), row, HYPERPARAMETERS) for row in range(rows)]
    states = [fresh_state(recipe, network, config) for config in configs]
    preparations = [prepare(development, config.seed) for config in configs]
    return FusedArray(recipe, development, network, configs, states, preparations, device, graphs)


class PlainLoop:
    """A plain training loop on the device.

    Args:
        development: the examples.
        model: the network.
        device: where it trains.
        captured: whether a step is captured as a CUDA graph.
    """

    def __init__(self, development: Development, model: nn.Module, device: torch.device, *, captured: bool) -> None:
        self.model, self.device = model.to(device), device
        settings: dict[str, Any] = {"lr": 1e-3, "weight_decay": 1e-2, "fused": True}
        self.optimiser = torch.optim.AdamW(model.parameters(), **settings, capturable=captured)
        self.inputs, self.targets = (
            development.examples.inputs.to(device),
            development.examples.targets.long().to(device),
        )
        self.index = torch.zeros(BATCH, dtype=torch.int64, device=device)
        self.graph = self._captured() if captured else None

    def epoch(self) -> None:
        """Train for one epoch."""
        order = torch.randperm(BATCH * STEPS, device=self.device)
        for step in range(STEPS):
            self.index.copy_(order[step * BATCH : (step + 1) * BATCH])
            if self.graph is None:
                self.step()
            else:
                self.graph.replay()

    def step(self) -> None:
        """Take one step on the examples at ``index``."""
        x, y = self.inputs.index_select(0, self.index), self.targets.index_select(0, self.index)
        losses = [nn.functional.cross_entropy(z, y[:, place]) for place, z in enumerate(self.model(x))]
        self.optimiser.zero_grad(set_to_none=True)
        torch.stack(losses).mean().backward()
        self.optimiser.step()

    def _captured(self) -> torch.cuda.CUDAGraph:
        """A step as a graph, captured after three on another stream, as torch asks for."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.step()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.step()
        return graph


def seconds_per_step(epoch: Callable[[], object], device: torch.device, repeats: int) -> float:
    """Median over the repeats, each of which waits for the device."""
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    times = []
    for repeat in range(repeats + WARM):
        wait()
        began = time.perf_counter()
        epoch()
        wait()
        if repeat >= WARM:
            times.append(time.perf_counter() - began)
    return statistics.median(times) / STEPS


def measured(
    width: int, tasks: int, rows: list[int], device: torch.device, repeats: int, processes: int, peak: float
) -> list[dict[str, Any]]:
    """Steps of one replica per second by every contestant at one width and number of tasks.

    Args:
        width, tasks: of the networks.
        rows: sizes of arrays.
        device: where all train.
        repeats: epochs that are timed.
        processes: how many share the device with a plain loop each; 0: none.
        peak: multiply-adds per second of the device.
    """
    development = data(tasks)
    recipe = Recipe(depth=DEPTH, stages=STAGES, width=width, batch_size=BATCH, epochs=1000)
    kinds = {"plain": False} | ({"plain, CUDA graph": True} if device.type == "cuda" else {})
    contestants = {
        name: (1, PlainLoop(development, Plain(tasks, width), device, captured=captured).epoch)
        for name, captured in kinds.items()
    }
    precisions = ("float32", "tf32", "bf16") if device.type == "cuda" else ("float32",)
    for precision, row, (kind, graphs) in itertools.product(precisions, rows, kinds.items()):
        own, label = replace(recipe, precision=precision), "" if precision == "float32" else f", {precision}"
        name = f"fused, {row} rows{kind.removeprefix('plain')}{label}"
        contestants[name] = row, fused_array(development, own, row, device, graphs=graphs).train_epoch
    found = []
    for name, (replicas, epoch) in contestants.items():
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        seconds = seconds_per_step(epoch, device, repeats)
        memory = torch.cuda.max_memory_allocated() if device.type == "cuda" else None
        facts = {"width": width, "tasks": tasks, "contestant": name, "steps_per_second": replicas / seconds}
        found.append(facts | {"peak_bytes": memory})
    if processes:
        facts = {"width": width, "tasks": tasks, "contestant": f"plain, {processes} processes"}
        together = steps_per_second(processes, width, tasks, device)
        found.insert(len(kinds), facts | {"steps_per_second": together, "peak_bytes": None})
    best = max(fact["steps_per_second"] for fact in found[: len(kinds)])
    of_peak = multiply_adds_per_step(recipe, tasks) / peak
    rates = [fact["steps_per_second"] for fact in found]
    return [
        fact | {"over_best_plain": rate / best, "share_of_peak": rate * of_peak}
        for fact, rate in zip(found, rates, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--tasks", type=int, nargs="+", default=[2, 5])
    parser.add_argument("--widths", type=int, nargs="+", default=[32, 64, 128, 512])
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 16, 64, 256])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--processes", type=int, default=16, help="plain loops that share the device; 0: none")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    device = chosen_device(arguments.device)
    facts = device_facts(device)
    print(", ".join(f"{name}: {value}" for name, value in facts.items()))
    print(f"{'width':>5} {'tasks':>5} {'contestant':34} {'replica-steps/s':>15} {'over best plain':>15} {'of peak':>8}")
    results, peak = [], peak_multiply_adds(device)
    for width in arguments.widths:
        for tasks in arguments.tasks:
            settings = arguments.rows, device, arguments.repeats, arguments.processes, peak
            for fact in measured(width, tasks, *settings):
                line = f"{width:>5} {tasks:>5} {fact['contestant']:34} {fact['steps_per_second']:>15,.0f}"
                print(f"{line} {fact['over_best_plain']:>14.2f}× {fact['share_of_peak']:>8.2%}", flush=True)
                results.append(fact)
    if arguments.out:
        arguments.out.write_text(
            json.dumps({"device": facts, "peak_multiply_adds_per_second": peak, "results": results}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()

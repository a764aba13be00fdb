"""What every weighting method costs: a step as a multiple of the same step with equal weights, beside TorchJD's.

An MLP trunk of three stages with linear heads, or with private towers as deep (``--towers``); one process with one
thread.  The fused engine is measured against its own step with equal weights; TorchJD's aggregators, through
its ``mtl_backward``, against the same plain PyTorch step with the mean loss.  All take turns in one run.

    python -m tests.benchmarks.bench_weighting [--tasks 2 10 40] [--replicas 1 16] [--only mgda] [--towers]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
import torchjd.aggregation as torchjd
from torch import nn
from torchjd.autojac import jac_to_grad, mtl_backward

from mtl_core.data.task_set import Development
from mtl_core.recipe import Recipe
from mtl_core.registry import entries
from mtl_core.training.allocator import keep_freed_memory
from tests.benchmarks.bench_fused import CLASSES, INPUTS, data, fused_epoch, microseconds_per_step

BATCH, TRUNK, STEPS = 256, 3, 3
EXEMPT = ("modo", "sdmgrad", "moco")
"""They take two batches a step, or another gradient of the same one."""

ELSEWHERE = ("mgda", "upgrad", "gradnorm")
"""Methods that are also measured with their Gramian taken at the representation and on the last shared stage."""

THEIRS: dict[str, Callable[[int], Any]] = {
    "aligned": lambda tasks: torchjd.AlignedMTL(),
    "cagrad": lambda tasks: torchjd.CAGrad(c=0.5),
    "config": lambda tasks: torchjd.ConFIG(),
    "dualproj": lambda tasks: torchjd.DualProj(),
    "fairgrad": lambda tasks: torchjd.FairGrad(alpha=2.0),
    "graddrop": lambda tasks: torchjd.GradDrop(),
    "gradvac": lambda tasks: torchjd.GradVac(),
    "imtl_g": lambda tasks: torchjd.IMTLG(),
    "mgda": lambda tasks: torchjd.MGDA(),
    "nash": lambda tasks: torchjd.NashMTL(n_tasks=tasks),
    "pcgrad": lambda tasks: torchjd.PCGrad(),
    "upgrad": lambda tasks: torchjd.UPGrad(),
}


class Plain(nn.Module):
    """The same network as one would write it: a trunk, then towers, then linear heads."""

    def __init__(self, num_tasks: int, width: int, towers: int) -> None:
        super().__init__()
        self.trunk = nn.Sequential(*_stages(INPUTS, width, TRUNK))
        self.towers = nn.ModuleList(
            nn.Sequential(*_stages(width, width, towers), nn.Linear(width, CLASSES)) for _ in range(num_tasks)
        )


def _stages(inputs: int, width: int, number: int) -> Iterator[nn.Module]:
    for stage in range(number):
        yield nn.Linear(width if stage else inputs, width)
        yield nn.ReLU()


def plain_epoch(development: Development, width: int, towers: int, aggregator: Any) -> Callable[[], object]:
    """A loop with the mean loss, or with one of TorchJD's aggregators."""
    num_tasks = len(development.tasks)
    model = Plain(num_tasks, width, towers)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2, fused=True)
    inputs, targets = development.examples.inputs, development.examples.targets.long()

    def epoch() -> None:
        order = torch.randperm(BATCH * STEPS)
        for step in range(STEPS):
            index = order[step * BATCH : (step + 1) * BATCH]
            x, y = inputs.index_select(0, index), targets.index_select(0, index)
            z = model.trunk(x)
            losses = [nn.functional.cross_entropy(tower(z), y[:, i]) for i, tower in enumerate(model.towers)]
            optimiser.zero_grad()
            if aggregator is None:
                torch.stack(losses).mean().backward()
            else:
                mtl_backward(losses, features=z)
                jac_to_grad(model.trunk.parameters(), aggregator)
            optimiser.step()

    return epoch


def recipe_for(method: str, width: int, towers: int, **options: Any) -> Recipe:
    return Recipe(
        depth=TRUNK, stages=TRUNK + towers, width=width, batch_size=BATCH, epochs=1000, weighting=method, **options
    )


def main() -> None:
    names = [name for name in entries("weighting") if name not in EXEMPT]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, nargs="+", default=[2, 10, 40])
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--towers", action="store_true", help="private towers as deep as the trunk")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="equal is always there")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    keep_freed_memory()
    methods = ["equal", *(name for name in names if name in arguments.only and name != "equal")]
    towers = TRUNK if arguments.towers else 0
    for num_tasks in arguments.tasks:
        for replicas in arguments.replicas:
            measure(methods, num_tasks, replicas, arguments.width, towers, arguments.repeats)


def measure(methods: list[str], num_tasks: int, replicas: int, width: int, towers: int, repeats: int) -> None:
    """One table: a row for each method."""
    development = data(num_tasks, BATCH * STEPS)
    ours: dict[str, Callable[[], object]] = {
        name: fused_epoch(development, recipe_for(name, width, towers), replicas) for name in methods
    }
    for elsewhere in ("representation", "last_stage"):
        for name in (name for name in ELSEWHERE if name in methods):
            recipe = recipe_for(name, width, towers, gradients=elsewhere)
            ours[f"{name} {elsewhere}"] = fused_epoch(development, recipe, replicas)
    theirs = {}
    for name in (name for name in THEIRS if name in methods):
        try:
            theirs[name] = THEIRS[name](num_tasks)
        except ImportError as error:  # TorchJD's CAGrad and Nash-MTL want solvers that nothing else here does
            print(f"{name}: {error}")
    plain = partial(plain_epoch, development, width, towers)
    beside = {"equal": plain(None), **{name: plain(aggregator) for name, aggregator in theirs.items()}}
    times = microseconds_per_step([*ours.values(), *beside.values()], repeats, STEPS)
    fused = dict(zip(ours, times[: len(ours)], strict=True))
    loops = dict(zip(beside, times[len(ours) :], strict=True))
    print(f"\nT = {num_tasks}, r = {replicas}, width {width}, towers {towers}")
    print(f"{'method':<23} {'µs per replica':>15} {'over equal':>11} {'TorchJD µs':>11} {'over equal':>11}")
    for name, time in fused.items():
        other = loops.get(name)
        shown = "" if other is None else f"{other:>11.0f} {other / loops['equal']:>10.2f}×"
        print(f"{name:<23} {time / replicas:>15.0f} {time / fused['equal']:>10.2f}× {shown}", flush=True)


if __name__ == "__main__":
    main()

"""What a device multiplies at most, and what share of it a contestant uses."""

from __future__ import annotations

import statistics
import time

import torch

from mtl_core.network.cost import cost_of
from mtl_core.recipe import Recipe
from tests.benchmarks.bench_fused import BATCH, data

PASSES = 3
"""Products of a training step for each of the forward pass: for outputs, for inputs' gradients, for weights'."""


def peak_multiply_adds(device: torch.device) -> float:
    """Multiply-adds per second in products of large float32 matrices, as the engine has them: without TF32."""
    size = 8192 if device.type == "cuda" else 1024
    one = torch.randn(size, size, device=device)
    times = []
    for _ in range(6):
        _wait(device)
        began = time.perf_counter()
        one @ one
        _wait(device)
        times.append(time.perf_counter() - began)
    return size**3 / statistics.median(times[1:])


def multiply_adds_per_step(recipe: Recipe, tasks: int) -> int:
    """Multiply-adds of one step of one replica."""
    return PASSES * BATCH * cost_of(recipe, data(tasks)).multiply_adds


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)

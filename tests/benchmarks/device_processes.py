"""Plain training loops in several processes that share a device: what one has without fusing."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.synchronize import Barrier
from typing import Any

import torch

from tests.benchmarks.bench_fused import STEPS, Plain, data

EPOCHS = 30


def steps_per_second(processes: int, width: int, tasks: int, device: torch.device) -> float:
    """Steps of one replica per second by all processes together, which begin at the same time."""
    context = multiprocessing.get_context("spawn")
    barrier, seconds = context.Barrier(processes), context.Queue()
    made = [
        context.Process(target=_train, args=(barrier, seconds, width, tasks, device.type)) for _ in range(processes)
    ]
    for one in made:
        one.start()
    slowest = max(seconds.get(timeout=300) for _ in made)
    for one in made:
        one.join()
    return processes * EPOCHS * STEPS / slowest


def _train(barrier: Barrier, seconds: Any, width: int, tasks: int, device: str) -> None:
    from tests.benchmarks.bench_device import PlainLoop  # which imports this module

    torch.set_num_threads(1)
    captured = device == "cuda"
    loop = PlainLoop(data(tasks), Plain(tasks, width), torch.device(device), captured=captured)
    wait = torch.cuda.synchronize if captured else lambda: None
    for _ in range(3):
        loop.epoch()
    wait()
    barrier.wait()
    began = time.perf_counter()
    for _ in range(EPOCHS):
        loop.epoch()
    wait()
    seconds.put(time.perf_counter() - began)

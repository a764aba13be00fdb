"""The speed of one thread of this machine, measured."""

from __future__ import annotations

import time
from collections.abc import Callable


def machine_rate(rounds: int = 40) -> float:
    """Measure multiply-adds per second of one thread of this machine: the best of ``rounds`` batched products."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        a = torch.ones(16, 64, 64)
        return max(_products_per_second(lambda: torch.bmm(a, a)) for _ in range(rounds)) * 16 * 64**3
    finally:
        torch.set_num_threads(threads)


def _products_per_second(product: Callable[[], object], repeats: int = 10) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        product()
    return repeats / (time.perf_counter() - start)

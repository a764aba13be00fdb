"""The memory and the time that training takes on a device, as the device tells them."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Protocol

import torch


class DeviceMeter(Protocol):
    """A meter of the memory and the time that a process takes of a device.

    :class:`CardMeter` reads those of a GPU; a test may give its own numbers.
    """

    def free_bytes(self) -> float:
        """Return the bytes of the device's memory that this process holds or could still take."""
        ...

    def forget_peak(self) -> None:
        """Free what nothing uses any more, and let the next peak begin now."""
        ...

    def peak_bytes(self) -> float:
        """Return the most bytes that this process has held at once since the peak was forgotten."""
        ...

    def seconds(self) -> float:
        """Return the reading of a clock once the device has done all that it was asked to."""
        ...


class CardMeter:
    """The meter of a GPU, by torch's own counts.

    Args:
        device: the GPU.
        clock: returns seconds.
    """

    def __init__(self, device: torch.device, clock: Callable[[], float] = time.perf_counter) -> None:
        self._device, self._clock = device, clock

    def free_bytes(self) -> float:
        """Return the bytes that no process holds, and those that torch holds in this one."""
        free, _ = torch.cuda.mem_get_info(self._device)
        return free + torch.cuda.memory_reserved(self._device)

    def forget_peak(self) -> None:
        """Free what nothing uses any more, cycles of references too, and reset torch's peak."""
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(self._device)

    def peak_bytes(self) -> float:
        """Return the most bytes that torch has held at once: memory of graphs serves nothing else between replays."""
        return torch.cuda.max_memory_reserved(self._device)

    def seconds(self) -> float:
        """Wait for the GPU, and return the reading of the clock."""
        torch.cuda.synchronize(self._device)
        return self._clock()

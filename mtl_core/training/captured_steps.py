"""Training steps as a CUDA graph: captured once, then replayed with a single launch each.

A step of small networks is hundreds of small kernels, and launching them takes longer than they run.  A graph holds the
launches of one step, with the addresses of all tensors.  So a step may change from one time to the next only through
tensors: what Python decided while it was captured stays decided.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import torch

from mtl_core.training.step_inputs import StepInputs

EAGER_EPOCHS = 2
"""Epochs of an array before a step is captured: one in which kernels are loaded and memory is reserved, one that is
timed."""


class Graph(Protocol):
    """Work that was captured and can be replayed."""

    def capture(self, work: Callable[[], None]) -> None:
        """Capture ``work``, which takes no effect yet.

        Raises:
            RuntimeError: when it does something that cannot be captured.
        """
        ...

    def replay(self) -> None:
        """Do the work on what its tensors hold now."""
        ...


class CudaGraph:
    """A :class:`Graph` of the current GPU."""

    def __init__(self) -> None:
        self._graph = torch.cuda.CUDAGraph()

    def capture(self, work: Callable[[], None]) -> None:
        """See :meth:`Graph.capture`."""
        with torch.cuda.graph(self._graph):
            work()

    def replay(self) -> None:
        """See :meth:`Graph.replay`."""
        self._graph.replay()


def graph_on(device: torch.device) -> Callable[[], Graph] | None:
    """Return what makes graphs of a device; ``None``: it has none."""
    return CudaGraph if device.type == "cuda" else None


class CapturedSteps:
    """Trains the epochs of one array, step by step or from a graph, whichever is faster.

    The first epochs are trained step by step and timed.  Then a step is captured, and an epoch is trained by replays;
    it is the last one by replays if it took longer.  An array whose step cannot be captured is trained step by step.

    Args:
        graph: makes a graph.
        device: where the steps are taken.
        clock: seconds.
    """

    def __init__(
        self,
        graph: Callable[[], Graph],
        device: torch.device,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._make_graph, self._device, self._clock = graph, device, clock
        self._graph: Graph | None = None
        self._inputs: StepInputs | None = None
        self._epochs, self._seconds = 0, 0.0
        self.why_not = ""
        """Why no graph is used from now on; empty: one is used, or will be tried."""
        self.speed_up: float | None = None
        """Seconds of an epoch step by step over those of one by replays; ``None``: nothing was replayed."""

    def train(
        self, steps: Sequence[StepInputs], take: Callable[[StepInputs], None], eagerly: Callable[[], None]
    ) -> None:
        """Train an epoch.

        Args:
            steps: inputs of the epoch's steps, of equal shapes.
            take: takes a step on the tensors that it is given.
            eagerly: trains the same epoch step by step.
        """
        self._epochs += 1
        if self._epochs <= EAGER_EPOCHS or self.why_not or not self._is_captured(steps[0], take):
            self._seconds = self._timed(eagerly)
        elif self.speed_up is not None:
            self._replay(steps)
        else:
            self.speed_up = self._seconds / self._timed(lambda: self._replay(steps))
            if self.speed_up < 1:
                self.why_not, self._graph = "replays took longer than single launches", None

    def _is_captured(self, like: StepInputs, take: Callable[[StepInputs], None]) -> bool:
        """Capture a step unless there is one already, and return whether there is one for inputs of these shapes."""
        if self._inputs is not None:
            return self._inputs.shapes == like.shapes
        inputs, graph = like.cloned(), self._make_graph()
        try:
            graph.capture(lambda: take(inputs))
        except torch.cuda.OutOfMemoryError:
            raise  # the shard is too large, and is cut in two
        except RuntimeError as error:
            reason, _, _ = str(error).strip().partition("\n")
            self.why_not = f"a step cannot be captured: {reason}"
            return False
        self._graph, self._inputs = graph, inputs
        return True

    def _replay(self, steps: Sequence[StepInputs]) -> None:
        assert self._graph is not None
        assert self._inputs is not None
        for step in steps:
            self._inputs.copy_(step)
            self._graph.replay()

    def _timed(self, work: Callable[[], None]) -> float:
        self._wait()
        began = self._clock()
        work()
        self._wait()
        return self._clock() - began

    def _wait(self) -> None:
        """Wait until the device has done what it was told."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

"""What a step promises to a CUDA graph: that replaying it trains what taking it would have trained, bit for bit.

``check_captured(case)`` shows it on the CPU, where a :class:`mtl_core.testing.recorded_graph.RecordedGraph` stands for
the graph of a GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import torch

from mtl_core.data.task_set import Development
from mtl_core.network.replica_state import StackedStates
from mtl_core.recipe import Recipe
from mtl_core.testing.array_states import largest_difference, whole_state
from mtl_core.testing.devices import array_on
from mtl_core.testing.recorded_graph import RecordedGraph
from mtl_core.training.captured_steps import EAGER_EPOCHS, Graph
from mtl_core.training.device import CPU
from mtl_core.training.model_selection import ModelSelection
from mtl_core.training.train_epoch import EpochTrainer


class NoGraph:
    """A graph that captures nothing."""

    def capture(self, work: Callable[[], None]) -> None:
        """Refuse the work."""
        raise RuntimeError("nothing is captured here")

    def replay(self) -> None:
        """Never called."""
        raise AssertionError("nothing was captured")


def check_captured(
    recipe: Recipe,
    data: Development,
    device: torch.device = CPU,
    graph: Callable[[], Graph] = RecordedGraph,
    tolerance: float = 0.0,
) -> str:
    """Train two replicas step by step and by replays, and compare everything that they are and remember.

    Args:
        recipe: what is trained.
        data: the examples, on the CPU.
        device: where it is trained.
        graph: makes graphs of the device.
        tolerance: by which numbers may differ, relative to those around 1.

    Returns:
        why a step could not be captured; empty: it was.

    Raises:
        AssertionError: when a number differs.
    """
    expected, _ = _trained(recipe, data, device, NoGraph)
    found, trainer = _trained(recipe, data, device, graph)
    captured = trainer.captured
    if captured is None:
        return "the weighting method solves its problem on the host"
    if captured.speed_up is None:
        return captured.why_not
    for name, value in expected.items():
        apart = largest_difference(found[name], value)
        assert apart <= tolerance, f"{name} differs by {apart:.3g}"
    return ""


def _trained(
    recipe: Recipe, data: Development, device: torch.device, graph: Callable[[], Graph]
) -> tuple[StackedStates, EpochTrainer]:
    """All states after a few epochs, of which the last two were trained by replays where that is possible."""
    parts = array_on(recipe, data, device)
    faster_and_faster = (1 - 0.5**reading for reading in count())
    trainer = EpochTrainer(parts, graph, lambda: next(faster_and_faster))
    selection = ModelSelection(parts)
    for _ in range(EAGER_EPOCHS + 2):
        selection.after_epoch(trainer.train_epoch())
        parts.count_epoch()
    return whole_state(parts, trainer), trainer

"""A fused array: the rows that train together, between one change of its composition and the next."""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.preprocessing import Preparation
from mtl_core.data.task_set import Development
from mtl_core.gradients import conflict
from mtl_core.network.network import Network
from mtl_core.network.replica_state import ReplicaState, StackedStates, separate
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.array_parts import assemble
from mtl_core.training.captured_steps import graph_on
from mtl_core.training.device import CPU
from mtl_core.training.device_precision import products_on
from mtl_core.training.model_selection import CURVES, ModelSelection
from mtl_core.training.optimisers import optimiser
from mtl_core.training.rows_weighting import weighting_of, weighting_state
from mtl_core.training.train_epoch import EpochTrainer


def fresh_state(recipe: Recipe, network: Network, row: ReplicaConfig) -> ReplicaState:
    """Return the state of a replica before its first step."""
    tasks, search = len(network.tasks), network.trunk.search_epochs(recipe)
    parameters = network.layout.initialise([row.seed])
    memory = weighting_of(recipe, network, [row]).start(1, network.layout.count_shared())
    rows: StackedStates = {
        "parameters": parameters,
        **optimiser.start(network.layout, 1),
        "selected": parameters.clone(),
        "selected_epoch": torch.tensor([-1]),
        "best_skill": torch.tensor([-torch.inf]),
        "epoch": torch.tensor([-search]),
        **({"searching": torch.tensor([True])} if search else {}),
        "diverged": torch.tensor([False]),
        "stopped": torch.tensor([False]),
        "seconds": torch.zeros(1, dtype=torch.float64),
        **{name: torch.full((1, recipe.epochs, tasks), torch.nan) for name in CURVES},
        **weighting_state(memory),
        **conflict.start(recipe, network),
    }
    return separate(rows)[0]


def search_is_over(state: ReplicaState) -> bool:
    """Return whether a replica has just searched a structure, which it is to train from scratch."""
    return bool(state.get("searching", False)) and int(state["epoch"]) >= 0


def restarted(recipe: Recipe, network: Network, row: ReplicaConfig, searched: ReplicaState) -> ReplicaState:
    """Return the state of a replica whose search is over: as before its first step, except for what was found.

    Args:
        recipe: recipe of the replica.
        network: its network.
        row: its configuration.
        searched: its state at the end of the search, of which the seconds count on.
    """
    state, layout = fresh_state(recipe, network, row), network.layout
    begun, ended = (layout.unpack(one["parameters"].unsqueeze(0)) for one in (state, searched))
    parts = [
        old if slot in network.trunk.found else new for slot, new, old in zip(layout.slots, begun, ended, strict=True)
    ]
    parameters = layout.pack(parts).squeeze(0)
    now = {"epoch": torch.tensor(0), "searching": torch.tensor(False), "seconds": searched["seconds"]}
    return state | {"parameters": parameters, "selected": parameters.clone()} | now


class FusedArray:
    """Replicas of one recipe that train together.  A row's numbers do not depend on its neighbours.

    Args:
        recipe: what the rows have in common.
        development: the training and validation data.
        network: the network of the recipe on these data.
        rows: what each row has for itself.
        states: the state of each row.
        preparations: the split and the scales of each row's seed.
        device: where the rows train.
        graphs: whether steps may be captured in graphs, where the device has them.
    """

    def __init__(
        self,
        recipe: Recipe,
        development: Development,
        network: Network,
        rows: Sequence[ReplicaConfig],
        states: Sequence[ReplicaState],
        preparations: Sequence[Preparation],
        device: torch.device = CPU,
        graphs: bool = True,
    ) -> None:
        self.rows = tuple(rows)
        parts = assemble(recipe, development, network, rows, states, preparations, device)
        self._searching = [bool(state.get("searching", False)) for state in states]
        self._parts, self._state = parts, parts.state
        self._trainer = EpochTrainer(parts, graph_on(device) if graphs else None)
        self._selection = ModelSelection(parts)
        self._conflict = conflict.Probes(recipe, development, network, parts.preparations, parts.seeds)

    @property
    def epochs(self) -> list[int]:
        """Number of epochs that each row has been trained; below 0 while it searches a structure."""
        return self._parts.epochs[: len(self.rows)]

    @property
    def halted(self) -> list[bool]:
        """Whether each row has diverged or stopped early."""
        return (self._state["diverged"] | self._state["stopped"])[: len(self.rows)].tolist()

    @property
    def searched(self) -> list[bool]:
        """Whether each row has just ended its search, so that its training is to begin anew."""
        return [searching and epoch >= 0 for searching, epoch in zip(self._searching, self.epochs, strict=True)]

    @property
    def best_skill(self) -> float:
        """The best mean validation skill of any row so far."""
        return self._state["best_skill"].max().item()

    @property
    def replay_speed_up(self) -> float | None:
        """How much faster epochs are by replays of a captured step than by launches; ``None``: none was replayed."""
        return self._trainer.captured and self._trainer.captured.speed_up

    def states(self) -> list[ReplicaState]:
        """Return a copy of every row's state, to be kept, resumed or put into another array."""
        current = {"parameters": self._parts.network.layout.pack(self._parts.parameters), **self._trainer.moments()}
        on_host = {name: value.to(CPU) for name, value in (self._state | current).items()}
        return separate(on_host)[: len(self.rows)]

    def advance(self) -> None:
        """Train every row for one epoch, evaluate it, select its best parameters, and decide whether it stops."""
        began = time.perf_counter()
        self.after_epoch(self.train_epoch())
        self._state["seconds"] += (time.perf_counter() - began) / len(self.rows)

    @property
    def steps(self) -> int:
        """Number of steps of an epoch."""
        return self._trainer.steps

    def train_epoch(self, most_steps: int | None = None) -> Float[Tensor, "r t"]:
        """Train every row for one epoch without evaluating it, and return the mean weight of each task.

        Args:
            most_steps: steps after which to end the epoch early, so that memory and time can be measured; ``None``:
                all of them.
        """
        with products_on(self._parts.device, self._parts.recipe.precision):
            return self._trainer.train_epoch(most_steps)

    def after_epoch(self, weights: Float[Tensor, "r t"]) -> None:
        """Evaluate every row after an epoch, select its best parameters, and decide whether it stops.

        Args:
            weights: mean weight of each task in the epoch.
        """
        with products_on(self._parts.device, self._parts.recipe.precision):
            self._conflict.note(self._parts.theta, self._parts.loader, self._state, self._parts.epochs)
            self._observe_conflict()
            self._selection.after_epoch(weights)
        self._parts.count_epoch()

    def _observe_conflict(self) -> None:
        """Show the tasks' gradients to an architecture that searches a structure by them, while a row does."""
        trunk, searching = self._parts.network.trunk, self._state["epoch"] < 0
        if trunk.observes_conflict and any(epoch < 0 for epoch in self._parts.epochs):
            cosines = self._conflict.cosines(self._parts.theta, self._parts.loader, searching)
            trunk.observe_conflict(self._parts.theta, cosines, searching)

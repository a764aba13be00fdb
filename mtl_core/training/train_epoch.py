"""The training loop: one pass of all rows of an array over their training splits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.batch_sampler import BatchSampler
from mtl_core.gradients.step_gradient import Batch, StepGradient
from mtl_core.layers.dropout import Noise
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.network import Network
from mtl_core.network.replica_state import StackedStates
from mtl_core.randomness.counter_based import Streams
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.registry import find
from mtl_core.training import optimiser
from mtl_core.training.array_parts import ArrayParts
from mtl_core.weighting import JacobianWeighting, State, Weighting

_WEIGHTING = "weighting."
"""Prefix of what the weighting method remembers, in the state of a row."""


class EpochTrainer:
    """Trains the rows of one array, an epoch at a time.

    Args:
        parts: the array; parameters and state are updated in place.
    """

    def __init__(self, parts: ArrayParts) -> None:
        recipe, network, rows, seeds = parts.recipe, parts.network, parts.rows, parts.seeds
        self._recipe, self._network, self._rows = recipe, network, rows
        self._state, self._theta = parts.state, parts.theta
        self._search = network.trunk.search_epochs(recipe)
        self._batches = BatchSampler(recipe, parts.development, parts.preparations, seeds)
        self._every_task = torch.ones(len(rows), len(network.tasks), dtype=torch.bool)
        self._weighting = weighting_of(recipe, network, rows)
        self._step_gradient = StepGradient(recipe, network, parts.theta, parts.loader, self._weighting)
        self._weighting_streams, self._sharing_streams = Streams(seeds, "weighting"), Streams(seeds, "sharing")
        self._dropout = torch.tensor([float(row.hyperparameters.get("dropout", 0.0)) for row in rows])
        self._sharing_options = _columns("sharing", recipe.sharing, rows)
        self._optimiser = optimiser.Optimiser(
            recipe.optimiser, network.layout, parts.parameters, parts.state, [row.hyperparameters for row in rows],
            adaptive=isinstance(self._weighting, JacobianWeighting) and self._weighting.adaptive,
        )  # fmt: skip

    def train_epoch(self) -> Float[Tensor, "r t"]:
        """Train every row for one epoch, and return the mean weight of each task."""
        memory = weighting_memory(self._state)
        total_weights, total_losses, num_steps = (torch.zeros(self._every_task.shape) for _ in range(3))
        for step, batches in enumerate(self._epoch_batches()):
            present, rates = batches[0].present, self._learning_rates(step)
            streams = self._weighting_streams.at(self._steps_taken(step))
            direction = self._step_gradient.direction(batches, memory, streams)
            losses, gradients = direction.losses, direction.gradients
            if self._recipe.clip_norm is not None:
                optimiser.clip_(gradients, self._recipe.clip_norm)
            self._optimiser.step(gradients, rates, None if present is self._every_task else present)
            if self._network.trunk.acts_after_step:
                self._network.after_step(self._theta, rates, present, self._context(step))
            self._step_gradient.observe_step(batches[0], memory, streams)
            total_weights += direction.weights
            total_losses += losses
            num_steps += present
        self._weighting.after_epoch(total_losses / num_steps.clamp(min=1), num_steps > 0, memory)
        return total_weights / self._batches.steps

    def moments(self) -> StackedStates:
        """Return the optimiser's moments, to be stored in the rows' states."""
        return self._optimiser.moments()

    def _epoch_batches(self) -> Iterator[list[Batch]]:
        """Yield the batches of each step: one, or several independent ones for a method that asks for them."""
        epochs = self._numbers()
        orders = [self._batches.order(epochs, number) for number in range(self._step_gradient.batches)]
        presents = [self._batches.present(order, epochs) for order in orders]
        for step in range(self._batches.steps):
            yield [self._batch(order, present, step) for order, present in zip(orders, presents, strict=True)]

    def _batch(self, order: Int[Tensor, "r s g b"], present: Bool[Tensor, "r s t"] | None, step: int) -> Batch:
        tasks = self._every_task if present is None else present[:, step]
        return Batch(order[:, step], tasks, lambda: self._context(step))

    def _context(self, step: int) -> ForwardContext:
        taken, seeds = self._steps_taken(step), [row.seed for row in self._rows]
        done, whole = zip(*self._phases(step), strict=True)
        return ForwardContext(
            training=True,
            noise=Noise(seeds, taken, self._dropout) if self._dropout.any() else None,
            progress=torch.tensor(done) / torch.tensor(whole),
            searching=self._state["epoch"] < 0 if self._search else None,
            options=self._sharing_options,
            streams=self._sharing_streams.at(taken),
        )

    def _learning_rates(self, step: int) -> list[float]:
        return [
            optimiser.schedule(self._recipe.schedule, row.hyperparameters["learning_rate"], *phase)
            for row, phase in zip(self._rows, self._phases(step), strict=True)
        ]

    def _phases(self, step: int) -> list[tuple[int, int]]:
        """Return the steps that each row has taken of its search or training, and how many that has."""
        steps, lengths = self._batches.steps, (self._recipe.epochs, self._search)
        return [
            (epoch * steps + step, lengths[0] * steps)
            if epoch >= 0
            else ((epoch + self._search) * steps + step, lengths[1] * steps)
            for epoch in self._state["epoch"].tolist()
        ]

    def _numbers(self) -> list[int]:
        """Return the number of each row's epoch for its random numbers: a search draws those after the training's."""
        ahead = self._recipe.epochs + self._search
        return [epoch if epoch >= 0 else ahead + epoch for epoch in self._state["epoch"].tolist()]

    def _steps_taken(self, step: int) -> list[int]:
        """Return each row's own count of steps at ``step`` of this epoch; rows that were refilled are younger."""
        return [epoch * self._batches.steps + step for epoch in self._numbers()]


def weighting_of(recipe: Recipe, network: Network, rows: Sequence[ReplicaConfig]) -> Weighting:
    """Return the recipe's weighting method; hyperparameters are columns ``[r, 1]``, or ``[r, t]`` for a simplex."""
    columns = _columns("weighting", recipe.weighting, rows)
    method = find("weighting", recipe.weighting).cls
    tuned = {name: values.view(len(rows), -1) for name, values in columns.items()}
    return method(network.tasks, **{**recipe.weighting_options, **tuned})


def weighting_state(memory: State) -> StackedStates:
    """Return what a weighting method remembers under the names that it has in the state of a row."""
    return {_WEIGHTING + name: value for name, value in memory.items()}


def weighting_memory(state: StackedStates) -> State:
    """Return what the weighting method remembers, the inverse of :func:`weighting_state`; tensors are not copied."""
    return {name[len(_WEIGHTING) :]: value for name, value in state.items() if name.startswith(_WEIGHTING)}


def _columns(kind: str, name: str, rows: Sequence[ReplicaConfig]) -> dict[str, Tensor]:
    """Return the tuning hyperparameters of a method or architecture that the rows set, stacked."""
    return {
        option: torch.tensor([row.hyperparameters[option] for row in rows], dtype=torch.get_default_dtype())
        for option in find(kind, name).tunable
        if any(option in row.hyperparameters for row in rows)  # a row that lacks what its neighbours set is an error
    }

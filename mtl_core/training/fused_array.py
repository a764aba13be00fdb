"""A fused array: the rows that train together, between one change of its composition and the next."""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.batch_loader import Feed, padded
from mtl_core.data.batch_sampler import Batches
from mtl_core.data.preprocessing import Preparation, skill
from mtl_core.data.task_set import Development
from mtl_core.gradients import conflict
from mtl_core.gradients.step_gradient import Batch, StepGradient
from mtl_core.layers.dropout import Noise
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.network import Network
from mtl_core.randomness.counter_based import Streams
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.registry import find
from mtl_core.replica_state import ReplicaState, StackedStates, join, separate
from mtl_core.training import optimiser
from mtl_core.training.evaluation import evaluate
from mtl_core.weighting import Weighting

CURVES = ("train_loss", "validation_loss", "train_metric", "validation_metric", "validation_skill", "weight")
_WEIGHTING = "weighting."


def fresh_state(recipe: Recipe, network: Network, row: ReplicaConfig) -> ReplicaState:
    """A replica before its first step."""
    tasks = len(network.tasks)
    parameters = network.layout.initialise([row.seed])
    weighting = _weighting(recipe, network, [row]).start(1, network.layout.count_shared())
    rows: StackedStates = {
        "parameters": parameters,
        **optimiser.start(network.layout, 1),
        "selected": parameters.clone(),
        "selected_epoch": torch.tensor([-1]),
        "best_skill": torch.tensor([-torch.inf]),
        "epoch": torch.tensor([0]),
        "diverged": torch.tensor([False]),
        "stopped": torch.tensor([False]),
        "seconds": torch.zeros(1, dtype=torch.float64),
        **{name: torch.full((1, recipe.epochs, tasks), torch.nan) for name in CURVES},
        **{_WEIGHTING + name: value for name, value in weighting.items()},
        **conflict.start(recipe, network),
    }
    return separate(rows)[0]


class FusedArray:
    """StackedStates in training.  A row's numbers do not depend on its neighbours.

    Args:
        recipe: what the rows have in common.
        development: the pool.
        network: built for both.
        rows: what each has for itself.
        states: where each stands.
        preparations: of each row's seed.
    """

    def __init__(
        self,
        recipe: Recipe,
        development: Development,
        network: Network,
        rows: Sequence[ReplicaConfig],
        states: Sequence[ReplicaState],
        preparations: Sequence[Preparation],
    ) -> None:
        self._real = len(rows)
        if self._real == 1:  # one lane alone takes other kernels, hence other last bits: give it a shadow
            rows, states, preparations = list(rows) * 2, list(states) * 2, list(preparations) * 2
        self._recipe, self._network, self._preparations = recipe, network, preparations
        self.rows, self._state = rows, join(states)
        seeds = [row.seed for row in rows]
        self._batches = Batches(recipe, development, preparations, seeds)
        self._parameters = network.layout.unpack(self._state["parameters"])
        self._theta = network.layout.theta(self._parameters)
        self._feed = Feed(development.examples, preparations)
        self._weighting = _weighting(recipe, network, rows)
        self._conflict = conflict.Probes(recipe, development, network, preparations, seeds)
        self._everybody = torch.ones(len(rows), len(network.tasks), dtype=torch.bool)
        self._step_gradient = StepGradient(recipe, network, self._theta, self._feed, self._weighting)
        self._streams, self._chance = Streams(seeds, "weighting"), Streams(seeds, "sharing")
        self._dropout = torch.tensor([float(row.hyperparameters.get("dropout", 0.0)) for row in rows])
        self._options = _columns("sharing", recipe.sharing, rows)
        hyperparameters = [row.hyperparameters for row in rows]
        self._optimiser = optimiser.Optimiser(
            recipe.optimiser, network.layout, self._parameters, self._state, hyperparameters
        )
        labelled, own = development.labels, development.own_inputs
        self._probes = padded([_signals(preparation.probe, labelled, own) for preparation in preparations])
        self._validations = padded([_signals(preparation.validation, labelled, own) for preparation in preparations])
        self._probed = torch.stack([labelled[preparation.probe].any(dim=0) for preparation in preparations])
        self._trivial_loss, self._trivial_metric = (
            torch.stack([getattr(preparation, name) for preparation in preparations])
            for name in ("trivial_loss", "trivial_metric")
        )

    @property
    def epochs(self) -> list[int]:
        """Epochs that each row has behind it."""
        return self._state["epoch"][: self._real].tolist()

    @property
    def halted(self) -> list[bool]:
        """Which rows have diverged or stopped early."""
        return (self._state["diverged"] | self._state["stopped"])[: self._real].tolist()

    @property
    def best_skill(self) -> float:
        """The best mean validation skill of any row so far."""
        return self._state["best_skill"].max().item()

    def states(self) -> list[ReplicaState]:
        """Every row's state, to be kept, resumed or put into another array."""
        at_rest = {"parameters": self._network.layout.pack(self._parameters), **self._optimiser.moments()}
        return separate(self._state | at_rest)[: self._real]

    def advance(self) -> None:
        """One epoch of every row: train, evaluate, select, stop."""
        began = time.perf_counter()
        weights = self.train()
        self._conflict.note(self._theta, self._feed, self._state)
        self._judge(weights)
        self._state["epoch"] += 1
        self._state["seconds"] += (time.perf_counter() - began) / self._real

    def train(self) -> Float[Tensor, "r t"]:
        """One pass over the training splits; the mean weight of each task."""
        network, recipe, steps = self._network, self._recipe, self._batches.steps
        epochs = self._state["epoch"].tolist()
        orders = [self._batches.order(epochs, number) for number in range(self._step_gradient.batches)]
        presents = [self._batches.present(order, epochs) for order in orders]
        memory = {name[len(_WEIGHTING) :]: value for name, value in self._state.items() if name.startswith(_WEIGHTING)}
        total, losses, times = (torch.zeros(len(self.rows), len(network.tasks)) for _ in range(3))
        for step in range(steps):
            rates, taken = self._rates(step), self._steps_taken(step)
            batches = [self._batch(order, present, step) for order, present in zip(orders, presents, strict=True)]
            here = batches[0].present
            streams = self._streams.at(taken)
            found = self._step_gradient.direction(batches, memory, streams)
            if recipe.clip_norm is not None:
                optimiser.clip_(found.gradients, recipe.clip_norm)
            self._optimiser.step(found.gradients, rates, None if presents[0] is None else here)
            if network.trunk.acts_after_step:
                network.after_step(self._theta, rates, here, self._context(step))
            self._step_gradient.observe_step(batches[0], memory, streams)
            total += found.weights
            losses += found.losses
            times += here
        self._weighting.after_epoch(losses / times.clamp(min=1), times > 0, memory)
        return total / steps

    def _batch(self, order: Int[Tensor, "r s g b"], present: Bool[Tensor, "r s t"] | None, step: int) -> Batch:
        here = self._everybody if present is None else present[:, step]
        return Batch(order[:, step], here, lambda: self._context(step))

    def _judge(self, weights: Float[Tensor, "r t"]) -> None:
        """Evaluate the epoch, note it in the curves, and keep the parameters of the best one so far."""
        state, tasks = self._state, self._network.tasks
        train_loss, train_metric = evaluate(self._network, self._theta, self._feed, *self._probes)
        loss, metric = evaluate(self._network, self._theta, self._feed, *self._validations)
        skills = skill(tasks, metric, self._trivial_metric)
        max_rows = torch.arange(len(self.rows))
        for name, values in zip(CURVES, (train_loss, loss, train_metric, metric, skills, weights), strict=True):
            state[name][max_rows, state["epoch"]] = values
        # a task without labels in a split has no loss there, which is no divergence
        finite = (train_loss.isfinite() | ~self._probed) & (loss.isfinite() | self._trivial_loss.isnan())
        state["diverged"] |= ~finite.all(dim=1)
        mean_skill = skills.nanmean(dim=1).nan_to_num(-torch.inf)
        better = (mean_skill > state["best_skill"]) & ~state["diverged"]
        state["best_skill"] = torch.where(better, mean_skill, state["best_skill"])
        state["selected_epoch"] = torch.where(better, state["epoch"], state["selected_epoch"])
        if better.any():
            now = self._network.layout.pack(self._parameters)
            state["selected"] = torch.where(better[:, None], now, state["selected"])
        if self._recipe.patience is not None:
            state["stopped"] |= state["epoch"] - state["selected_epoch"] >= self._recipe.patience

    def _steps_taken(self, step: int) -> list[int]:
        """Each row's own count of steps, at ``step`` of this epoch; rows that were refilled are younger."""
        return [epoch * self._batches.steps + step for epoch in self._state["epoch"].tolist()]

    def _context(self, step: int) -> ForwardContext:
        taken, seeds = self._steps_taken(step), [row.seed for row in self.rows]
        return ForwardContext(
            training=True,
            noise=Noise(seeds, taken, self._dropout) if self._dropout.any() else None,
            progress=torch.tensor(taken) / (self._batches.steps * self._recipe.epochs),
            options=self._options,
            streams=self._chance.at(taken),
        )

    def _rates(self, step: int) -> list[float]:
        kind, total = self._recipe.schedule, self._batches.steps * self._recipe.epochs
        return [
            optimiser.schedule(kind, row.hyperparameters["learning_rate"], taken, total)
            for row, taken in zip(self.rows, self._steps_taken(step), strict=True)
        ]


def _weighting(recipe: Recipe, network: Network, rows: Sequence[ReplicaConfig]) -> Weighting:
    """The method with the rows' hyperparameters as columns ``[r, 1]`` (a simplex: ``[r, t]``)."""
    columns = _columns("weighting", recipe.weighting, rows)
    method = find("weighting", recipe.weighting).cls
    tuned = {name: values.view(len(rows), -1) for name, values in columns.items()}
    return method(network.tasks, **{**recipe.weighting_options, **tuned})


def _columns(kind: str, name: str, rows: Sequence[ReplicaConfig]) -> dict[str, Tensor]:
    """The tuning hyperparameters of a method or architecture that the rows set, stacked."""
    return {
        option: torch.tensor([row.hyperparameters[option] for row in rows], dtype=torch.get_default_dtype())
        for option in find(kind, name).tuned
        if any(option in row.hyperparameters for row in rows)  # a row that lacks what its neighbours set is an error
    }


def _signals(index: Int[Tensor, " n"], labelled: Bool[Tensor, "n t"], own_inputs: bool) -> list[Int[Tensor, " m"]]:
    """Examples to evaluate: the same for all tasks, or each task's own."""
    return [index[labelled[index, place]] for place in range(labelled.shape[1])] if own_inputs else [index]

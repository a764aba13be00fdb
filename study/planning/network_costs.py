"""What networks of a study cost: their size, and the processor time of arrays of them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Protocol

from mtl_core.data.batch_sampler import steps_per_epoch
from mtl_core.data.task_set import Development, TaskSet
from mtl_core.recipe import Recipe
from mtl_core.registry import find
from study.planning.arm import Arm
from study.planning.array_cost import REFERENCE_RATE, ArrayCost, Arrays, ArrayTime, modelled_cost
from study.planning.packing import Packing, RowsOnCard
from study.planning.plan import Plan
from study.planning.replica import rows_of_shard
from study.planning.training_settings import drawn_recipe, recipe_of
from study.planning.trials import Kind, Network, Trials, kind_of


@dataclass(frozen=True)
class Size:
    """Size of one replica: multiply-adds per example, parameters, bytes of memory in training."""

    multiply_adds: int
    parameters: int
    replica_bytes: int


class TimesOnCard(RowsOnCard, Protocol):
    """Says what arrays take on a GPU: :class:`study.planning.cards.study_cards.OnCard`."""

    def time(self, kind: Kind, multiply_adds: float, modelled: ArrayCost) -> ArrayTime:
        """Return what arrays of a network take for which the model of a processor says ``modelled``."""
        ...


class NetworkCosts:
    """Costs of networks on one task set and one machine: processor time, or that of a GPU's worker.

    Args:
        task_set: gives the number of examples.
        rate: multiply-adds per second of one thread.
        trials: of the study's networks; ``None``: the model alone tells what they cost.
    """

    def __init__(self, task_set: TaskSet, rate: float = REFERENCE_RATE, trials: Trials | None = None) -> None:
        self.development, self.rate, self.trials = task_set.development, rate, trials
        self._sizes: dict[tuple[Arm, str | None], Size] = {}
        self._views: dict[str, Development] = {}
        self._packing = Packing(task_set.development)
        self._card: TimesOnCard | None = None

    def on(self, card: TimesOnCard) -> NetworkCosts:
        """Return the costs on a GPU."""
        found = copy.copy(self)
        found._card = card
        return found

    def size(self, plan: Plan, arm: Arm, task: str | None) -> Size:
        """Return the size of one replica of ``arm``, of a single-task arm for ``task``."""
        key = (arm, task)
        if key not in self._sizes:
            self._sizes[key] = self._declared_size(plan, arm, task)
        return self._sizes[key]

    def cost(self, plan: Plan, arm: Arm, task: str | None) -> ArrayTime:
        """Return what arrays of ``arm`` cost, of a single-task arm those for ``task``.

        The epochs in which an architecture searches a structure beforehand make each epoch longer.
        """
        recipe = recipe_of(arm, plan.settings("search"))
        size = self.size(plan, arm, task)
        cost: ArrayTime = (modelled := self._modelled(recipe, size, task))
        if self._card is not None:
            cost = self._card.time(kind_of(arm), size.multiply_adds, modelled)
        elif self.trials is not None:
            cost = self.trials.cost(kind_of(arm), size.multiply_adds, modelled)
        return cost.longer(1 + find("sharing", arm.sharing).cls.search_epochs(recipe) / recipe.epochs)

    def arrays(self, plan: Plan, arm: Arm) -> list[Arrays]:
        """Return the arrays in which replicas of ``arm`` train."""
        recipe = recipe_of(arm, plan.settings("search"))
        groups = self._packing.groups(recipe) if arm.is_single_task else [None]
        found = []
        for group in groups:
            task = group[0] if group else None
            most = self._most_rows(plan, arm, task)
            found.append(Arrays(self.cost(plan, arm, task), len(group) if group else 1, most))
        return found

    def _most_rows(self, plan: Plan, arm: Arm, task: str | None) -> int:
        if self._card is None:
            return rows_of_shard(self.size(plan, arm, task).replica_bytes)
        recipe = drawn_recipe(recipe_of(arm, plan.settings("search")), plan.draws.of(arm, 0))
        return self._card.rows(recipe, arm.tasks(plan.tasks) if task is None else (task,))

    def networks(self, plan: Plan) -> list[Network]:
        """Return the networks of ``plan`` that may be tried: of single-task arms that of the first task."""
        found = []
        for arm in plan.arms:
            task = plan.tasks[0] if arm.is_single_task else None
            values = plan.draws.of(arm, 0)
            recipe, size = drawn_recipe(recipe_of(arm, plan.settings("search")), values), self.size(plan, arm, task)
            modelled = self._modelled(recipe, size, task)
            weight = modelled.seconds(1, 1) * (len(plan.tasks) if arm.is_single_task else 1)
            view = self._view(task)
            steps = steps_per_epoch(recipe, view)
            found.append(Network(kind_of(arm), recipe, view, steps, size.multiply_adds, modelled, weight, values))
        return found

    def _modelled(self, recipe: Recipe, size: Size, task: str | None) -> ArrayCost:
        """The cost by the model.

        Multiply-adds are for an example of each task, of which there are fewer where tasks have examples of their own.
        """
        view = self._view(task)
        examples = len(view.examples) / (len(view.tasks) if view.own_inputs else 1)
        examples *= 1 if view.num_folds == 1 else 1 - 1 / view.num_folds  # the fold that judges is not trained on
        passes = passes_of_an_epoch(examples, view.validation_share, recipe.train_fraction)
        return modelled_cost(steps_per_epoch(recipe, view), passes, size.multiply_adds, self.rate)

    def _view(self, task: str | None) -> Development:
        if task is None:
            return self.development
        return self._views.setdefault(task, self.development.only(task))

    def _declared_size(self, plan: Plan, arm: Arm, task: str | None) -> Size:
        from mtl_core.network.cost import cost_of

        cost = cost_of(recipe_of(arm, plan.settings("search")), self._view(task))
        return Size(cost.multiply_adds, cost.parameters_total, cost.replica_bytes)


def passes_of_an_epoch(examples: float, validation_share: float, train_fraction: float = 1.0) -> float:
    """Return how many forward passes over one example an epoch is worth: three in training, two at its end."""
    validating = validation_share * examples
    return 3 * (examples - validating) * train_fraction + 2 * validating

"""Sampling of the examples and the tasks of every training step.

Tasks with common inputs see one batch; tasks with inputs of their own see a batch each, drawn from their own examples,
so that a small task counts as much as a large one.  An epoch draws as many examples as the training split holds.  A
subset of the tasks, also a single one, draws as many examples of each task per epoch as the full set does: a small task
that is trained alone takes as many steps as in the common loop, so that comparing the two measures sharing and not the
number of steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.preprocessing import Preparation
from mtl_core.data.task_set import Development
from mtl_core.randomness.counter_based import Streams
from mtl_core.randomness.seeding import generator
from mtl_core.recipe import Recipe


def steps_per_epoch(recipe: Recipe, development: Development) -> int:
    """Return the number of steps in an epoch, which is the same for every seed.

    It stems from the nominal size of the training split, which differs a little between seeds where groups are split.
    Of outer folds all but one are trained on.
    """
    labelled, tasks = development.epoch
    seen = 1.0 if development.folds is None else 1 - 1 / development.num_folds
    train = round(labelled * seen * (1 - development.validation_share) * recipe.train_fraction)
    if not development.own_inputs:
        return max(1, -(-train // recipe.batch_size))
    num_tasks = len(development.tasks)
    return max(1, -(-train * num_tasks // (recipe.batch_size * tasks * sampled_tasks(recipe, development))))


def sampled_tasks(recipe: Recipe, development: Development) -> int:
    """Return the number of tasks that a step trains."""
    return min(recipe.tasks_per_step or len(development.tasks), len(development.tasks))


class BatchSampler:
    """Sampler of the batches of one pool for r replicas.

    Args:
        recipe: with the batch size, and how tasks are sampled.
        development: the pool and its tasks.
        preparations: split and preprocessing of each row's seed.
        seeds: of the rows.
        device: where the batches are needed; ``None``: on the CPU, where orders are always drawn.
        learnt: the one task of each row, where rows of several tasks share an array; else ``None`` each.
    """

    def __init__(
        self,
        recipe: Recipe,
        development: Development,
        preparations: Sequence[Preparation],
        seeds: Sequence[int],
        device: torch.device | None = None,
        learnt: Sequence[str | None] | None = None,
    ) -> None:
        self.steps = steps_per_epoch(recipe, development)
        self._batch_size, self._seeds = recipe.batch_size, tuple(seeds)
        self._names = [task.name for task in development.tasks]
        self._own_names = [self._names if task is None else [task] for task in learnt or [None] * len(self._seeds)]
        self._device, self._labels = torch.device("cpu") if device is None else device, development.labels_in_loss
        self._own_inputs = development.own_inputs
        self._pools = [self._pools_of(preparation) for preparation in preparations]
        draws = [(seed, *names, id(own)) for seed, names, own in zip(seeds, self._own_names, preparations, strict=True)]
        self._first_alike = [draws.index(one) for one in draws]  # rows that differ in hyperparameters have equal orders
        self._train = [preparation.train for preparation in preparations]
        self._sampled = sampled_tasks(recipe, development)
        self._streams = Streams(self._seeds, "tasks", self._device)
        self._log_odds = _log_odds(recipe.sampling, torch.stack([p.num_train for p in preparations])).to(self._device)
        self._labels_on_device = self._labels.to(self._device)
        every_label = bool(self._labels.all()) or (self._own_inputs and all(all(map(len, p)) for p in self._pools))
        self._all_present = every_label and self._sampled == len(self._names)

    def order(self, epochs: Sequence[int], number: int = 0) -> Int[Tensor, "r s g b"]:
        """Return the examples of every batch of an epoch: a new permutation of the pool, repeated where it ends.

        Args:
            epochs: number of the epoch, for each row.
            number: 1, 2, …: further permutations, for methods whose steps take several independent batches.

        Returns:
            positions in the pool, ``[r, s, g, b]`` for s steps and g signals.
        """
        wanted = list(zip(self._first_alike, epochs, strict=True))
        drawn = {one: self._order_of(*one, number) for one in dict.fromkeys(wanted)}
        return torch.stack([drawn[one] for one in wanted]).to(self._device)

    def present(self, order: Int[Tensor, "r s g b"], epochs: Sequence[int]) -> Bool[Tensor, "r s t"] | None:
        """Return the mask of tasks that each step trains: sampled, with a label that counts; ``None``: all.

        Args:
            order: of :meth:`order`.
            epochs: number of the epoch, for each row.
        """
        if self._all_present:
            return None
        if self._own_inputs:
            has_examples = torch.tensor([[len(pool) > 0 for pool in pools] for pools in self._pools])
            labelled = has_examples.to(self._device).unsqueeze(1).expand(-1, self.steps, -1)
        else:
            labels = self._labels_on_device.index_select(0, order.flatten())
            labelled = labels.view(*order.shape, -1).any(dim=3).squeeze(2)
        return labelled if self._sampled == len(self._names) else labelled & self._sampled_mask(epochs)

    def _pools_of(self, preparation: Preparation) -> list[Int[Tensor, " n"]]:
        train = preparation.train
        if not self._own_inputs:
            return [train]
        return [train[self._labels[train, place]] for place in range(len(self._names))]

    def _order_of(self, row: int, epoch: int, number: int) -> Int[Tensor, "s g b"]:
        signals = range(len(self._pools[row]))
        return torch.stack([self._batches(row, epoch, signal, number) for signal in signals], dim=1)

    def _batches(self, row: int, epoch: int, signal: int, number: int) -> Int[Tensor, "s b"]:
        pool, wanted = self._pools[row][signal], self.steps * self._batch_size
        if not len(pool):  # an absent task: its losses are masked, but batch statistics that tasks share see its inputs
            pool = self._train[row]
        stream = ((self._own_names[row][signal],) if self._own_inputs else ()) + ((number,) if number else ())
        shuffled = torch.randperm(len(pool), generator=generator(self._seeds[row], "order", epoch, *stream))
        return pool[shuffled[torch.arange(wanted) % len(pool)]].view(self.steps, self._batch_size)

    def _sampled_mask(self, epochs: Sequence[int]) -> Bool[Tensor, "r s t"]:
        """Tasks sampled without replacement: those with the largest log odds plus Gumbel noise."""
        numbers = torch.tensor(epochs) * self.steps + torch.arange(self.steps).unsqueeze(1)
        steps = []
        for step in numbers.to(self._device):
            scores = self._log_odds - (-self._streams.at(step).uniform(self._names).log()).log()
            steps.append(scores >= scores.topk(self._sampled, dim=1).values[:, -1:])
        return torch.stack(steps, dim=1)


def _log_odds(sampling: str | float, labels: Int[Tensor, "r t"]) -> Float[Tensor, "r t"]:
    temperature = {"uniform": math.inf, "proportional": 1.0}.get(str(sampling), sampling)
    odds = labels.double().log() / float(temperature)
    return torch.where(labels > 0, odds, -torch.inf)

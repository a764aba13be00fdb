"""Do affinities tell which tasks serve each other?  Held against networks of every group of tasks.

``python -m tests.truth.task_affinity`` prints the table of FINDINGS.  For each task set all groups of its tasks train
with ten seeds.  The gain of a pair is what its two tasks win over training alone, on average; the best partition is the
one into at most two groups in which the tasks' mean skill is highest.

- *sign*: share of pairs whose affinity is above its mean where their gain is above the mean gain, or below where below;
- *rank*: Spearman's correlation of affinity and gain over the pairs;
- *regret*: mean skill of the best partition minus that of the partition which affinity chooses, in points; *chance*: of
  a random partition.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from scipy.stats import spearmanr

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.task_grouping import affinity
from mtl_core.task_grouping.kinds import By
from mtl_core.task_grouping.look_ahead import look_ahead_affinities
from mtl_core.task_grouping.tree_search import tree_from_affinity
from mtl_core.task_tree import partitions
from mtl_core.tasks.sources.digits import base_digits, development_and_test
from mtl_core.training.trainer import fit

SEEDS, GROUPS = range(10), 2
HYPERPARAMETERS = {"learning_rate": 1e-2, "weight_decay": 1e-3, "dropout": 0.0}
RECIPE = Recipe(sharing="hard", depth=1, stages=1, width=16, batch_size=32, epochs=40, train_fraction=0.25)
QUESTIONS = ((0, 2, 4, 6, 8), (5, 6, 7, 8, 9), (0, 6, 8, 9), (2, 3, 5, 7), (1, 4, 7))
"""Digits to which the answer is yes: even, five or more, with a loop, prime, of straight strokes."""


def families(seed: int = 0, rows: int = 1600) -> Development:
    """Five regressions on ten inputs: three of one hidden direction and two of another, each with noise of its own."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, 10, generator=generator)
    directions = torch.linalg.qr(torch.randn(10, 2, generator=generator))[0]
    hidden = torch.sin(2 * x @ directions)
    targets = torch.stack([hidden[:, number] for number in (0, 0, 0, 1, 1)], dim=1)
    targets += 0.5 * torch.randn(targets.shape, generator=generator)
    tasks = tuple(Task(name, "regression", "mse") for name in ("a1", "a2", "a3", "b1", "b2"))
    return Development(tasks, Examples(x, targets), torch.ones(10, dtype=torch.bool))


def questions() -> Development:
    """Five questions about one handwritten digit, answered by yes or no."""
    images, labels = base_digits()
    index = development_and_test(0)[0]
    digits = labels[index]
    targets = torch.stack([torch.isin(digits, torch.tensor(yes)).float() for yes in QUESTIONS], dim=1)
    names = ("even", "five or more", "loop", "prime", "straight")
    tasks = tuple(Task(name, "binary", "accuracy", 2) for name in names)
    pixels = images[index].flatten(1)
    return Development(tasks, Examples(pixels, targets), torch.zeros(pixels.shape[1], dtype=torch.bool))


@dataclass(frozen=True)
class Measured:
    """Mean skill in points of each task in every group that it is in, over the seeds."""

    tasks: tuple[str, ...]
    skills: Mapping[frozenset[str], Mapping[str, float]]

    def gain(self, one: str, other: str) -> float:
        """Return what two tasks win together over each alone, on average."""
        both = self.skills[frozenset((one, other))]
        return float(np.mean([both[task] - self.skills[frozenset((task,))][task] for task in (one, other)]))

    def skill(self, partition: Sequence[Sequence[str]]) -> float:
        """Return the mean skill over all tasks where the groups of a partition train apart."""
        return float(np.mean([self.skills[frozenset(group)][task] for group in partition for task in group]))

    def possible(self) -> list[list[list[str]]]:
        """Return all partitions into at most two groups."""
        return [
            [[self.tasks[place] for place in group] for group in found]
            for found in partitions(range(len(self.tasks)))
            if len(found) <= GROUPS
        ]


def measure(data: Development) -> Measured:
    """Train every group of the tasks with every seed."""
    names = [task.name for task in data.tasks]
    groups = itertools.chain(*(itertools.combinations(names, size) for size in range(1, len(names) + 1)))
    return Measured(tuple(names), {frozenset(group): _skills(data.only(*group)) for group in groups})


def _skills(data: Development) -> dict[str, float]:
    sharing = "hard" if len(data.tasks) > 1 else "single_task"
    recipe = Recipe(**{**vars(RECIPE), "sharing": sharing, "depth": 1 if len(data.tasks) > 1 else None})
    outcomes = fit(recipe, data, [ReplicaConfig(str(seed), seed, HYPERPARAMETERS) for seed in SEEDS])
    best = [outcome.curves["validation_skill"][outcome.selected_epoch] for outcome in outcomes]
    return dict(zip((task.name for task in data.tasks), (100 * np.mean(best, axis=0)).tolist(), strict=True))


def affinity_of(data: Development, by: By, seeds: Sequence[int] = range(3)) -> Float[np.ndarray, "t t"]:
    """Return the affinity of the tasks by which a tree of one stage is found."""
    epochs = affinity.epochs_of(RECIPE, data)
    if by == "look_ahead":
        found = look_ahead_affinities(RECIPE, data, seeds, epochs, HYPERPARAMETERS)
    else:
        found = affinity._of_representations(RECIPE, data, seeds, epochs, 128, HYPERPARAMETERS)
    assert found is not None, "no network diverges"
    return found[0]


@dataclass(frozen=True)
class Score:
    """How well affinity tells which tasks serve each other; see the module."""

    sign: float
    rank: float
    regret: float
    chance: float
    best: list[list[str]]
    chosen: list[list[str]]


def score(measured: Measured, affinities: Float[np.ndarray, "t t"]) -> Score:
    """Hold the affinities of tasks against what was measured of all groups."""
    pairs = list(itertools.combinations(range(len(measured.tasks)), 2))
    near = np.array([affinities[pair] for pair in pairs])
    gains = np.array([measured.gain(*(measured.tasks[place] for place in pair)) for pair in pairs])
    (chosen,) = tree_from_affinity(affinities[None], measured.tasks, GROUPS)
    skills = [measured.skill(partition) for partition in measured.possible()]
    best = measured.possible()[int(np.argmax(skills))]
    return Score(
        sign=float(np.mean((near > near.mean()) == (gains > gains.mean()))),
        rank=float(spearmanr(near, gains).statistic),
        regret=max(skills) - measured.skill(chosen),
        chance=max(skills) - float(np.mean(skills)),
        best=best,
        chosen=chosen,
    )


@cache
def task_sets() -> dict[str, Development]:
    """Return the task sets of the table."""
    return {"questions": questions()} | {f"families {seed}": families(seed) for seed in range(3)}


def lines() -> Iterator[str]:
    """Yield one line for each task set and kind of affinity."""
    for name, data in task_sets().items():
        measured = measure(data)
        everything, alone = measured.skill([measured.tasks]), measured.skill([[task] for task in measured.tasks])
        yield f"{name}: mean skill alone {alone:.1f}, all together {everything:.1f}"
        for by in ("representation", "look_ahead"):
            found = score(measured, affinity_of(data, by))
            yield (
                f"  {by:14} sign {found.sign:.2f}, rank {found.rank:+.2f}, regret {found.regret:.2f}, by chance "
                f"{found.chance:.2f}; chosen {found.chosen}, best {found.best}"
            )


if __name__ == "__main__":
    torch.set_num_threads(1)
    for line in lines():
        print(line, flush=True)

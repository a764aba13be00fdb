"""Rotated digits, one angle per task: tasks with inputs of their own, whose numbers of examples differ."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.errors import UserError
from mtl_core.randomness.seeding import generator
from mtl_core.tasks import TaskSource
from mtl_core.tasks.sources.digits import base_digits, deal, development_and_test

QUARTER_TURNS = 4
"""Number of tasks, one for every number of quarter turns."""
FEWEST = 50
"""Smallest number of images of a task; with fewer it might have none in the validation split, which ignores tasks."""


class Rotations(TaskSource):
    """Handwritten digits turned by 0, 90, 180 and 270 degrees: one 10-class task per angle, with digits of its own.

    No digit is seen by two tasks, so a shared network gains examples rather than labels.  Strokes are alike at every
    angle and their positions are not: sharing should help the small tasks, if units are left for the differences.

    Source: D. Lopez-Paz & M. Ranzato, "Gradient episodic memory for continual learning", NeurIPS 2017 (MNIST
    Rotations).

    Differs from the paper: scikit-learn's 8 × 8 digits instead of MNIST; four quarter turns, not twenty angles to 180;
    all tasks are learnt at once, and their sizes differ.  A 6 upside down can look like a 9, but every task has a
    single, known angle.

    Args:
        num_examples: numbers of images to develop on, for each angle; together at most the 1198 that are not for
            testing.
        seed: decides which digits each task sees, and which are for testing.

    Raises:
        UserError: when the numbers are too few or too many.
    """

    def __init__(self, *, num_examples: tuple[int, int, int, int] = (400, 300, 200, 100), seed: int = 0) -> None:
        most = len(development_and_test(seed)[0])
        if len(num_examples) != QUARTER_TURNS or min(num_examples) < FEWEST or sum(num_examples) > most:
            raise UserError(
                "rotations: num_examples",
                f"is {list(num_examples)}.",
                f"Give {QUARTER_TURNS} numbers from {FEWEST} up, together at most {most}.",
            )
        self.num_examples, self.seed = tuple(num_examples), seed

    def build(self) -> TaskSet:
        """Return the task set of turned digits."""
        classes = tuple(str(digit) for digit in range(10))
        tasks = tuple(
            Task(f"turned {90 * turns}", "multiclass", "accuracy", 10, classes) for turns in range(QUARTER_TURNS)
        )
        pool, test = (_examples(parts) for parts in self.parts())
        no_column = torch.zeros(pool.inputs.shape[1], dtype=torch.bool)
        return TaskSet(
            name="rotations",
            development=Development(tasks, pool, standardise=no_column, image=(1, 8, 8), own_inputs=True),
            test=test,
        )

    def parts(self) -> tuple[list[Int[Tensor, " n"]], list[Int[Tensor, " n"]]]:
        """Return the positions of each task's base digits for development, and for testing in equal parts."""
        development, test = development_and_test(self.seed)
        order = torch.randperm(len(development), generator=generator(self.seed, "digits of tasks"))
        chosen = development[order[: sum(self.num_examples)]].split(list(self.num_examples))
        task_of_test = deal(base_digits()[1][test], QUARTER_TURNS, self.seed, "test digits of tasks")
        return [part.sort().values for part in chosen], [test[task_of_test == task] for task in range(QUARTER_TURNS)]


def _examples(parts: list[Int[Tensor, " n"]]) -> Examples:
    images, labels = base_digits()
    targets = torch.full((sum(map(len, parts)), len(parts)), torch.nan)
    task_of_row = torch.repeat_interleave(torch.tensor([len(part) for part in parts]))
    targets[torch.arange(len(targets)), task_of_row] = labels[torch.cat(parts)].float()
    return Examples(torch.cat([turn(images[part], turns).flatten(1) for turns, part in enumerate(parts)]), targets)


def turn(images: Float[Tensor, "b 8 8"], quarter_turns: int) -> Float[Tensor, "b 8 8"]:
    """Return the images turned counter-clockwise by ``quarter_turns`` quarters of a full turn."""
    return images.rot90(quarter_turns, dims=(1, 2))

"""Two digits on one canvas: two tasks that compete for the same units."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.errors import UserError
from mtl_core.randomness.seeding import generator
from mtl_core.tasks import TaskSource
from mtl_core.tasks.sources.digits import base_digits, deal, development_and_test

OFFSET = 4
"""Columns by which the right digit is shifted to the right, so that half of either digit overlaps the other."""
NUM_FOLDS, NUM_TEST_FOLDS = 10, 50
"""Numbers of folds of base digits, for development and for testing.

A fold is a group: it trains or validates as a whole, and test images of one fold are resampled together, because they
share digits.
"""


class MultiDigits(TaskSource):
    """Two overlapping handwritten digits; the left and the right digit are two 10-class tasks.

    Source: S. Sabour, N. Frosst & G. Hinton, "Dynamic routing between capsules", NeurIPS 2017 (MultiMNIST); as a
    two-task problem in O. Sener & V. Koltun, "Multi-task learning as multi-objective optimization", NeurIPS 2018.

    The tasks ask the same kind of question about different pixels, so a narrow shared trunk has to divide its units
    between them: harm is expected there, and little of it in a wide one.

    Differs from the papers: scikit-learn's 8 × 8 digits instead of MNIST; the right digit is moved 4 columns on a
    canvas of 8 × 12 pixels.  Base digits of training, validation and test are disjoint, although training and
    validation are drawn anew for every seed: digits are divided into 10 folds, images are composed within a fold, and
    the split moves whole folds.

    Args:
        num_examples: number of images to develop on.
        num_test: number of images to test on.
        seed: decides which base digits are in which fold, and which are paired.

    Raises:
        UserError: when there are fewer images than folds.
    """

    def __init__(self, *, num_examples: int = 2000, num_test: int = 1000, seed: int = 0) -> None:
        for name, number, least in (("num_examples", num_examples, NUM_FOLDS), ("num_test", num_test, NUM_TEST_FOLDS)):
            if number < least:
                raise UserError(f"multidigits: {name}", f"is {number}.", f"Ask for at least {least}, one per fold.")
        self.num_examples, self.num_test, self.seed = num_examples, num_test, seed

    def build(self) -> TaskSet:
        """Return the task set of composed images."""
        return two_digits("multidigits", self._compose, self.num_examples, self.num_test, self.seed)

    def pairs(self, base: Int[Tensor, " n"], num: int, num_folds: int, stream: str) -> tuple[Tensor, Tensor]:
        """Return the positions of the left and the right base digit ``[num 2]``, and the fold ``[num]``, of images.

        Args:
            base: positions of the base digits to choose from.
            num: number of images.
            num_folds: number of folds; both digits of an image are from one fold.
            stream: name of the random stream.
        """
        fold_of_digit = deal(base_digits()[1][base], num_folds, self.seed, f"{stream} folds")
        random = generator(self.seed, f"{stream} pairs")
        fold_of_image = torch.arange(num) % num_folds
        chosen = torch.empty(num, 2, dtype=torch.int64)
        for fold in range(num_folds):
            members, images = base[fold_of_digit == fold], (fold_of_image == fold).nonzero().squeeze(1)
            chosen[images] = members[torch.randint(len(members), (len(images), 2), generator=random)]
        return chosen, fold_of_image

    def _compose(self, base: Int[Tensor, " n"], num: int, num_folds: int, stream: str) -> Examples:
        digits, labels = base_digits()
        chosen, folds = self.pairs(base, num, num_folds, stream)
        return Examples(
            inputs=blend(digits[chosen[:, 0]], digits[chosen[:, 1]]).flatten(1),
            targets=labels[chosen].float(),
            groups=folds if stream == "development" else folds + NUM_FOLDS,
        )


def blend(left: Float[Tensor, "b 8 8"], right: Float[Tensor, "b 8 8"]) -> Float[Tensor, "b 8 12"]:
    """Return the right digit laid over the left one, ``OFFSET`` columns further right; the brighter pixel is kept."""
    canvas = left.new_zeros(len(left), 2, 8, 8 + OFFSET)
    canvas[:, 0, :, :8] = left
    canvas[:, 1, :, OFFSET:] = right
    return canvas.amax(1)


def two_digits(
    name: str, compose: Callable[[Tensor, int, int, str], Examples], num_examples: int, num_test: int, seed: int
) -> TaskSet:
    """Return a set of two tasks on one canvas, one for each digit; development and test share no base digit.

    Args:
        name: of the task set.
        compose: maps base digits, numbers of images and folds, and a stream's name to images with both labels.
        num_examples: number of images to develop on.
        num_test: number of images to test on.
        seed: of the division into development and test digits.
    """
    development, test = development_and_test(seed)
    classes = tuple(str(digit) for digit in range(10))
    tasks = tuple(Task(f"{side} digit", "multiclass", "accuracy", 10, classes) for side in ("left", "right"))
    pool = compose(development, num_examples, NUM_FOLDS, "development")
    no_column = torch.zeros(pool.inputs.shape[1], dtype=torch.bool)
    return TaskSet(
        name=name,
        development=Development(tasks, pool, standardise=no_column, image=(1, 8, 8 + OFFSET)),
        test=compose(test, num_test, NUM_TEST_FOLDS, "test"),
    )

"""Two digits on mirrored canvases: exchangeable tasks, for which no weighting should beat equal weights."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task_set import Examples, TaskSet
from mtl_core.errors import UserError
from mtl_core.tasks import TaskSource
from mtl_core.tasks.multidigits import NUM_FOLDS, NUM_TEST_FOLDS, MultiDigits, blend, two_digits
from mtl_core.tasks.sources.digits import base_digits


class Symmetric(TaskSource):
    """Two exchangeable tasks: the left and the right one of two overlapping digits, of which the left is mirrored.

    Digits are paired, divided into folds and laid over each other as in ``multidigits``.  The left one is mirrored, and
    for every pair (a, b) there is the pair (b, a) in the same fold.  Mirroring a canvas thus exchanges its digits, so
    mirroring all canvases and exchanging the tasks leaves the examples, and every seed's training split, unchanged.
    For networks that ignore the order of the inputs, the initialisation favours neither task.

    *Why no weighting should win.*  Both tasks have the same distribution.  Whatever weights a method finds, the
    exchanged ones are as good; unless giving up one task for the other pays, the mean skill is largest at equal
    weights.  A method can still lose by fluctuating weights.

    Source: this project, from the parts of ``multidigits``.

    Args:
        num_examples: number of images to develop on, even.
        num_test: number of images to test on, even.
        seed: decides which base digits are in which fold, and which are paired.

    Raises:
        UserError: when a number is odd or too small.
    """

    def __init__(self, *, num_examples: int = 2000, num_test: int = 1000, seed: int = 0) -> None:
        for name, number, folds in (("num_examples", num_examples, NUM_FOLDS), ("num_test", num_test, NUM_TEST_FOLDS)):
            if number < 2 * folds or number % 2:
                remedy = f"Ask for an even number from {2 * folds} up: two for each fold."
                raise UserError(f"symmetric: {name}", f"is {number}.", remedy)
        self.num_examples, self.num_test, self.seed = num_examples, num_test, seed

    def build(self) -> TaskSet:
        """Return the task set of composed images, with every pair in both orders."""
        return two_digits("symmetric", self._compose, self.num_examples, self.num_test, self.seed)

    def _compose(self, base: Tensor, num: int, num_folds: int, stream: str) -> Examples:
        digits, labels = base_digits()
        chosen, folds = MultiDigits(seed=self.seed).pairs(base, num // 2, num_folds, stream)
        chosen, folds = torch.cat([chosen, chosen.flip(1)]), folds.repeat(2)
        return Examples(
            inputs=facing(digits[chosen[:, 0]], digits[chosen[:, 1]]).flatten(1),
            targets=labels[chosen].float(),
            groups=folds if stream == "development" else folds + NUM_FOLDS,
        )


def facing(left: Float[Tensor, "b 8 8"], right: Float[Tensor, "b 8 8"]) -> Float[Tensor, "b 8 12"]:
    """Return both digits on one canvas, the left one mirrored; exchanging the digits mirrors the canvas."""
    return blend(left.flip(2), right)

"""Two digits on one canvas that mirrors itself: exchangeable tasks, of which no weighting can favour the right one."""

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
    """Two overlapping digits, the left one in mirror writing; which digit is left, which is right?

    Digits are met, dealt into folds and laid over each other as in ``multidigits``.  The left one is mirrored, and for
    every pair (a, b) there is the pair (b, a) in the same fold: to mirror a canvas is to exchange its digits, so the
    examples, and every seed's training split, are what they were after mirroring all canvases and exchanging the
    tasks.  Networks whose inputs have no order are as likely to begin with one as with the other.

    *Why no weighting should win.*  What is true of one task is true of the other, in distribution.  Whatever weights a
    method arrives at, the exchanged ones are as good; unless giving one task up for the other pays, the mean of skills
    has its top in the middle, at equal weights.  A method can still lose, by wandering.

    Source: the set is our own; multidigits names where its parts are from.

    Args:
        num_examples: images to develop on, an even number.
        num_test: images to test on, an even number.
        seed: which base digits are met where, and paired with which.
    """

    def __init__(self, *, num_examples: int = 2000, num_test: int = 1000, seed: int = 0) -> None:
        for name, number, folds in (("num_examples", num_examples, NUM_FOLDS), ("num_test", num_test, NUM_TEST_FOLDS)):
            if number < 2 * folds or number % 2:
                remedy = f"Ask for an even number from {2 * folds} up: two for each fold."
                raise UserError(f"symmetric: {name}", f"is {number}.", remedy)
        self.num_examples, self.num_test, self.seed = num_examples, num_test, seed

    def build(self) -> TaskSet:
        """Compose the images, every pair both ways."""
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
    """Both digits on one canvas, the left one mirrored; exchanging them mirrors the canvas."""
    return blend(left.flip(2), right)

"""Three questions about one handwritten digit: related tasks on a small real data set."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.errors import UserError
from mtl_core.randomness.seeding import generator
from mtl_core.tasks import TaskSource
from mtl_core.tasks.sources.digits import base_digits, development_and_test

FEWEST = 50


class Digits3(TaskSource):
    """Three related tasks on handwritten digits: parity, five or more, and the remainder modulo three.

    Every task groups the same ten classes, so features that distinguish digits serve all three, and every label has
    information that the other two lack: a small benefit of sharing, or none, is expected.

    Source: E. Alpaydin & C. Kaynak, "Optical recognition of handwritten digits", UCI 1998, as scikit-learn ships it
    (1797 images of 8 × 8 pixels; one image is one example, a third of them is the test split).

    Args:
        num_examples: images to develop on, at most the 1198 that are not for testing.
        seed: decides which images are for testing.

    Raises:
        UserError: when ``num_examples`` is out of range.
    """

    def __init__(self, *, num_examples: int = 1198, seed: int = 0) -> None:
        most = len(development_and_test(seed)[0])
        if not FEWEST <= num_examples <= most:
            raise UserError("digits3: num_examples", f"is {num_examples}.", f"Choose {FEWEST} to {most}.")
        self.num_examples, self.seed = num_examples, seed

    def build(self) -> TaskSet:
        """Return the task set, whose three targets are derived from the digit."""
        base, test = development_and_test(self.seed)
        kept = torch.randperm(len(base), generator=generator(self.seed, "kept digits"))[: self.num_examples]
        tasks = (
            Task("parity", "binary", "accuracy", 2, ("even", "odd")),
            Task("five or more", "binary", "accuracy", 2, ("below five", "five or more")),
            Task("modulo three", "multiclass", "accuracy", 3, ("0", "1", "2")),
        )
        pool = _examples(base[kept.sort().values])
        no_column = torch.zeros(pool.inputs.shape[1], dtype=torch.bool)
        return TaskSet(
            "digits3", Development(tasks, pool, standardise=no_column, image=(1, 8, 8)), test=_examples(test)
        )


def _examples(base: Int[Tensor, " n"]) -> Examples:
    images, labels = base_digits()
    return Examples(images[base].flatten(1), targets_of(labels[base]))


def targets_of(digits: Int[Tensor, " n"]) -> Float[Tensor, "n 3"]:
    """Return parity, five or more, and the remainder modulo three of every digit, as class numbers."""
    return torch.stack([digits % 2, digits >= 5, digits % 3], dim=1).float()

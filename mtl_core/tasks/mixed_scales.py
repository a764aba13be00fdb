"""Four tasks that need the same features and whose losses differ in size and in speed."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.errors import UserError
from mtl_core.randomness.seeding import generator
from mtl_core.tasks import TaskSource
from mtl_core.tasks.sources.directions import correlations, orthonormal, standardised

NUM_INPUTS, NUM_FEATURES, STEEPNESS = 12, 4, 1.5
CLEAN_NOISE, NOISY_NOISE, RARE_NOISE = 0.05, 2.0, 0.3
RARE_SHARE = 0.04
BOUNDS = {"num_examples": (200, 1_000_000), "num_test": (200, 1_000_000)}


class MixedScales(TaskSource):
    """Four tasks on the same features whose losses differ in scale: two regressions, a rare event, sixteen classes.

    With x of twelve standard normal inputs, orthonormal p_k, f_k = tanh(1.5 p_k x), and for each task but the last
    a mixture s_i = sum_k a_ik f_k, a_ik standard normal, made standard:

        clean:  s_1 + 0.05 noise                               squared error: from 1 to a few thousandths
        noisy:  s_2 + 2 noise                                  squared error: from 1 to 0.8, and never below
        rare:   the upper 4% of s_3 + 0.3 noise, a binary task log loss: begins at 0.7, of which 0.17 is the base rate
        many:   the signs of the four p_k x, 16 classes        log loss: from 2.8

    *Why weights may matter.*  Even on standardised targets the final losses differ by a factor of ten (width 16) to a
    hundred.  ``noisy`` still has gradients, mostly noise, when those of ``clean`` have vanished, and ``many`` has most
    of the sum at first and is learnt last.  *Why they may not.*  All four tasks need the same features, so features
    that one task learns serve the others, whichever task dominates the trunk.

    Source: this project; the form of the tasks is that of ``demo``.

    Args:
        num_examples: number of examples to develop on.
        num_test: number of examples to test on.
        seed: of directions, mixtures, examples and noise.

    Raises:
        UserError: when a number is out of range.
    """

    def __init__(self, *, num_examples: int = 1200, num_test: int = 2000, seed: int = 0) -> None:
        for name, number in (("num_examples", num_examples), ("num_test", num_test)):
            low, high = BOUNDS[name]
            if not low <= number <= high:
                raise UserError(f"mixed_scales: {name}", f"is {number}.", f"Choose {low} to {high}.")
        self.num_examples, self.num_test, self.seed = num_examples, num_test, seed

    def build(self) -> TaskSet:
        """Return the task set; development and test examples come from one draw, so their scales agree."""
        sizes = [self.num_examples, self.num_test]
        inputs = self._normal("inputs", sum(sizes), NUM_INPUTS)
        projected = inputs @ orthonormal(NUM_INPUTS, NUM_FEATURES, generator(self.seed, "directions"))
        mixtures = self._normal("mixtures", NUM_FEATURES, 3)
        noise = torch.tensor([CLEAN_NOISE, NOISY_NOISE, RARE_NOISE]) * self._normal("noise", sum(sizes), 3)
        clean, noisy, score = (standardised(torch.tanh(STEEPNESS * projected) @ mixtures) + noise).unbind(1)
        rare = score > score[: self.num_examples].quantile(1 - RARE_SHARE)
        many = ((projected > 0) * 2 ** torch.arange(NUM_FEATURES)).sum(dim=1)
        targets = torch.stack([clean, noisy, rare.double(), many.double()], dim=1)
        (x, x_test), (y, y_test) = inputs.float().split(sizes), targets.float().split(sizes)
        tasks = (
            Task("clean", "regression", "mse"),
            Task("noisy", "regression", "mse"),
            Task("rare", "binary", "log_loss", 2, ("usual", "rare")),
            Task("many", "multiclass", "accuracy", 2**NUM_FEATURES),
        )
        return TaskSet(
            name="mixed_scales",
            development=Development(tasks, Examples(x, y), standardise=torch.ones(NUM_INPUTS, dtype=torch.bool)),
            test=Examples(x_test, y_test),
            truth={
                "best_skill": {"clean": 1 / (1 + CLEAN_NOISE**2), "noisy": 1 / (1 + NOISY_NOISE**2), "many": 1.0},
                "label_correlation": correlations(targets[:, :3]),
            },
        )

    def _normal(self, stream: str, num_rows: int, num_columns: int) -> Float[Tensor, "n m"]:
        return torch.randn(num_rows, num_columns, generator=generator(self.seed, stream), dtype=torch.float64)

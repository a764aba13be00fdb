"""Classification and restoration of half-hidden digits: two tasks whose gradients differ in size."""

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


class Asymmetric(TaskSource):
    """Two tasks on half-hidden digits: classify the digit, and restore all pixels of its image.

    An image x of 64 pixels in 0 … 1 is seen as x · m, with m_p ~ Bernoulli(1 − hidden), drawn once for every image.

        class:  which of ten digits            cross entropy, accuracy
        image:  x, a vector of 64 numbers      squared error, mean over pixels; its skill is the variance explained

    *Why weights should matter.*  The two losses are of like size and their gradients are not: an error of the image
    reaches the trunk as (2/d) Σ_p e_p w_p, a mean over d pixels whose errors differ in sign, the error of a class as
    it is.  In a trunk of width 16 the class gradient is 2.5 times the image gradient after the first epoch and four
    times after twenty.  With equal weights the classification therefore rules the trunk, which then keeps what tells
    digits apart and has few units left for what they look like: images have some twenty directions of sizeable
    variance, and sixteen units cannot serve both.  A skill counts as much for one task as for the other, whatever
    their gradients.

    Source: P. Vincent, H. Larochelle, Y. Bengio & P.-A. Manzagol, "Extracting and composing robust features with
    denoising autoencoders", ICML 2008, for the masks; E. Alpaydin & C. Kaynak, "Optical recognition of handwritten
    digits", UCI 1998, as scikit-learn ships it, for the digits (one image is one example, a third of them is the test
    split).

    Differs from the paper: masks are drawn once, so that every epoch and every seed sees the same views; the loss is
    the squared error.

    Args:
        num_examples: images to develop on, at most the 1198 that are not for testing.
        hidden: share of the pixels that is hidden, from 0 to below 1.
        seed: decides which images are for testing, and which pixels are hidden.

    Raises:
        UserError: when a number is out of range.
    """

    def __init__(self, *, num_examples: int = 1198, hidden: float = 0.5, seed: int = 0) -> None:
        most = len(development_and_test(seed)[0])
        if not FEWEST <= num_examples <= most:
            raise UserError("asymmetric: num_examples", f"is {num_examples}.", f"Choose {FEWEST} to {most}.")
        if not 0 <= hidden < 1:
            raise UserError("asymmetric: hidden", f"is {hidden}.", "Choose a share from 0 to below 1.")
        self.num_examples, self.hidden, self.seed = num_examples, hidden, seed

    def build(self) -> TaskSet:
        """Return the task set of masked images."""
        base, test = development_and_test(self.seed)
        kept = torch.randperm(len(base), generator=generator(self.seed, "kept digits"))[: self.num_examples]
        pool = self._examples(base[kept.sort().values])
        num_pixels = pool.inputs.shape[1]
        tasks = (
            Task("class", "multiclass", "accuracy", 10, tuple(str(digit) for digit in range(10))),
            Task("image", "regression", "mse", num_targets=num_pixels),
        )
        no_column = torch.zeros(num_pixels, dtype=torch.bool)
        return TaskSet(
            "asymmetric",
            Development(tasks, pool, standardise=no_column, image=(1, 8, 8)),
            test=self._examples(test),
        )

    def _examples(self, base: Int[Tensor, " n"]) -> Examples:
        images, digits = base_digits()
        clean = images[base].flatten(1)
        return Examples(self._seen(clean.shape[1])[base] * clean, torch.cat([digits[base, None].float(), clean], 1))

    def _seen(self, num_pixels: int) -> Float[Tensor, "n p"]:
        """Visible pixels of every image, drawn for all images so that a smaller pool has the same masks."""
        numbers = torch.rand(len(base_digits()[0]), num_pixels, generator=generator(self.seed, "hidden pixels"))
        return (numbers >= self.hidden).float()

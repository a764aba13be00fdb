"""Where the inner products of the task gradients come from, and how the weights then combine the gradients.

The products are those of the gradients by all shared parameters, by the last shared stage, by the representation, or by
all shared parameters on a part of the batch.  The step itself is along the gradients by all shared parameters on the
whole batch, whatever the products.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.gradients.batch_passes import Batch, BatchPasses
from mtl_core.gradients.cotangents import gramian
from mtl_core.gradients.task_gradients import CutPass, TaskPass
from mtl_core.recipe import Recipe


class GramianSource(ABC):
    """The inner products of one step, and the combination of the task gradients by weights."""

    task_pass: TaskPass
    """Pass of the whole batch."""
    gramian: Float[Tensor, "r t t"]
    """Inner products of the task gradients."""
    seen: Bool[Tensor, "r t"]
    """Present tasks whose gradients these are; the products of the others are 0 and say nothing of them."""

    @abstractmethod
    def combined(self, weights: Float[Tensor, "r t"]) -> Float[Tensor, "r q"]:
        """Return Σ w_i g_i on the shared parameters."""


def source_of(recipe: Recipe, passes: BatchPasses, batch: Batch) -> GramianSource:
    """Return the inner products that a recipe asks for, on one batch.

    Args:
        recipe: says by what gradients are taken, and on how many examples.
        passes: runs the passes.
        batch: the examples.
    """
    if recipe.gramian_rows is not None:
        return FromRows(passes, batch, recipe.gramian_rows)
    if recipe.gradients == "representation":
        return FromRepresentation(passes, batch)
    if recipe.gradients == "last_stage":
        return FromLastStage(passes, batch)
    return FromParameters(passes, batch)


class FromParameters(GramianSource):
    """Products of the gradients by all shared parameters, which are kept to be combined.

    Args:
        passes, batch: as for :func:`source_of`.
    """

    def __init__(self, passes: BatchPasses, batch: Batch) -> None:
        self.task_pass = passes.task_gradients(batch)
        self._jacobian = passes.jacobian(self.task_pass)
        self.gramian, self.seen = gramian(self._jacobian), passes.shared.users_among(batch.present)

    def combined(self, weights: Float[Tensor, "r t"]) -> Float[Tensor, "r q"]:
        return torch.bmm(weights.unsqueeze(1), self._jacobian).squeeze(1)


class _FromCut(GramianSource):
    """Products of other gradients: one backward pass combines those of the step, without the single ones."""

    def __init__(self, cut: CutPass) -> None:
        self.task_pass = self._cut = cut

    def combined(self, weights: Float[Tensor, "r t"]) -> Float[Tensor, "r q"]:
        return self._cut.combined(weights)


class FromLastStage(_FromCut):
    """Products of the gradients by the parameters of the last shared stage.

    Args:
        passes, batch: as for :func:`source_of`.
    """

    def __init__(self, passes: BatchPasses, batch: Batch) -> None:
        super().__init__(passes.cut(batch))
        stage = passes.last_shared_stage
        self.gramian, self.seen = gramian(self._cut.on(stage)), stage.users_among(batch.present)


class FromRepresentation(_FromCut):
    """Products of the gradients by the representation that all tasks read.

    Args:
        passes, batch: as for :func:`source_of`.
    """

    def __init__(self, passes: BatchPasses, batch: Batch) -> None:
        super().__init__(passes.cut(batch))
        self.gramian, self.seen = self._cut.at_z.gramian(), batch.present


class FromRows(_FromCut):
    """Products of the gradients on the first examples of a batch, an estimate of those on all of it.

    Args:
        passes, batch: as for :func:`source_of`.
        examples: number of these examples.
    """

    def __init__(self, passes: BatchPasses, batch: Batch, examples: int) -> None:
        first = batch.first(examples)
        self.gramian = gramian(passes.task_gradients(first, passes.with_copied_buffers()).jacobian)
        super().__init__(passes.cut(batch))
        labelled, users = passes.labelled(first), passes.shared.users_among(batch.present)
        self.seen = users if labelled is None else users & labelled

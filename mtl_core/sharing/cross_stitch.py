"""Networks side by side that mix their activations."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Theta, mutual, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.sharing import Chain, Sharing, run, share
from mtl_core.sharing.blocks.stitching import ChannelStitch, Stitch, own_examples


class CrossStitch(Sharing):
    """Every task has a network; after each stage the networks' activations are mixed linearly by learned weights.

    After stage l ≤ k = ``depth``: h_i ← Σ_j A^l_ij h_j, where h_j is the output of task j's copy of the stage and A^l
    is learned, one number for a pair of tasks or one for every feature.  It starts with .9 for a task's own signal and
    .1/(T − 1) for each other.  With the identity for A^l this is ``independent``; with equal rows it is ``hard``.

    Source: I. Misra, A. Shrivastava, A. Gupta & M. Hebert, "Cross-stitch networks for multi-task learning", CVPR 2016.

    Differs from the paper: stages start at random rather than from networks that were trained on one task each, A has
    the common learning rate rather than a larger one, and a matrix serves all features unless ``per_channel``.  The
    paper's tasks see the same images; where they have inputs of their own, every copy sees all tasks' examples (T times
    the work, and statistics over a batch are those of all), for only activations of one example can be mixed.

    Args:
        per_channel: whether every feature has a matrix A^l of its own, as in the paper's experiments.
    """

    def __init__(self, backbone: Backbone, tasks: Sequence[str], depth: int, *, per_channel: bool = False) -> None:
        super().__init__(backbone, tasks, depth)
        self.stages = [backbone.stage(level, mutual(tasks)) for level in range(depth)]
        self.stitches = [self._stitch(level, per_channel) for level in range(depth)]
        self.towers = Chain(backbone, range(depth, backbone.num_stages), private(tasks))
        mixed = zip(self.stages, self.stitches, strict=True)
        self.parts = (*(part for pair in mixed for part in pair), self.towers)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        h, joint = share(self.backbone.enter(x)), context.joining(x.shape[1])
        for stage, stitch in zip(self.stages, self.stitches, strict=True):
            h = stitch(theta, run(stage, theta, h, joint))
        return own_examples(h, x.shape[1])

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        choice = recipe.sharing_options.get("per_channel", False)
        if not isinstance(choice, bool):
            return f"per_channel is true or false, found {choice!r}"
        return super().why_infeasible(recipe, development)

    def _stitch(self, level: int, per_channel: bool) -> Stitch | ChannelStitch:
        last = level == len(self.stages) - 1  # behind the last mixture, a row is for its task alone
        copies, axis = (private if last else mutual)(self.tasks), self.backbone.feature_axis
        if per_channel:
            return ChannelStitch(f"stitch{level}", copies, self.backbone.channels_at(level), axis)
        return Stitch(f"stitch{level}", copies, feature_axis=axis)

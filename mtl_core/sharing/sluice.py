"""Sluice networks: cross-stitch between sub-spaces, and task-specific mixtures of the stages' outputs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Affine, Backbone, backbone_of
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Theta, mutual, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.layers.sum_of_parts import sum_of_parts
from mtl_core.recipe import Recipe
from mtl_core.search_space import LogUniform
from mtl_core.sharing import Chain, Sharing, run, share, unadaptable
from mtl_core.sharing.blocks.stitching import LayerMixture, Stitch, own_examples


class Sluice(Sharing):
    """Cross-stitch between sub-spaces of the features; each task also mixes the stages' outputs (sluice network).

    The features of every stage l ≤ k = ``depth`` fall into s = ``subspaces`` groups, and after it
    h_i,a ← Σ_jb A^l_ia,jb h_j,b over tasks j and groups b.  What follows takes h_i = Σ_l≤k β_il h_i^l, pooled to the
    places of stage k.  So that groups learn different things, the objective has λ Σ ‖W_a W_bᵀ‖² over tasks, stages and
    pairs a < b, with W_a the rows of a stage's last weight matrix that compute group a, and λ = ``orthogonality``.

    Source: S. Ruder, J. Bingel, I. Augenstein & A. Søgaard, "Latent multi-task architecture learning", AAAI 2019
    (arXiv:1705.08142, first called "Sluice networks").

    Differs from the paper: stages need not be recurrent, and of a stage only the last weight matrix is kept orthogonal;
    A starts with .9 for a group's own signal and .1/(Ts − 1) for each other, β with .9 for the last stage (the paper
    tries several starts); affine maps bring stages of other channel counts to the last one's.  Where tasks have inputs
    of their own, every copy sees all tasks' examples, as in ``cross_stitch``.

    Args:
        subspaces: number of groups of features, s; with 1 there is no penalty.
        orthogonality: strength λ of the penalty.
    """

    def __init__(
        self,
        backbone: Backbone,
        tasks: Sequence[str],
        depth: int,
        *,
        subspaces: int = 2,
        orthogonality: Annotated[float, LogUniform(1e-4, 1.0)] = 0.01,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.subspaces, self.orthogonality = subspaces, orthogonality
        axis, own = backbone.feature_axis, private(tasks)
        self.stages = [backbone.stage(level, mutual(tasks)) for level in range(depth)]
        self.stitches = [
            Stitch(f"stitch{level}", mutual(tasks) if level < depth - 1 else own, subspaces, axis)
            for level in range(depth)
        ]
        self.mixture = LayerMixture("mixture", own, [backbone.channels_at(level) for level in range(depth)], axis)
        self.towers = Chain(backbone, range(depth, backbone.num_stages), own)
        mixed = zip(self.stages, self.stitches, strict=True)
        self.parts = (*(part for pair in mixed for part in pair), self.mixture, self.towers)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        h, joint = share(self.backbone.enter(x)), context.joining(x.shape[1])
        outputs, last = [], len(self.stages) - 1
        for stage, stitch in zip(self.stages, self.stitches, strict=True):
            h = stitch(theta, run(stage, theta, h, joint))
            outputs.append(self.backbone.fit_to(own_examples(h, x.shape[1]), last))
        if context.training and self.subspaces > 1:
            overlaps = [overlap(theta, stage.layers[-1], self.subspaces) for stage in self.stages]
            context.penalties.append(self.option("orthogonality", context, 1) * sum_of_parts(overlaps))
        return self.mixture(theta, outputs)

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        reason = super().why_infeasible(recipe, development) or unadaptable(recipe)
        if reason:
            return reason
        parts = recipe.sharing_options.get("subspaces", 2)
        if isinstance(parts, bool) or not isinstance(parts, int) or parts < 1:
            return f"subspaces must be a whole number from 1, found {parts!r}"
        backbone = backbone_of(recipe, development.shape)
        odd = [backbone.channels_at(level) for level in range(recipe.depth or 0)]
        odd = [channels for channels in odd if channels % parts]
        return f"{odd[0]} features do not fall into {parts} sub-spaces of one size" if odd else None


def overlap(theta: Theta, layer: Affine, subspaces: int) -> Float[Tensor, " r"]:
    """Return Σ ‖W_a W_bᵀ‖² of each row, over a layer's copies and the pairs of sub-spaces of its outputs."""
    weight = theta[layer.weight]
    by_output = weight.movedim(-1, 2) if layer.feature_axis == -1 else weight
    replicas, copies, outputs = by_output.shape[:3]
    groups = by_output.reshape(replicas * copies, subspaces, outputs // subspaces, -1).unbind(1)
    products = [one.bmm(other.transpose(1, 2)) for one, other in combinations(groups, 2)]
    return torch.stack(products, dim=1).view(replicas, -1).square().sum(dim=1)

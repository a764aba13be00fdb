"""A backbone made of the user's own modules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from mtl_core.backbones import Backbone, Stage
from mtl_core.backbones.user_modules.bank import ModuleBank, VmapSupport
from mtl_core.backbones.user_modules.compatibility import describe, vmap_support
from mtl_core.backbones.user_modules.factory import Maker, maker
from mtl_core.errors import UserError
from mtl_core.layers.bank import Copy
from mtl_core.recipe import Recipe

_POOLS = {1: functional.adaptive_avg_pool1d, 2: functional.adaptive_avg_pool2d, 3: functional.adaptive_avg_pool3d}


class Custom(Backbone):
    """The stages are the user's own ``torch.nn.Module`` classes, one for each stage.

    A stage maps [b, …] to [b, features, …]; the first one reads columns [b, d] or images [b, ch, h, w], and the heads
    read the last one's output, flattened.  All copies run in one batch where ``torch.func.vmap`` supports the module
    and no replica's bits depend on the others; otherwise they run one after another.

    Parameters are trained; floating-point and integer buffers belong to the replica.  A module that draws random
    numbers in training, such as ``torch.nn.Dropout``, draws them from the replica's own stream, for the whole batch of
    a copy at once: where a copy takes the signals of several tasks, they depend on the order of the tasks.  The tuned
    dropout rate does not reach it.  A path is imported wherever the network is built, and so must be importable there:
    ``python -m study`` searches the current directory, the script ``mtl-study`` needs ``PYTHONPATH=.``.  A study that
    is resumed notices that the file of a path has changed, and not what that file imports.

    Args:
        inputs: shape of an example: ``(columns,)``, or ``(channels, height, width)``.
        stages: number of stages.
        width: passed to factories that have an argument of this name.
        modules: one for each stage: dotted paths ``package.module:name``, or in Python also modules and factories, see
            :func:`mtl_core.backbones.user_modules.factory.maker`.
    """

    feature_axis = 3
    adaptable: ClassVar[bool] = False
    draws_streams: ClassVar[bool] = True
    follows_precision: ClassVar[bool] = False

    def __init__(self, inputs: Sequence[int], stages: int, width: int, *, modules: tuple[Any, ...] = ()) -> None:
        super().__init__(inputs, stages, width, modules=tuple(modules))
        self._stages = _stages(tuple(modules), inputs, stages, width)

    def stage(self, level: int, copies: tuple[Copy, ...]) -> Stage:
        return ModuleBank(f"stage{level}", copies, *self._stages[level])

    @property
    def num_features(self) -> int:
        return math.prod(self._shape(self.num_stages - 1))

    def enter(self, x: Float[Tensor, "r c b d"]) -> Float[Tensor, "r c b *i"]:
        return x.reshape(*x.shape[:3], *self.inputs)

    def leave(self, h: Float[Tensor, "r c b *f"]) -> Float[Tensor, "r c b d"]:
        return h.flatten(3)

    def channels_at(self, level: int) -> int:
        return self._shape(level)[0]

    def fit_to(self, h: Float[Tensor, "r c b *f"], level: int) -> Float[Tensor, "r c b *f"]:
        places, wanted = h.shape[4:], self._shape(level)[1:]
        if places == wanted:
            return h
        if len(places) == len(wanted) and len(places) in _POOLS:
            return _POOLS[len(places)](h.flatten(0, 2), wanted).view(*h.shape[:4], *wanted)
        mean = h.flatten(4).mean(dim=4) if places else h
        return mean.view(*h.shape[:4], *[1] * len(wanted)).expand(*h.shape[:4], *wanted)

    def remarks(self) -> tuple[str, ...]:
        sentences = ["The tuned dropout rate does not reach a user's own modules; they may hold torch.nn.Dropout."]
        for number, (stage_maker, support) in enumerate(self._stages, 1):
            label = stage_maker.label
            sentences += describe(label, number, support)
            if stage_maker.given:
                sentences.append(f"Stage {number} ({label}) starts from the weights it was given, whatever the seed.")
        return tuple(sentences)

    @classmethod
    def why_infeasible(cls, recipe: Recipe, inputs: Sequence[int]) -> str | None:
        try:
            _stages(tuple(recipe.backbone_options.get("modules", ())), inputs, recipe.stages, recipe.width)
        except UserError as mistake:
            return str(mistake)
        return None

    def _shape(self, level: int) -> tuple[int, ...]:
        return self.inputs if level < 0 else self._stages[level][1].outputs


def _stages(
    modules: tuple[Any, ...], inputs: Sequence[int], stages: int, width: int
) -> list[tuple[Maker, VmapSupport]]:
    """How to build every stage, and whether ``vmap`` can run it.

    Raises:
        UserError: when the number of modules is wrong or one of them cannot be a stage.
    """
    if len(modules) != stages:
        found = f"{len(modules)} for {stages} stages." if modules else "none."
        raise UserError("custom: modules", found, "Name one module for each stage, as package.module:name.")
    chain, shape = [], tuple(inputs)
    for number, entry in enumerate(modules, 1):
        where = f"custom: stage {number}"
        support = vmap_support(entry, where, shape, width, torch.get_default_dtype())
        chain.append((maker(entry, where, shape, width), support))
        shape = support.outputs
    return chain

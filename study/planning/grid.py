"""From the levels of a study file to its arms."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from analysis.records.unshared import SINGLE_TASK
from mtl_core.registry import find
from study.config.sections import Factors
from study.planning.arm import INDEPENDENT, PARAMETERS, Arm


def arms_of(factors: Factors) -> list[Arm]:
    """Return every combination of levels as an arm, each once, whether or not it can exist."""
    levels = itertools.product(
        factors.sharing, factors.stages, factors.width, factors.backbone, factors.weighting, factors.scale,
        factors.optimiser, factors.train_fraction,
    )  # fmt: skip
    arms = [
        Arm(sharing, depth, stages, width, backbone, weighting, scale, gradients, rows, optimiser, fraction)
        for sharing, stages, width, backbone, weighting, scale, optimiser, fraction in levels
        for depth in _depths(sharing, stages, factors.depth)
        for gradients, rows in _products(weighting, factors)
    ]
    return list(dict.fromkeys(arm.each() if arm.is_single_task else arm for arm in arms))


def _products(weighting: str, factors: Factors) -> list[tuple[str, int | None]]:
    """Where a method takes inner products of task gradients, and on how many examples.

    At the representation they cost next to nothing on all.
    """
    if find("weighting", weighting).cls.needs == "losses":
        return [(PARAMETERS, None)]
    rows = [None if level == "all" else level for level in factors.gramian_rows]
    return [
        (gradients, number)
        for gradients in factors.gradients
        for number in (rows if gradients == PARAMETERS else [None])
    ]


def _depths(sharing: str, stages: int, depths: str | Sequence[int]) -> Sequence[int | None]:
    if sharing == SINGLE_TASK:
        return (None,)
    if sharing == INDEPENDENT:
        return (0,)
    if not find("sharing", sharing).cls.uses_depth:
        return (None,)
    return range(1, stages + 1) if isinstance(depths, str) else depths

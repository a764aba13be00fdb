"""From the levels of a study file to its arms, and to what a replica may spend."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from mtl_core.registry import find
from study.arms import INDEPENDENT, SINGLE_TASK, Arm
from study.replicas import Budget
from study.spec import Factors, Spec


def budget_of(spec: Spec, phase: str) -> Budget:
    """What a replica of ``phase`` may spend, and what all replicas have in common."""
    training = spec.training
    return Budget(
        epochs=training.epochs,
        batch_size=training.batch_size,
        patience=training.patience if phase == "search" else None,
        schedule=training.schedule,
        backbone_options=training.backbone_options,
        sharing_options=training.sharing_options,
        weighting_options=training.weighting_options,
        tasks_per_step=training.tasks_per_step,
        sampling=training.sampling,
        probes=0 if phase == "search" else spec.diagnostics.gradients,
    )


def arms_of(factors: Factors) -> list[Arm]:
    """Every combination of levels, each once, whether or not it can exist."""
    levels = itertools.product(
        factors.sharing, factors.stages, factors.width, factors.backbone, factors.weighting, factors.scale,
        factors.optimiser, factors.train_fraction,
    )  # fmt: skip
    arms = [
        Arm(sharing, depth, stages, width, backbone, weighting, scale, optimiser, fraction)
        for sharing, stages, width, backbone, weighting, scale, optimiser, fraction in levels
        for depth in _depths(sharing, stages, factors.depth)
    ]
    return list(dict.fromkeys(arm.each() if arm.is_single_task else arm for arm in arms))


def _depths(sharing: str, stages: int, asked: str | Sequence[int]) -> Sequence[int | None]:
    if sharing == SINGLE_TASK:
        return (None,)
    if sharing == INDEPENDENT:
        return (0,)
    if not find("sharing", sharing).cls.uses_depth:
        return (None,)
    return range(1, stages + 1) if isinstance(asked, str) else asked

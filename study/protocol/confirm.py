"""Confirm: selected draws again with fresh paired seeds, then the choice of the recommended arm on validation skill."""

from __future__ import annotations

import math
from typing import Any

from analysis.selection import choose_arm, rank_draws
from mtl_core.errors import UserError
from study.execution.scheduler import Parallel, Steps
from study.planning.arm import Arm
from study.protocol.context import StudyContext
from study.protocol.divergence import ends_here
from study.protocol.select import Selected


def confirm(context: StudyContext, selected: Selected) -> Steps:
    """Train the arms to confirm for all epochs: every arm, or the best K, the references and all baselines."""
    labels = _labels(context, selected)
    yield Parallel([train_fresh_seeds(context, arm, "confirm", selected) for arm in context.arms(labels)])
    return labels


def train_fresh_seeds(context: StudyContext, arm: Arm, phase: str, selected: Selected) -> Steps:
    """Train ``arm`` at its selected draws with the seeds of ``phase``."""
    yield context.training_jobs(phase, context.keyed(context.plan.replicas(arm, phase, selected[arm.label])))


def choose(context: StudyContext, labels: list[str]) -> dict[str, Any] | None:
    """Return the recommended arm, and write it to the ledger before it is judged; ``None`` where all arms diverged.

    Raises:
        UserError: when no confirmed arm can be recommended for another reason.
    """
    frozen = context.ledger.frozen("arm")
    if frozen is not None:
        return frozen
    try:
        choice = choose_arm(context.archive.of_phase("confirm"), candidates=labels)
    except ValueError as error:
        if ends_here(context, "confirm"):
            return None
        raise UserError(str(context.directory), str(error), "Look at the failures that status lists.") from error
    table = [{name: _plain(value) for name, value in row.items()} for row in choice.table.to_dict("records")]
    value = {
        "arm": choice.arm,
        "best": choice.best,
        "eligible": list(choice.eligible),
        "validation": _plain(choice.skill),
        "table": table,
    }
    return context.freeze("arm", value)


def _labels(context: StudyContext, selected: Selected) -> list[str]:
    planned = [arm for arm in context.plan.arms if arm.label in selected]
    most = context.plan.spec.confirm.arms
    candidates = [arm.label for arm in planned if arm in context.plan.candidates]
    if most == "all" or most >= len(candidates):
        return [arm.label for arm in planned]
    ranked = rank_draws(context.archive.of_phase("search"))
    first = ranked[(ranked["rank"] == 0) & ranked["arm"].isin(candidates)]
    skills = sorted(zip(-first["skill"], first["arm"], strict=True))
    best = {arm for _, arm in skills[:most]}
    references = {arm.label for arm in planned if arm == context.plan.fully_shared(arm)}
    keep = best | references | {arm.label for arm in context.plan.baselines}
    return [arm.label for arm in planned if arm.label in keep]


def _plain(value: Any) -> Any:
    """A number as JSON has it: ``None`` where it is not finite."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value

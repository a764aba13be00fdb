"""Confirm: selected draws again with fresh paired seeds, then the choice of the recommended arm on validation skill."""

from __future__ import annotations

import math
from typing import Any

from analysis.selection import choose_arm, rank_draws
from mtl_core.errors import Mistake
from study.execution.scheduler import Steps, Together
from study.planning.arm import Arm
from study.protocol.context import Desk
from study.protocol.select import Selected


def confirm(desk: Desk, selected: Selected) -> Steps:
    """Train the arms to confirm for all epochs: every arm, or the best K, the references and all baselines."""
    labels = _labels(desk, selected)
    yield Together([fresh(desk, arm, "confirm", selected) for arm in desk.arms(labels)])
    return labels


def fresh(desk: Desk, arm: Arm, phase: str, selected: Selected) -> Steps:
    """Train ``arm`` at its selected draws with the seeds of ``phase``."""
    yield desk.shards(phase, desk.keyed(desk.plan.replicas(arm, phase, selected[arm.label])))


def choose(desk: Desk, labels: list[str]) -> dict[str, Any]:
    """The recommended arm, frozen before it is judged."""
    frozen = desk.ledger.frozen("arm")
    if frozen is not None:
        return frozen
    try:
        choice = choose_arm(desk.archive.of_phase("confirm"), candidates=labels)
    except ValueError as error:
        raise Mistake(str(desk.directory), str(error), "Look at the failures that status lists.") from error
    table = [{name: _plain(value) for name, value in row.items()} for row in choice.table.to_dict("records")]
    value = {
        "arm": choice.arm,
        "best": choice.best,
        "eligible": list(choice.eligible),
        "validation": _plain(choice.skill),
        "table": table,
    }
    return desk.freeze("arm", value)


def _labels(desk: Desk, selected: Selected) -> list[str]:
    planned = [arm for arm in desk.plan.arms if arm.label in selected]
    most = desk.plan.spec.confirm.arms
    candidates = [arm.label for arm in planned if arm in desk.plan.candidates]
    if most == "all" or most >= len(candidates):
        return [arm.label for arm in planned]
    ranked = rank_draws(desk.archive.of_phase("search"))
    first = ranked[(ranked["rank"] == 0) & ranked["arm"].isin(candidates)]
    skills = sorted(zip(-first["skill"], first["arm"], strict=True))
    best = {arm for _, arm in skills[:most]}
    references = {arm.label for arm in planned if arm == desk.plan.fully_shared(arm)}
    keep = best | references | {arm.label for arm in desk.plan.baselines}
    return [arm.label for arm in planned if arm.label in keep]


def _plain(value: Any) -> Any:
    """A number as JSON knows it, where NaN does not exist."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value

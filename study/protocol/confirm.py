"""Confirm: selected draws again with fresh paired seeds, then the choice of an arm on validation skill."""

from __future__ import annotations

import math
from typing import Any

from analysis.records.unshared import UNSHARED
from analysis.selection.arms import choose_arm
from analysis.selection.draws import rank_draws
from study.execution.scheduler import Steps
from study.planning.replica import Replica
from study.protocol.context import StudyContext
from study.protocol.divergence import ends_here
from study.protocol.failure import could_not_judge, refuse_without_choice
from study.protocol.select import Selected


def confirm(context: StudyContext) -> Steps:
    """Train the arms to confirm for all epochs: every arm, or the best K, the references and all baselines.

    The networks of all outer folds train in the same arrays.
    """
    replicas = [replica for fold in context.folds for replica in _replicas(fold)]
    yield context.training_jobs("confirm", context.keyed(replicas))


def _replicas(context: StudyContext) -> list[Replica]:
    selected = context.frozen("draws")
    arms = context.arms(arms_to_confirm(context))
    return [replica for arm in arms for replica in context.replicas(arm, "confirm", selected[arm.label])]


def choose(context: StudyContext) -> dict[str, Any] | None:
    """Return the arm that shares best, and write it to the ledger before it is judged; ``None``: all diverged.

    Networks that share nothing are in the table, and may be the best there; whether to share at all is what the
    verdict phase finds out, on the arm that shares best.

    Raises:
        UserError: when no confirmed arm can be chosen for another reason.
    """
    frozen = context.frozen("arm")
    if frozen is not None:
        return frozen
    confirmed = arms_to_confirm(context)
    sharing = [arm.label for arm in context.arms(confirmed) if arm.sharing not in UNSHARED]
    importance = context.plan.spec.importance or None
    try:
        every = choose_arm(context.of_phase("confirm"), candidates=confirmed, importance=importance)
        choice = choose_arm(context.of_phase("confirm"), candidates=sharing, importance=importance)
    except ValueError as error:
        refuse_without_choice(context, sharing)
        if ends_here(context, "confirm") or ends_here(context, "search"):
            return None
        raise could_not_judge(context, "confirm") from error
    table = [{name: _plain(value) for name, value in row.items()} for row in every.table.to_dict("records")]
    value = {
        "arm": choice.arm,
        "best": every.best,
        "eligible": list(choice.eligible),
        "validation": _plain(choice.skill),
        "table": table,
    }
    return context.freeze("arm", value)


def arms_to_confirm(context: StudyContext) -> list[str]:
    """Return the labels of the arms that the search leaves for the confirm phase, in the order of the plan."""
    selected: Selected = context.frozen("draws")
    planned = [arm for arm in context.plan.arms if arm.label in selected]
    most = context.plan.spec.confirm.arms
    candidates = [arm.label for arm in planned if arm in context.plan.candidates]
    if most == "all" or most >= len(candidates):
        return [arm.label for arm in planned]
    ranked = rank_draws(context.of_phase("search"), stopped=False)  # as the draws were selected
    first = ranked[(ranked["rank"] == 0) & ranked["arm"].isin(candidates)]
    skills = sorted(zip(-first["skill"], first["arm"], strict=True))
    best = {arm for _, arm in skills[:most]}
    references = {arm.label for arm in planned if arm == context.plan.fully_shared(arm)}
    front = {row["arm"] for row in context.frozen("front") or ()}
    keep = best | front | references | {arm.label for arm in context.plan.baselines}
    return [arm.label for arm in planned if arm.label in keep]


def _plain(value: Any) -> Any:
    """A number as JSON has it: ``None`` where it is not finite."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value

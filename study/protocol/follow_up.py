"""The follow-up: share the rest and train the harmed tasks alone, judged on the same fresh seeds as everything else.

It is proposed on the confirm phase's validation skill, before the test split is opened for any seed that judges it.
"""

from __future__ import annotations

from dataclasses import replace

from analysis.selection import UNSHARED
from analysis.statistics.candidate import proposal
from mtl_core.network.feasibility import why_infeasible
from study.planning.arm import BRANCH, Arm
from study.planning.training_settings import recipe_of
from study.protocol.context import StudyContext
from study.protocol.select import Selected


def follow_up(context: StudyContext, selected: Selected) -> Arm | None:
    """Return the arm that leaves out the harmed tasks; ``None`` where no task is, too few are left, or it cannot be."""
    spec = context.plan.spec
    if not spec.verdict.follow_up:
        return None
    arms = [arm for arm in context.plan.arms if arm.label in selected and _can_leave_tasks_out(arm)]
    singles = {arm.label: arm.each().label for arm in arms if arm.each().label in selected}
    found = proposal(context.of_phase("confirm"), singles, spec.band_points, spec.importance or None)
    if found is None:
        return None
    arm = replace(context.arm(found.arm), without=found.alone)
    rest = context.development.only(*arm.tasks(context.plan.tasks))
    return None if why_infeasible(recipe_of(arm, context.plan.settings("verdict")), rest) else arm


def _can_leave_tasks_out(arm: Arm) -> bool:
    """Whether the arm shares, in a way that does not name its tasks, as trees do."""
    return arm.sharing not in UNSHARED and arm.sharing != BRANCH

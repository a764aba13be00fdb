"""The follow-up: share the rest and train the harmed tasks alone, judged on the same fresh seeds as everything else.

It is proposed on the confirm phase's validation skill, before the test split is opened for any seed that judges it.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis.records.unshared import UNSHARED
from analysis.statistics.candidate import Proposal, proposal
from mtl_core.network.feasibility import why_infeasible
from study.planning.arm import Arm
from study.planning.training_settings import recipe_of
from study.protocol.context import StudyContext
from study.protocol.select import Selected


def follow_up(context: StudyContext, selected: Selected) -> Arm | None:
    """Return the arm that leaves out the harmed tasks; ``None`` where no task is, too few are left, or it cannot be.

    The two seeds or so that an outer fold has are too few to tell harm from noise.  Whether there is a follow-up, and
    how many tasks it leaves out, is therefore decided on all folds together; which tasks these are, and which arm the
    others share, every fold decides on what its networks have seen.
    """
    if not context.plan.spec.verdict.follow_up:
        return None
    number = None
    if context.plan.fold is not None:
        on_all = _proposal(context, context.ledger.frozen("draws") or {}, context.archive.of_phase("confirm"))
        if on_all is None:
            return None
        number = len(on_all.alone)
    found = _proposal(context, selected, context.of_phase("confirm"), number)
    if found is None:
        return None
    arm = replace(context.arm(found.arm), without=found.alone)
    rest = context.development.only(*arm.tasks(context.plan.tasks))
    return None if why_infeasible(recipe_of(arm, context.plan.settings("verdict")), rest) else arm


def _proposal(
    context: StudyContext, selected: Selected, confirmed: pd.DataFrame, number: int | None = None
) -> Proposal | None:
    spec = context.plan.spec
    arms = [arm for arm in context.plan.arms if arm.label in selected and _can_leave_tasks_out(arm)]
    singles = {arm.label: arm.each().label for arm in arms if arm.each().label in selected}
    return proposal(confirmed, singles, spec.band_points, spec.importance or None, number)


def _can_leave_tasks_out(arm: Arm) -> bool:
    """Whether the arm shares, and fewer tasks could share in the same way."""
    return arm.sharing not in UNSHARED and not arm.names_its_tasks

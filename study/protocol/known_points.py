"""The points that a search begins with: taken from an earlier run once, and kept by the ledger from then on."""

from __future__ import annotations

from typing import Any

from study.planning.arm import Arm
from study.planning.warm_start import selected_in
from study.protocol.context import StudyContext

WARM_START = "warm_start"


def known_points(context: StudyContext) -> list[tuple[Arm, dict[str, Any]]]:
    """Return arms with the hyperparameters that an earlier run has selected for them, best first; none without one.

    The first search of a study reads the earlier run; what resumes it goes by the ledger, so that it begins alike.

    Raises:
        UserError: when the earlier run has to be read and cannot be.
    """
    run = context.plan.spec.search.warm_start
    if run is None or not context.plan.strategy.starts_warm:
        return []
    arms = context.plan.space().open_candidates
    if not (noted := context.ledger.of(WARM_START)):
        found = selected_in(run, arms)
        points = [{"arm": arm.label, "hyperparameters": values} for arm, values in found]
        context.ledger.append(WARM_START, points=points)
        return found
    by_label = {arm.label: arm for arm in arms}
    return [(by_label[point["arm"]], point["hyperparameters"]) for point in noted[-1]["points"]]

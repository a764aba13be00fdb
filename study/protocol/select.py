"""Select: the draw of each arm, frozen before any fresh seed is trained."""

from __future__ import annotations

from analysis.selection.draws import select_draws
from study.protocol.context import StudyContext
from study.protocol.divergence import ends_here
from study.protocol.failure import refuse_without_draws
from study.store.archive import CHECKPOINTS

Selected = dict[str, dict[str, int]]
"""Arm → task → draw."""


def select(context: StudyContext) -> Selected:
    """Return the draw with the best mean validation skill of each arm; each task's own for single-task arms.

    Where draws diverged and no arm is left, nothing is returned, and the study ends with a report that says so.

    Raises:
        UserError: when failures left no arm that shares, or none that shares nothing, a draw for every task.
    """
    frozen = context.frozen("draws")
    if frozen is not None:
        return frozen
    draws = select_draws(context.of_phase("search"))
    refuse_without_draws(context, [arm for arm in draws if set(draws[arm]) == set(context.plan.tasks)])
    selected = with_every_task(context, draws)
    if not selected and ends_here(context, "search"):
        return {}
    context.freeze("draws", selected)
    clear_checkpoints(context)
    return selected


def with_every_task(context: StudyContext, selected: Selected) -> Selected:
    """Return the arms with a draw for every task; the others are left out from here on, and the ledger says so."""
    whole = {arm: draws for arm, draws in selected.items() if set(draws) == set(context.plan.tasks)}
    records = context.of_phase("search")
    not_stopped = set(records.loc[records["status"] != "stopped", "arm"])
    for arm in sorted(not_stopped - set(whole)):  # the others competed with all arms at the rungs, and lost
        context.ledger.append(
            "left_out", arm=arm, reason="for some task no draw trained to its end", **context.of_one_fold
        )
    return whole


def clear_checkpoints(context: StudyContext) -> None:
    """Remove the states that waited for further rungs."""
    for path in (context.directory / CHECKPOINTS).glob("*.safetensors"):
        path.unlink(missing_ok=True)

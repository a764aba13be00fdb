"""Select: the draw of each arm, frozen before any fresh seed is trained."""

from __future__ import annotations

from analysis.selection import select_draws
from mtl_core.errors import UserError
from study.protocol.context import StudyContext
from study.protocol.divergence import ends_here
from study.store.archive import CHECKPOINTS

Selected = dict[str, dict[str, int]]
"""Arm → task → draw."""


def select(context: StudyContext) -> Selected:
    """Return the draw with the best mean validation skill of each arm; each task's own for single-task arms.

    Where draws diverged and no arm is left, nothing is returned, and the study ends with a report that says so.

    Raises:
        UserError: when no draw of any arm has trained to its end for another reason.
    """
    frozen = context.frozen("draws")
    if frozen is not None:
        return frozen
    selected = with_every_task(context, select_draws(context.of_phase("search")))
    if not selected and ends_here(context, "search"):
        return {}
    if not selected:
        reasons = {entry.reason for entry in context.archive.entries.values() if entry.reason}
        found = f"no arm has a draw that trained to its end ({'; '.join(sorted(reasons)[:3]) or 'no reason known'})."
        raise UserError(
            str(context.directory), found, "Look at the learning rates and the data, and start in a new directory."
        )
    context.freeze("draws", selected)
    clear_checkpoints(context)
    return selected


def with_every_task(context: StudyContext, selected: Selected) -> Selected:
    """Return the arms with a draw for every task; the others are left out from here on, and the ledger says so."""
    whole = {arm: draws for arm, draws in selected.items() if set(draws) == set(context.plan.tasks)}
    for arm in sorted(set(context.of_phase("search")["arm"]) - set(whole)):
        context.ledger.append(
            "left_out", arm=arm, reason="for some task no draw trained to its end", **context.of_one_fold
        )
    return whole


def clear_checkpoints(context: StudyContext) -> None:
    """Remove the states that waited for further rungs."""
    for path in (context.directory / CHECKPOINTS).glob("*.safetensors"):
        path.unlink(missing_ok=True)

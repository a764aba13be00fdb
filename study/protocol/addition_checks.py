"""What can be added to a finished study, and what is refused, with the place and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.records.explored import EXPLORED
from analysis.records.resume_command import how_to_go_on
from analysis.records.unshared import UNSHARED
from mtl_core.errors import UserError
from study.config.text import nearest
from study.planning.arm import BRANCH, Arm
from study.planning.plan import Plan
from study.protocol.context import arm_of
from study.protocol.verdict_seeds import Events, num_seeds

FEWEST_TOGETHER = 2
"""Tasks that must be left to share a network."""


def refuse_unfinished(events: Events, where: str) -> None:
    """Refuse a study that has not been judged yet.

    Raises:
        UserError: with what is missing.
    """
    if any(event["event"] == "ended" for event in events):
        found = "the study ended without an answer, since networks diverged; there is nothing to add to."
        raise UserError(where, found, "Start it in a new directory with smaller learning rates.")
    if not any(event["event"] == "test_opened" and event["phase"] == "verdict" for event in events):
        raise UserError(where, "the study is not finished.", how_to_go_on(Path(where)))


def check_arms(without: tuple[str, ...], arms: tuple[str, ...], events: Events, plan: Plan) -> None:
    """Refuse what cannot be judged beside the study's arms.

    Args:
        without: tasks that the chosen arm shall leave out.
        arms: labels of planned arms.
        events: of the study's ledger, in order.
        plan: of the study.

    Raises:
        UserError: naming a task or an arm that there is not, that shares nothing, or that is judged already.
    """
    judged = frozen("judged", events)["arms"]
    if without:
        _check_tasks(without, plan)
        chosen = arms_by_label(events, plan)[frozen("arm", events)["arm"]]
        if chosen.sharing in UNSHARED or chosen.names_its_tasks:
            named = "in a tree" if chosen.sharing == BRANCH else "with a weight for each"
            found = f"the chosen arm, {chosen.label}, " + (
                "shares nothing." if chosen.sharing in UNSHARED else f"names its tasks, {named}."
            )
            raise UserError("--without", found, "Add another arm instead, with --arms LABEL.")
        if label := _judged_without(chosen, without, judged, events, plan):
            found = f"{label} is judged already, so there is nothing to add."
            raise UserError("--without", found, _more_seeds(events, plan))
    for label in arms:
        _check_label(label, judged, events, plan)
    if len(set(arms)) < len(arms):
        raise UserError("--arms", "an arm is named twice.", "Name each once.")


def _judged_without(
    chosen: Arm, without: tuple[str, ...], judged: Sequence[str], events: Events, plan: Plan
) -> str | None:
    """Label of the judged arm that is ``chosen`` without the same tasks, in whatever order; ``None``: there is none."""
    named = (replace(chosen, without=without), *arms_by_label(events, plan).values())
    same = (arm for arm in named if set(arm.without) == set(without) and replace(arm, without=()) == chosen)
    return next((arm.label for arm in same if arm.label in judged), None)


def _check_tasks(without: Sequence[str], plan: Plan) -> None:
    for task in without:
        if task not in plan.tasks:
            raise UserError(f"--without {task}", "the study has no such task.", nearest(task, plan.tasks))
    left, where = len(plan.tasks) - len(set(without)), f"--without {' --without '.join(without)}"
    if left < FEWEST_TOGETHER:
        found = f"{left} of {len(plan.tasks)} tasks are left to share."
        raise UserError(where, found, "Leave two tasks or more.")
    if len(set(without)) < len(without):
        raise UserError(where, "a task is named twice.", "Name each once.")


def _check_label(label: str, judged: Sequence[str], events: Events, plan: Plan) -> None:
    known, selected = arms_by_label(events, plan), frozen("draws", events)
    possible = [name for name, arm in known.items() if name in selected and arm.sharing not in UNSHARED]
    if label in judged:
        found = "this arm is judged already, so there is nothing to add."
        raise UserError(f"--arms {label}", found, _more_seeds(events, plan))
    if label in _explored(events):
        found = "this arm was explored on the verdict seeds, which would suggest it and judge it."
        remedy = "Judge it in a study of its own, with what it replays under training.weighting_options."
        raise UserError(f"--arms {label}", found, remedy)
    if label in known and known[label].sharing in UNSHARED:
        found = "this arm shares nothing: it is what the others are compared with."
        raise UserError(f"--arms {label}", found, "Name an arm that shares.")
    if label not in possible:
        found = "no such arm was searched to its end in this study."
        raise UserError(f"--arms {label}", found, nearest(label, [name for name in possible if name not in judged]))


def _explored(events: Events) -> set[str]:
    """Labels of the arms that were trained on the verdict seeds beside what is judged."""
    return set((frozen(EXPLORED, events) or {}).get("arms", {}).values())


def _more_seeds(events: Events, plan: Plan) -> str:
    return f"To judge it more surely, add seeds, with --seeds N and an N above {num_seeds(events, plan)}."


def arms_by_label(events: Events, plan: Plan) -> dict[str, Arm]:
    """Return the arms of the plan, and those that were added to it, by label."""
    added = (arm_of(event["levels"]) for event in events if event["event"] == "added")
    return {arm.label: arm for arm in (*plan.arms, *added)}


def frozen(choice: str, events: Events) -> Any:
    """Return the last value of a frozen choice of the whole study; ``None``: it was not made."""
    values = [
        event["value"]
        for event in events
        if event["event"] == "frozen" and event["choice"] == choice and event.get("fold") is None
    ]
    return values[-1] if values else None

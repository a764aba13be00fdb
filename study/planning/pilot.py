"""The pilot: short trainings before the search that find out whether the epochs suffice.

It asks when networks are best, not how good they are, and gives one number for all arms and baselines.  Only the
narrowest network of each kind is tried, since narrow networks learn slowest.  Each has a few draws, of which the best
counts, as it does after the search.  Where too many networks are best at the very end, the epochs are doubled and tried
again.  The rounds stand in the ledger, so that a study that was interrupted comes to the same number.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analysis.statistics.late_epochs import is_late, too_many_late
from study.config.field_types import is_auto
from study.config.spec import Spec
from study.planning.arm import NORM, Arm
from study.planning.plan import Plan
from study.planning.settings_from_data import MANY_ROWS, training_rows
from study.planning.training_settings import drawn_recipe, recipe_of
from study.store.ledger import Ledger

if TYPE_CHECKING:
    from mtl_core.data.task_set import Development

SEEDS = (4_000, 4_001)
"""Seeds of the pilot; no phase has seeds there."""
DRAWS = 4
ROUNDS = 3
"""Most rounds: the epochs to begin with, twice and four times as many."""


def is_wanted(asked: Spec, settled: Spec, development: Development) -> bool:
    """Return whether a new study needs a pilot: its epochs are left to the rows, which are few, and no budget is set.

    From :data:`MANY_ROWS` on even the fewest epochs are thousands of steps, and a pilot in one process takes long.

    Args:
        asked: the study as its file says it.
        settled: the study with a value for every setting.
        development: the examples to train on.
    """
    small = training_rows(settled, development) < MANY_ROWS
    return is_auto(asked.training.epochs) and settled.budget is None and small


def enough_epochs(plan: Plan, development: Development, ledger: Ledger) -> int:
    """Return the first number of epochs that suffices, or the last that was tried.

    Args:
        plan: with the number of epochs to begin with.
        development: the examples to train on; with outer folds the seeds leave out a fold each.
        ledger: has the rounds of an earlier session, and gets the others.
    """
    epochs = plan.spec.training.epochs
    for left in reversed(range(ROUNDS)):
        done = [event for event in ledger.of("pilot") if event["epochs"] == epochs]
        if not done:
            began = time.monotonic()
            late = _late(plan, development, epochs)
            facts = {"epochs": epochs, "networks": len(late), "late": sum(late)}
            ledger.append("pilot", **facts, seconds=round(time.monotonic() - began, 3))
            done = ledger.of("pilot")[-1:]
        if not left or not too_many_late(done[0]["late"], done[0]["networks"]):
            break
        epochs *= 2
    return epochs


def pilot_arms(plan: Plan) -> list[Arm]:
    """Return the narrowest arm of every kind, baselines included."""
    narrowest: dict[Arm, Arm] = {}
    for arm in sorted(plan.arms, key=lambda arm: arm.width):
        narrowest.setdefault(replace(arm, width=0, capacity=None), arm)
    return list(narrowest.values())


def pilot_draws(plan: Plan) -> Sequence[int]:
    """Return the numbers of the draws that the pilot tries."""
    return range(min(DRAWS, len(plan.draws)))


def _late(plan: Plan, development: Development, epochs: int) -> list[bool]:
    """Whether each network was best among its last epochs; trained with one thread, so that it never differs."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        networks = [(arm, task) for arm in pilot_arms(plan) for task in (plan.tasks if arm.is_single_task else (None,))]
        return [late for arm, task in networks for late in _late_of(plan, development, epochs, arm, task)]
    finally:
        torch.set_num_threads(threads)


def _late_of(plan: Plan, development: Development, epochs: int, arm: Arm, task: str | None) -> list[bool]:
    """Whether the networks of ``arm`` were late, one for each seed, with the draw that was best on their mean."""
    from mtl_core.recipe import ReplicaConfig
    from mtl_core.training import trainer

    recipe = replace(recipe_of(arm, plan.settings("search")), epochs=epochs, precision="float32")
    view = development if task is None else development.only(task)
    arrays: dict[Any, list[ReplicaConfig]] = {}
    for draw in pilot_draws(plan):
        values = plan.draws.of(arm, draw)
        arrays.setdefault(values.get(NORM), []).extend(ReplicaConfig(f"{draw} {seed}", seed, values) for seed in SEEDS)
    found: dict[str, list[trainer.Outcome]] = {}
    for rows in arrays.values():
        for outcome in trainer.fit(drawn_recipe(recipe, rows[0].hyperparameters), view, rows):
            if outcome.status != "diverged" and outcome.selected_epoch >= 0:
                found.setdefault(outcome.key.split()[0], []).append(outcome)
    whole = [outcomes for outcomes in found.values() if len(outcomes) == len(SEEDS)]
    best = max(whole, key=lambda outcomes: sum(float(outcome.state["best_skill"]) for outcome in outcomes), default=[])
    return [bool(is_late(outcome.selected_epoch, epochs)) for outcome in best]

"""Verdict: the chosen arm, the references beside it and their baselines on seeds that chose nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from analysis.selection import choose_arm, select_draws
from mtl_core.network.cost import cost_of
from study.execution.scheduler import Parallel, Steps
from study.planning.arm import SINGLE_TASK, Arm
from study.planning.capacity import widths_around
from study.planning.replica import Replica
from study.planning.training_settings import recipe_of
from study.protocol.context import StudyContext
from study.protocol.search import search_arm, searched
from study.protocol.select import Selected


def choose_judged(context: StudyContext) -> Steps:
    """Decide which arms are judged against which baselines; baselines that were not searched are searched first."""
    frozen = context.frozen("judged")
    if frozen is not None:
        return frozen
    chosen, selected = context.frozen("arm")["arm"], context.frozen("draws")
    arms = _judged_arms(context, chosen, selected)
    totals = {arm.label: total_baseline(context, arm) for arm in arms if not arm.is_single_task}
    new = {total.label: total for total, _ in totals.values() if total.label not in selected}
    for total in new.values():
        if total.levels() not in [event["levels"] for event in context.ledger.of("added")]:
            context.ledger.append("added", arm=total.label, levels=total.levels(), reason="baseline total")
    yield Parallel([search_arm(context, total) for total in new.values()])
    selected = _with_new(context, selected, list(new.values()))
    best = best_widths(context, selected)
    value = {
        "arms": [arm.label for arm in arms],
        "baselines": {arm.label: _baselines(arm, totals.get(arm.label), selected, best) for arm in arms},
    }
    return context.freeze("judged", value)


def verdict(context: StudyContext) -> Steps:
    """Train the judged arms and their baselines; of the baseline ``best`` only each task's own arm.

    The networks of all outer folds train in the same arrays.
    """
    replicas = [replica for fold in context.folds for replica in _replicas(fold)]
    yield context.training_jobs("verdict", context.keyed(replicas))


def _replicas(context: StudyContext) -> Iterator[Replica]:
    selected, judged = context.frozen("draws"), context.frozen("judged")
    whole, of_task = dict.fromkeys(judged["arms"]), set()
    for baselines in judged["baselines"].values():
        whole |= dict.fromkeys(baselines[name] for name in ("each", "loop", "total") if name in baselines)
        of_task |= {(label, task) for task, label in baselines["best"].items()}
    for arm in context.arms(whole):
        yield from context.plan.replicas(arm, "verdict", selected[arm.label])
    for label, task in sorted(of_task):
        if label not in whole:
            replicas = context.plan.replicas(*context.arms([label]), "verdict", selected[label])
            yield from (replica for replica in replicas if replica.task == task)


def total_baseline(context: StudyContext, arm: Arm) -> tuple[Arm, float]:
    """Return single-task networks that together are nearest to ``arm`` in parameters, and the ratio of sizes."""
    wanted = cost_of(recipe_of(arm, context.plan.settings("verdict")), context.development).parameters_total
    widths = widths_around(wanted, lambda width: _size(context, arm, width))
    width = min(widths, key=lambda width: abs(_size(context, arm, width) - wanted))
    return replace(arm.each(), width=width), _size(context, arm, width) / wanted


def best_widths(context: StudyContext, selected: Selected) -> dict[str, str]:
    """Return for each task the single-task arm with the best mean validation skill in the confirm phase."""
    records = context.of_phase("confirm")
    alone = records[(records["sharing"] == SINGLE_TASK) & records["arm"].isin(list(selected))]
    best = {}
    for task in context.plan.tasks:
        rows = alone.loc[alone["task"] == task]
        if "finished" in set(rows["status"]):
            best[task] = choose_arm(rows).best
    return best


def _judged_arms(context: StudyContext, chosen: str, selected: Selected) -> list[Arm]:
    first = context.arms([chosen])[0]
    arms = [first]
    if "fully_shared" in context.plan.spec.verdict.judge:
        reference = context.plan.fully_shared(first)
        if reference is not None and reference.label in selected and reference != first:
            arms.append(reference)
    return arms


def _size(context: StudyContext, arm: Arm, width: int) -> int:
    recipe = recipe_of(replace(arm.each(), width=width), context.plan.settings("verdict"))
    return sum(cost_of(recipe, context.development.only(task)).parameters_total for task in context.plan.tasks)


def _with_new(context: StudyContext, selected: Selected, new: list[Arm]) -> Selected:
    without_draws = [arm for arm in new if arm.label not in selected]
    if not without_draws:
        return selected
    keys = [key for arm in without_draws for key in searched(context, arm)]
    more = select_draws(context.archive.rows(keys))
    whole = {arm: draws for arm, draws in more.items() if set(draws) == set(context.plan.tasks)}
    context.freeze("draws", selected | whole)
    return selected | whole


def _baselines(arm: Arm, total: tuple[Arm, float] | None, selected: Selected, best: dict[str, str]) -> dict[str, Any]:
    """Labels of the baselines that exist and are not the arm itself."""
    named: Iterator[tuple[str, Arm]] = iter([("each", arm.each()), ("loop", arm.loop())])
    found: dict[str, Any] = {name: other.label for name, other in named if other != arm and other.label in selected}
    if arm.is_single_task:
        found.pop("loop", None)
    if total is not None and total[0].label in selected:
        found |= {"total": total[0].label, "total_ratio": round(total[1], 4)}
    return found | {"best": best}

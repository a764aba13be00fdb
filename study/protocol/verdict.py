"""Verdict: the chosen arm, the references beside it and their baselines on seeds that chose nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from analysis.records.unshared import SINGLE_TASK
from analysis.selection.arms import choose_arm
from analysis.selection.draws import select_draws
from analysis.statistics.verdicts import CANDIDATE, CHOSEN, REFERENCE
from mtl_core.network.cost import cost_of
from mtl_core.registry import find
from study.execution.scheduler import Parallel, Steps
from study.planning.arm import Arm
from study.planning.capacity import widths_around
from study.planning.replica import Replica
from study.planning.training_settings import recipe_of
from study.protocol.context import StudyContext
from study.protocol.follow import search_one
from study.protocol.follow_up import follow_up
from study.protocol.select import Selected
from study.protocol.workload import note_verdict


def choose_judged(context: StudyContext) -> Steps:
    """Decide which arms are judged against which baselines; baselines that were not searched are searched first."""
    frozen = context.frozen("judged")
    if frozen is not None:
        return frozen
    chosen, selected = context.frozen("arm")["arm"], context.frozen("draws")
    roles = _judged_arms(context, chosen, selected)
    candidate = follow_up(context, selected)
    roles |= {} if candidate is None else {CANDIDATE: candidate}
    value = yield from with_baselines(context, roles)
    return context.freeze("judged", value)


def with_baselines(context: StudyContext, roles: dict[str, Arm]) -> Steps:
    """Search what was not searched yet of the arms in ``roles`` and their baselines, and return what is judged.

    Returns:
        ``arms``, ``roles``, ``alone`` and ``baselines``, as the ledger holds them; without arms that cannot be judged,
        since no draw of theirs trained to its end.
    """
    selected = context.frozen("draws")
    whole = [arm for arm in roles.values() if not (arm.is_single_task or arm.without)]
    totals = {arm.label: total_baseline(context, arm) for arm in whole}
    new = {arm.label: arm for arm in (*(total for total, _ in totals.values()), *roles.values())}
    new = {label: arm for label, arm in new.items() if label not in selected}
    for arm in new.values():
        announce(context, arm, "follow-up" if arm.without else "baseline total")
    yield Parallel([search_one(context, arm) for arm in new.values()])
    selected = _with_new(context, selected, list(new.values()))
    roles = {role: arm for role, arm in roles.items() if arm.label in selected}
    best = best_widths(context, selected)
    return {
        "arms": [arm.label for arm in roles.values()],
        "roles": {role: arm.label for role, arm in roles.items()},
        "alone": {arm.label: list(arm.without) for arm in roles.values() if arm.without},
        "baselines": {arm.label: _baselines(arm, totals.get(arm.label), selected, best) for arm in roles.values()},
    }


def announce(context: StudyContext, arm: Arm, reason: str) -> None:
    """Write an arm that the plan has not into the ledger, once."""
    if arm.identity() not in [event["levels"] for event in context.ledger.of("added")]:
        context.ledger.append("added", arm=arm.label, levels=arm.identity(), reason=reason)


def verdict(context: StudyContext, beside: Iterable[Replica] = ()) -> Steps:
    """Train the judged arms and their baselines, of the baseline ``best`` only each task's own arm, and what is beside.

    The networks of all outer folds train in the same arrays.
    """
    judged = (replica for fold in context.folds for replica in replicas_of(fold, fold.first_frozen("judged")))
    replicas = context.keyed([*judged, *beside])
    note_verdict(context, replicas)
    yield context.training_jobs("verdict", replicas)


def replicas_of(context: StudyContext, judged: Mapping[str, Any]) -> Iterator[Replica]:
    """Yield the replicas of the arms of ``judged``, and of their baselines, with the verdict seeds of the plan."""
    selected = context.frozen("draws")
    whole, of_task = dict.fromkeys(judged["arms"]), set()
    for baselines in judged["baselines"].values():
        whole |= dict.fromkeys(baselines[name] for name in ("each", "loop", "total") if name in baselines)
        of_task |= {(label, task) for task, label in baselines["best"].items()}
    for arm in context.arms(whole):
        yield from context.replicas(arm, "verdict", selected[arm.label])
    for label, task in sorted(of_task):
        if label not in whole:
            replicas = context.replicas(context.arm(label), "verdict", selected[label])
            yield from (replica for replica in replicas if replica.task == task)


def total_baseline(context: StudyContext, arm: Arm) -> tuple[Arm, float]:
    """Return single-task networks that together are nearest to ``arm`` in parameters, and the ratio of sizes.

    The size of an arm whose replicas search a structure is the mean of what those of the confirm phase found.
    """
    recipe = recipe_of(arm, context.plan.settings("verdict"))
    wanted = cost_of(recipe, context.development).parameters_total
    if find("sharing", arm.sharing).cls.search_epochs(recipe):
        trained = context.of_phase("confirm")
        wanted = trained.loc[trained["arm"] == arm.label, "parameters_total"].mean()
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


def _judged_arms(context: StudyContext, chosen: str, selected: Selected) -> dict[str, Arm]:
    first = context.arm(chosen)
    arms = {CHOSEN: first}
    if "fully_shared" in context.plan.spec.verdict.judge:
        reference = context.plan.fully_shared(first)
        if reference is not None and reference.label in selected and reference != first:
            arms[REFERENCE] = reference
    return arms


def _size(context: StudyContext, arm: Arm, width: int) -> int:
    recipe = recipe_of(replace(arm.each(), width=width), context.plan.settings("verdict"))
    return sum(cost_of(recipe, context.development.only(task)).parameters_total for task in context.plan.tasks)


def _with_new(context: StudyContext, selected: Selected, new: list[Arm]) -> Selected:
    without_draws = [arm for arm in new if arm.label not in selected]
    if not without_draws:
        return selected
    keys = [key for arm in without_draws for key in context.search_replicas(arm)]
    more = select_draws(context.archive.rows(keys))
    tasks = {arm.label: set(arm.tasks(context.plan.tasks)) for arm in without_draws}
    whole = {arm: draws for arm, draws in more.items() if set(draws) == tasks[arm]}
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

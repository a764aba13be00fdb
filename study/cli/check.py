"""``check``: prints data, arms, cost and power of a study, without training."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.formatting import agree
from analysis.records.phases import PHASES
from analysis.statistics.intervals import smallest_effect
from study.cli.check_columns import say_columns
from study.cli.check_coverage import facts_of_coverage, say_coverage
from study.cli.check_device import device_in_words, facts_of_device
from study.cli.check_precision import facts_of_evidence, facts_of_precision, say_precision
from study.cli.check_remarks import say_remarks
from study.cli.check_seeds import facts_of_seeds, say_rounded_seeds
from study.cli.check_targets import class_counts, number_facts, say_targets
from study.cli.console import say, say_json, say_table
from study.config.durations import duration
from study.config.spec import Spec
from study.driver.check import check as prepared_for
from study.driver.devices import refuse_a_missing_gpu
from study.planning.arm import Arm
from study.planning.capacity import FAR
from study.planning.forecast_words import size_text, time_text
from study.planning.plan import Plan
from study.planning.prepare import Prepared
from study.planning.task_trees import groups_of
from study.planning.task_weights import weight_facts, weights_in_words

if TYPE_CHECKING:
    from mtl_core.data.task_set import TaskSet

MOST_ROWS = 40


def check(spec: Spec, *, out: Path, as_json: bool, columns: bool = False) -> None:
    """Print what ``run`` would do with ``spec`` in the directory ``out``; nothing is trained or written.

    ``columns`` prints every column of a wide table, too.
    """
    refuse_a_missing_gpu(spec.device, None, spec.training.precision)
    prepared = prepared_for(spec, out=out)
    if as_json:
        say_json(facts_of_study(prepared))
    else:
        say_study(prepared, columns=columns)


def facts_of_tasks(task_set: TaskSet) -> list[dict[str, Any]]:
    """Return name, kind, metric and share of labelled examples of every task, in development and test."""
    from mtl_core.data.target_columns import labels

    labelled = [labels(task_set.tasks, part.targets) for part in (task_set.development.examples, task_set.test)]
    return [
        {
            "task": task.name,
            "kind": task.kind,
            "metric": task.metric,
            "num_classes": task.num_classes,
            "num_targets": task.num_targets,
            "labelled": int(labelled[0][:, column].sum()),
            "coverage": float(labelled[0][:, column].float().mean()),
            "test_coverage": float(labelled[1][:, column].float().mean()),
            "classes": class_counts(task_set, task),
            "numbers": number_facts(task_set, task),
            "loss": task.loss,
            **weight_facts(task_set, task.name),
        }
        for column, task in enumerate(task_set.tasks)
    ]


def facts_of_study(prepared: Prepared) -> dict[str, Any]:
    """Return what ``check --json`` prints: tasks, arms, forecast and the smallest effect that can be shown."""
    plan, tasks = prepared.plan, facts_of_tasks(prepared.task_set)
    tasks = [fact | _importance(plan.spec, fact["task"]) for fact in tasks]
    num_seeds = plan.spec.verdict.seeds
    effect = smallest_effect(num_seeds, len(plan.tasks))
    return {
        "name": plan.spec.name,
        "tasks": tasks,
        "label_coverage": facts_of_coverage(prepared.task_set),
        "columns": [column.facts() for column in prepared.task_set.columns],
        **plan.event(),
        **facts_of_seeds(plan),
        "remarks": [remark.facts() for remark in prepared.task_set.remarks],
        "plan_remarks": list(plan.remarks),
        "forecast": prepared.forecast.event(),
        "device": facts_of_device(prepared),
        "smallest_effect": None if math.isnan(effect) else effect,
        "precision": facts_of_precision(prepared),
        **facts_of_evidence(prepared),
    }


def say_study(prepared: Prepared, *, most_arms: int = MOST_ROWS, columns: bool = False) -> None:
    """Print a prepared study for people; of its arms the first ``most_arms``, and others whose match is bad.

    ``columns`` prints every column of a wide table, too.
    """
    plan, task_set = prepared.plan, prepared.task_set
    examples = task_set.development.examples
    judging = f"{len(examples):,} examples to develop on, {len(task_set.test):,} to test on"
    if plan.folds > 1:
        judging = f"{len(examples):,} rows, each to develop on and, in its outer fold, to judge"
    say(f"{plan.spec.name}: {len(plan.tasks)} tasks, {task_set.development.num_inputs} inputs, {judging}", "")
    tasks = facts_of_tasks(task_set)
    weighted, own_losses = any(weights_in_words(fact) for fact in tasks), any(fact["loss"] for fact in tasks)
    rows = (
        (
            *(fact["task"], _kind(fact), fact["metric"], f"{fact['coverage']:.1%}", f"{fact['test_coverage']:.1%}"),
            *(f"{value:g}" for value in _importance(plan.spec, fact["task"]).values()),
            *((weights_in_words(fact) or "–",) if weighted else ()),
            *((fact["loss"] or "of the kind",) if own_losses else ()),
        )
        for fact in tasks
    )
    stated = (("importance",) if plan.spec.importance else ()) + (("weights",) if weighted else ())
    stated += ("loss",) if own_losses else ()
    say_table(("task", "kind", "metric", "labelled", "in test", *stated), itertools.islice(rows, MOST_ROWS))
    say_coverage(facts_of_coverage(task_set))
    say_targets(tasks)
    say_columns(task_set.columns, every=columns)
    say_remarks(task_set.remarks)
    _say_arms(prepared, most_arms)
    _say_cost(prepared)


def _importance(spec: Spec, task: str) -> dict[str, float]:
    """The task's importance; nothing where the study states none."""
    return {"importance": spec.importance[task]} if spec.importance else {}


def _kind(fact: dict[str, Any]) -> str:
    if fact["num_classes"] > 2:
        return f"{fact['num_classes']} {'ordered ' if fact['kind'] == 'ordinal' else ''}classes"
    return fact["kind"] if fact["num_targets"] == 1 else f"{fact['kind']} of {fact['num_targets']}"


def _say_arms(prepared: Prepared, most: int) -> None:
    plan = prepared.plan
    candidates, baselines = len(plan.candidates), len(plan.baselines)
    say(
        "",
        f"{candidates} {agree(candidates, 'candidate', 'candidates')} and "
        f"{baselines} {agree(baselines, 'baseline', 'baselines')}",
    )
    shown = [arm for place, arm in enumerate(plan.arms) if place < most or "more than" in _size(plan, arm)]
    say(*(f"  {plan.role(arm)[:9]:9}  {arm.label}{_size(plan, arm)}" for arm in shown))
    if shown and len(plan.arms) > len(shown):
        say(f"  and {len(plan.arms) - len(shown)} more")
    say(*(f"  {remark}" for remark in plan.remarks), *([f"  search: {plan.searched}"] if plan.searched else []))
    say(*(f"  {reason}" for reason in plan.reasons))
    if plan.pilot:
        about = duration(max(1.0, prepared.forecast.pilot))
        say(f"  epochs: a pilot when the run starts (about {about}) doubles them, twice at most, if they are too few")
    say(*_trees(prepared))
    for reason, group in itertools.groupby(plan.skipped, key=lambda skipped: skipped.reason):
        labels = [skipped.arm for skipped in group]
        say(f"  skipped    {labels[0]}{f' and {len(labels) - 1} more' if len(labels) > 1 else ''}: {reason}")


def _trees(prepared: Prepared) -> list[str]:
    """Lines on how the trees of ``branch`` are found, where affinity decides."""
    plan = prepared.plan
    if not plan.stand_ins:
        return []
    levels, about = ", ".join(map(str, plan.stand_ins)), duration(max(1.0, prepared.forecast.trees))
    groups = groups_of(plan.spec, len(plan.tasks))
    return [
        f"  tree: from affinity, found when the run starts (about {about} of training), for stages: {levels}; until "
        f"then sizes, and widths that match, are those of a stand-in with {groups:g} groups per stage"
    ]


def _size(plan: Plan, arm: Arm) -> str:
    """How near a matched arm comes to its reference; a bad match is marked."""
    if arm not in plan.ratios:
        return ""
    ratio, what = plan.ratios[arm], str(plan.spec.factors.match).replace("_", "-")
    flag = " (more than 5% off)" if abs(ratio - 1) > FAR else ""
    return f": {ratio:.2f} × the reference's {what}{flag}"


def _say_cost(prepared: Prepared) -> None:
    plan, forecast, counts = prepared.plan, prepared.forecast, prepared.plan.counts()
    say("", *(f"budget: {loss}" for loss in plan.shrunk))
    phases = ", ".join(f"{phase} {counts[phase]:,} (seeds: {len(plan.seeds(phase))})" for phase in PHASES)
    say(f"replicas: {phases}; {len(plan.draws)} draws in the search")
    say_rounded_seeds(plan)
    disk, memory = size_text(forecast.peak_disk), size_text(forecast.memory)
    say(f"forecast: {time_text(forecast, on_gpu=prepared.on_gpu)}, {disk} of disk, {memory} of memory")
    say(device_in_words(facts_of_device(prepared)))
    say_precision(prepared)

"""Policies of search strategies, followed: what they yield is trained, and what came of it is sent to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.selection.arm_costs import costs
from analysis.selection.draws import rank_draws
from analysis.selection.skills import LOWEST_SKILL, replica_scores
from study.execution.scheduler import Parallel, Steps
from study.jobs.shard import Twin
from study.planning.arm import Arm
from study.planning.policy import Answer, Policy, Round, Together, Trial, WholeArms
from study.planning.replica import Replica
from study.protocol.context import StudyContext
from study.protocol.proposals import Proposal
from study.protocol.search import search_arm, stop

ANSWERED = "answered"


def follow(context: StudyContext, policy: Policy) -> Steps:
    """Train what ``policy`` yields, and return what it returns."""
    answer: Any = None
    begun: dict[str, Replica] = {}
    while True:
        try:
            step = policy.send(answer)
        except StopIteration as end:
            stop(context, begun)
            return end.value
        if isinstance(step, Together):
            answer = yield Parallel([follow(context, inner) for inner in step.policies])
        elif isinstance(step, WholeArms):
            yield Parallel([search_arm(context, arm) for arm in step.arms])
            answer = [value_of(context, arm) for arm in step.arms]
        else:
            going_on = replicas_of(context, step.trials)
            stop(context, {key: replica for key, replica in begun.items() if key not in going_on})
            yield context.training_jobs("search", going_on, step.epochs, _twins(context, step.trials))
            answer, begun = _answers(context, step), going_on


def search_one(context: StudyContext, arm: Arm) -> Steps:
    """Search an arm that is not to be chosen among others, as the study's strategy searches baselines."""
    yield from follow(context, context.plan.strategy.search_one(context.plan.space(context.directory), arm))


def again(context: StudyContext, arm: Arm) -> Steps:
    """Train once more what a damaged part held of an arm whose search has ended."""
    proposed = context.proposals.of(arm)
    if proposed:
        yield context.training_jobs("search", context.search_replicas(arm))
    else:
        yield from search_arm(context, arm)


def value_of(context: StudyContext, arm: Arm) -> float:
    """Return the mean validation skill of the best draw of ``arm``; NaN when none trained."""
    ranked = rank_draws(context.archive.rows(context.search_replicas(arm)))
    return float(ranked.loc[ranked["rank"] == 0, "skill"].mean())


def replicas_of(context: StudyContext, trials: Sequence[Trial]) -> dict[str, Replica]:
    """Return the search replicas of ``trials``, by content hash, once what they propose stands in the ledger."""
    for trial in trials:
        if trial.hyperparameters is not None:
            context.proposals.add(trial.arm, trial.draw, Proposal(trial.hyperparameters, trial.task))
    return {key: replica for trial in trials for key, replica in _of_trial(context, trial).items()}


def _of_trial(context: StudyContext, trial: Trial) -> dict[str, Replica]:
    draws = [trial.draw] if trial.task is None else {trial.task: trial.draw}
    return context.keyed(context.replicas(trial.arm, "search", draws))


def _answers(context: StudyContext, asked: Round) -> list[Answer]:
    """What came of a round.  Decided once: a resumed study must not go on differently on records that came later."""
    keys = [list(_of_trial(context, trial)) for trial in asked.trials]
    content = [keys, asked.epochs, *([asked.since] if asked.since else [])]
    name = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
    decided = context.ledger.decided(ANSWERED, {"round": name}, {trial.arm.label for trial in asked.trials})
    if decided is not None:
        return [Answer(*answer) for answer in decided["answers"]]
    rows = [_since(context.archive.rows(own), asked.since) for own in keys]
    answers = [_answer(found, len(own), asked.epochs - asked.since) for found, own in zip(rows, keys, strict=True)]
    told = [[answer.skill, answer.skills, answer.multiply_adds] for answer in answers]
    context.ledger.append(ANSWERED, round=name, epochs=asked.epochs, answers=told)
    return answers


def _twins(context: StudyContext, trials: Sequence[Trial]) -> dict[str, Twin]:
    """For the replicas of trials that part from an earlier draw, by content hash, that draw's of the same seed."""
    found: dict[str, Twin] = {}
    for trial in trials:
        if trial.origin is not None:
            earlier = _of_trial(context, replace(trial, draw=trial.origin.draw))
            by_seed = {replica.seed: key for key, replica in earlier.items()}
            own = _of_trial(context, trial).items()
            found |= {key: Twin(by_seed[replica.seed], trial.origin.epochs) for key, replica in own}
    return found


def _since(rows: pd.DataFrame, epochs: int) -> pd.DataFrame:
    """Records as if they had begun so many epochs later."""
    if not epochs:
        return rows
    later = pd.Series([curve[epochs:] for curve in rows["validation_skill"]], index=rows.index)
    return rows.assign(validation_skill=later, epochs=rows["epochs"] - epochs)


def _answer(rows: pd.DataFrame, planned: int, epochs: int) -> Answer:
    """What the records of one trial say after so many epochs."""
    if rows.empty:
        return Answer(LOWEST_SKILL)
    scores = replica_scores(rows, epochs=epochs)["score"].to_numpy(float)
    found = np.maximum(np.where(np.isfinite(scores), scores, LOWEST_SKILL), LOWEST_SKILL)
    skill = (found.sum() + LOWEST_SKILL * (planned - len(found))) / planned
    return Answer(float(skill), _skills(rows, epochs), float(costs(rows)["multiply_adds"].iloc[0]))


def _skills(rows: pd.DataFrame, epochs: int) -> Mapping[str, float]:
    """Mean skill by task, at each replica's best epoch over its tasks."""
    found: dict[str, list[float]] = {}
    for _, replica in rows.groupby("replica", sort=False):
        curves = np.array([list(curve)[:epochs] for curve in replica["validation_skill"]], dtype=float)
        usable = curves.size > 0 and np.isfinite(curves).any()
        best = int(np.nanargmax(np.nanmean(curves, axis=0))) if usable else 0
        for task, curve in zip(replica["task"], curves, strict=True):
            value = curve[best] if usable and np.isfinite(curve[best]) else LOWEST_SKILL
            found.setdefault(str(task), []).append(max(float(value), LOWEST_SKILL))
    return {task: sum(values) / len(values) for task, values in found.items()}

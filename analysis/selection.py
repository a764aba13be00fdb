"""Selection of draws and of an arm on validation skill alone, as pure functions of the training records.

A replica's curve of interest is the mean over its tasks of the validation skill; its score is the curve's maximum, at
the selected epoch.  ``single_task`` has a replica per task, hence a draw and an epoch per task.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.importance import Importance, mean_over_tasks
from analysis.records.frames import each

SINGLE_TASK = "single_task"
UNSHARED = (SINGLE_TASK, "independent")
"""Architectures in which tasks have no parameter in common."""
LOWEST_SKILL = -1.0
"""Floor of a task's skill inside means that choose an arm, a draw or an epoch: one task that is not learnt must not."""
USABLE = ("running", "stopped", "finished")


def replica_scores(replicas: pd.DataFrame, *, epochs: int | None = None) -> pd.DataFrame:
    """Return one row per replica with its best mean validation skill within the first ``epochs`` (default: all).

    Returns:
        ``replica, arm, phase, draw, seed, task, status, score``; ``task`` is the task of a single-task replica and
        ``""`` otherwise.  A replica that diverged, failed or has yet to reach ``epochs`` scores −∞.
    """
    curves, first = list(replicas["validation_skill"]), replicas.drop_duplicates("replica")
    places, lengths = replicas.groupby("replica", sort=False).indices, _epochs_that_count(replicas, epochs)
    scores = [_best([curves[place] for place in places[replica]], length) for replica, length in lengths.items()]
    task = first["task"].where(first["sharing"] == SINGLE_TASK, "")
    columns = first[["replica", "arm", "phase", "draw", "seed", "task", "status"]]
    return columns.assign(task=task, score=np.array(scores, dtype=float)).reset_index(drop=True)


def _epochs_that_count(replicas: pd.DataFrame, epochs: int | None) -> pd.Series:
    """For every replica the number of its first epochs that count: none of one that is not usable up to ``epochs``."""
    status = replicas["status"]
    rows = replicas[["replica", "epochs"]].assign(usable=status.isin(USABLE), ended=status == "finished")
    facts = rows.groupby("replica", sort=False).agg({"epochs": "min", "usable": "all", "ended": "all"})
    reached = (facts["epochs"] >= (epochs or 0)) | facts["ended"]  # perhaps early, by its own patience
    return facts["epochs"].clip(upper=epochs).where(facts["usable"] & reached, 0)


def _best(of_tasks: list[np.ndarray], length: int) -> float:
    """Return the maximum over ``length`` epochs of the mean over the tasks that have validation labels."""
    if length < 1:
        return -np.inf
    curves = np.stack([np.asarray(curve, dtype=float)[:length] for curve in of_tasks])
    curves = curves[np.isfinite(curves).all(axis=1)]
    floor = LOWEST_SKILL if len(of_tasks) > 1 else -np.inf  # as the engine selects an epoch
    return float(np.maximum(curves, floor).mean(axis=0).max()) if len(curves) else -np.inf


def rank_draws(
    replicas: pd.DataFrame, *, phase: str = "search", epochs: int | None = None, stopped: bool = True
) -> pd.DataFrame:
    """Rank the draws of each arm (of each task of a ``single_task`` arm), best first.

    A draw with fewer diverged, failed or missing replicas ranks before one with more; then the mean over seeds
    decides, then the lower number of the draw.

    Args:
        replicas: training records; rows of other phases are left out.
        phase: the phase whose draws are ranked.
        epochs: compare after so many epochs, as halving does at a rung; default: whatever was trained.
        stopped: whether replicas count that the search stopped early; a draw is selected among the others.

    Returns:
        ``arm, task, draw, seeds, lost, skill, rank``; ``lost`` counts replicas without a score, ``skill`` is the mean
        of the others (NaN: none), ``rank`` starts at 0.
    """
    counted = (replicas["phase"] == phase) & (stopped | ~replicas["status"].isin(("running", "stopped")))
    scores = replica_scores(replicas[counted], epochs=epochs)
    usable = scores["score"].where(np.isfinite(scores["score"]))
    draws = scores.assign(usable=usable).groupby(["arm", "task", "draw"], sort=False)["usable"]
    table = draws.agg(skill="mean", seeds="count").reset_index()
    planned = scores.groupby(["arm", "task"])["seed"].nunique().rename("planned").reset_index()
    table = table.merge(planned, on=["arm", "task"])
    table["lost"] = table["planned"] - table["seeds"]
    table = table.sort_values(["arm", "task", "lost", "skill", "draw"], ascending=[True, True, True, False, True])
    table["rank"] = table.groupby(["arm", "task"], sort=False).cumcount()
    return table[["arm", "task", "draw", "seeds", "lost", "skill", "rank"]].reset_index(drop=True)


def select_draws(replicas: pd.DataFrame, *, phase: str = "search") -> dict[str, dict[str, int]]:
    """Return the best draw of each arm that was trained to the end, by arm and task; of ``single_task`` one per task.

    An arm, or a task of a ``single_task`` arm, of which no replica finished is left out.
    """
    ranked = rank_draws(replicas, phase=phase, stopped=False)
    best = ranked[(ranked["rank"] == 0) & (ranked["seeds"] > 0)]
    tasks = {arm: list(dict.fromkeys(rows)) for arm, rows in replicas.groupby("arm")["task"]}
    chosen: dict[str, dict[str, int]] = {}
    for row in each(best):
        chosen.setdefault(row.arm, {}).update(dict.fromkeys([row.task] if row.task else tasks[row.arm], int(row.draw)))
    return chosen


@dataclass(frozen=True)
class Choice:
    """Outcome of the choice of an arm.

    Args:
        arm: the chosen arm, cheapest of the eligible arms.
        best: the arm of the highest mean validation skill.
        eligible: the arms that one standard error does not separate from the best, cheapest first.
        skill: mean validation skill of ``arm``.
        table: one row per arm: ``arm, seeds, lost, skill, difference`` (best − arm, paired by seed), ``standard_error,
            multiply_adds, parameters, eligible``, best first.
    """

    arm: str
    best: str
    eligible: list[str]
    skill: float
    table: pd.DataFrame


def choose_arm(
    replicas: pd.DataFrame, *, candidates: list[str] | None = None, importance: Importance | None = None
) -> Choice:
    """Choose by the one-standard-error rule: fewest multiply-adds among the arms that the best does not clearly beat.

    Clearly means by more than one standard error of the mean difference, paired by seed.  The skill of a replica is
    that of the epoch which the other half of the arm's seeds was best in (:func:`fair_skills`).  An arm with a
    diverged replica takes part only if every arm has one; failed replicas leave the pairs that remain.  Equal costs
    are decided by skill, then by name.

    Args:
        replicas: the confirm phase's training records.
        candidates: labels of the arms that may be chosen; default: all.
        importance: of the tasks in their mean, by name; default: all count alike.

    Raises:
        ValueError: no candidate has a finished replica.
    """
    if candidates is not None:
        replicas = replicas[replicas["arm"].isin(candidates)]
    skills = _arm_skills(replicas, importance) if len(replicas) else pd.DataFrame()
    if skills.empty:
        raise ValueError("No arm has a finished replica in the confirm phase.")
    table = _compare(skills, _reliable(replicas, skills))
    table = table.merge(costs(replicas), on="arm")
    table = table.sort_values(["difference", "arm"], kind="stable").reset_index(drop=True)
    cheapest = table[table["eligible"]].sort_values(["multiply_adds", "skill", "arm"], ascending=[True, False, True])
    chosen = cheapest.iloc[0]
    best = table.loc[table["best"], "arm"].iloc[0]
    return Choice(chosen["arm"], best, list(cheapest["arm"]), float(chosen["skill"]), table.drop(columns="best"))


def _arm_skills(replicas: pd.DataFrame, importance: Importance | None = None) -> pd.DataFrame:
    """Return seed × arm: mean over tasks of the fair validation skill; NaN where a replica is missing."""
    rows = replicas.assign(skill=np.maximum(fair_skills(replicas), LOWEST_SKILL))
    labelled = rows.groupby("task")["skill"].transform(lambda skill: skill.notna().any())
    rows = rows[labelled]
    tasks = rows.groupby(["seed", "task"])["skill"].count().gt(0).groupby("seed").sum()
    cells = rows.groupby(["seed", "arm"])["skill"].agg(["mean", "count"])
    complete = cells["count"] == cells.index.get_level_values("seed").map(tasks.to_dict())
    means = cells["mean"] if importance is None else _means_by(rows, importance)
    return means.where(complete).unstack("arm").dropna(axis=1, how="all").dropna(axis=0, how="all")


def _means_by(rows: pd.DataFrame, importance: Importance) -> pd.Series:
    """Mean skill of every seed and arm over its tasks, by their importance."""
    by_task = rows.pivot_table(index=["seed", "arm"], columns="task", values="skill", aggfunc="mean")
    return mean_over_tasks(by_task, importance)


def selected(replicas: pd.DataFrame, curve: str) -> np.ndarray:
    """Return the value of the column ``curve`` at each row's selected epoch; NaN where there is none."""
    usable = replicas["status"].isin(USABLE) & (replicas["selected_epoch"] >= 0)
    return np.array(
        [
            float(values[int(epoch)]) if keep and int(epoch) < len(values) else np.nan
            for values, epoch, keep in zip(replicas[curve], replicas["selected_epoch"], usable, strict=True)
        ]
    )


def fair_skills(replicas: pd.DataFrame) -> np.ndarray:
    """Return each row's validation skill at the epoch that the other half of the arm's seeds was best in.

    The maximum of a curve is too good, and the more so the more curves have a maximum of their own: single-task
    networks have one for every task, a shared network one for all.  Other seeds have other validation splits, so their
    choice of the epoch favours nobody.  Halves are used because leaving out one seed at a time makes the choice
    depend on the very seed: with 40 seeds of mere noise the mean then scatters 2.3 times as much.  With a single seed
    its own best epoch counts.  NaN where nothing is usable.
    """
    usable = replicas["status"].isin(USABLE) & (replicas["selected_epoch"] >= 0)
    found = np.full(len(replicas), np.nan)
    rows = replicas.assign(place=range(len(replicas)), alone=replicas["sharing"] == SINGLE_TASK)[usable.to_numpy()]
    rows = rows.assign(subject=rows["task"].where(rows["alone"], ""))
    for _, group in rows.groupby(["arm", "subject"], sort=False):
        curves = [np.asarray(curve, dtype=float) for curve in group["validation_skill"]]
        length = min(map(len, curves))
        floor = -np.inf if group["alone"].iloc[0] else LOWEST_SKILL
        table = pd.DataFrame(np.maximum([curve[:length] for curve in curves], floor))
        table = table.assign(seed=group["seed"].to_numpy())
        means = table.groupby("seed").mean()  # over tasks; those without validation labels are NaN and left out
        half = np.arange(len(means)) % 2
        best = [means[half == side].mean().fillna(-np.inf).to_numpy().argmax() for side in (1, 0)]
        epoch = {seed: best[side if len(means) > 1 else 1] for seed, side in zip(means.index, half, strict=True)}
        of_seeds = zip(curves, group["seed"], strict=True)
        found[group["place"].to_numpy()] = [curve[epoch[seed]] for curve, seed in of_seeds]
    return found


def _reliable(replicas: pd.DataFrame, skills: pd.DataFrame) -> list[str]:
    diverged = set(replicas.loc[replicas["status"] == "diverged", "arm"])
    return [arm for arm in skills.columns if arm not in diverged] or list(skills.columns)


def _compare(skills: pd.DataFrame, reliable: list[str]) -> pd.DataFrame:
    most = skills[reliable].count().max()
    compared = skills[[arm for arm in reliable if skills[arm].count() * 2 >= most]]
    ranked = compared.sub(compared.mean(axis=1), axis=0).mean()  # a lost replica must not spare an arm a hard seed
    best = min(ranked.index, key=lambda arm: (-ranked[arm], arm))
    rows = []
    for arm in skills.columns:
        pairs = (skills[best] - skills[arm]).dropna()
        error = float(pairs.std(ddof=1) / np.sqrt(len(pairs))) if len(pairs) > 1 else 0.0
        close = arm in ranked.index and len(pairs) > 0 and float(pairs.mean()) <= error
        rows.append(
            {
                "arm": arm,
                "seeds": int(skills[arm].count()),
                "lost": int(len(skills) - skills[arm].count()),
                "skill": float(skills[arm].mean()),
                "difference": float(pairs.mean()) if len(pairs) else np.nan,
                "standard_error": error if len(pairs) > 1 else np.nan,
                "eligible": bool(close or arm == best),
                "best": arm == best,
            }
        )
    return pd.DataFrame(rows)


def costs(replicas: pd.DataFrame) -> pd.DataFrame:
    """Return ``arm, multiply_adds`` (per example), ``parameters`` for all tasks, on average over replicas."""
    by_task = replicas.groupby(["arm", "task"], sort=False)
    one = by_task[["multiply_adds", "parameters_total"]].mean().assign(sharing=by_task["sharing"].first())
    per_arm = one.reset_index("task").groupby("arm", sort=False)
    single = per_arm["sharing"].first() == SINGLE_TASK
    numbers = per_arm[["multiply_adds", "parameters_total"]]
    return numbers.sum().where(single, numbers.max()).rename(columns={"parameters_total": "parameters"}).reset_index()

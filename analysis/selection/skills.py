"""The validation skill of replicas, at an epoch of their own or of other seeds.

A replica's curve of interest is the mean over its tasks of the validation skill; its score is the curve's maximum, at
the selected epoch.  ``single_task`` has a replica per task, hence a draw and an epoch per task.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.records.unshared import SINGLE_TASK

LOWEST_SKILL = -1.0
"""Floor of a task's skill inside means that choose an arm, a draw or an epoch: one task that is not learnt must not."""
NEEDED = ("replica", "arm", "phase", "draw", "seed", "task", "status", "sharing", "epochs", "validation_skill")
"""Columns of training records that :func:`replica_scores` reads."""
USABLE = ("running", "stopped", "finished")


def replica_scores(replicas: pd.DataFrame, *, epochs: int | None = None) -> pd.DataFrame:
    """Return one row per replica with its best mean validation skill within the first ``epochs`` (default: all).

    Returns:
        ``replica, arm, phase, draw, seed, task, status, score``; ``task`` is the task of a single-task replica and
        ``""`` otherwise.  A replica that diverged, failed or has yet to reach ``epochs`` scores −∞.
    """
    curves, first = list(replicas["validation_skill"]), replicas.drop_duplicates("replica")
    number, _ = pd.factorize(replicas["replica"])  # in the order of first rows
    of_replica: list[list[np.ndarray]] = [[] for _ in range(len(first))]
    for place, curve in zip(number, curves, strict=True):
        of_replica[place].append(curve)
    lengths = _epochs_that_count(replicas, number, len(first), epochs)
    scores = [_best(of_tasks, length) for of_tasks, length in zip(of_replica, lengths, strict=True)]
    task = first["task"].where(first["sharing"] == SINGLE_TASK, "")
    columns = first[["replica", "arm", "phase", "draw", "seed", "task", "status"]]
    return columns.assign(task=task, score=np.array(scores, dtype=float)).reset_index(drop=True)


def _epochs_that_count(replicas: pd.DataFrame, number: np.ndarray, count: int, epochs: int | None) -> list[int]:
    """For every replica the number of its first epochs that count: none of one that is not usable up to ``epochs``.

    Args:
        replicas: training records.
        number: that of each row's replica, from 0.
        count: number of replicas.
        epochs: no later ones count; ``None``: all do.
    """
    status, trained = replicas["status"].to_numpy(), replicas["epochs"].to_numpy()
    usable, ended = np.ones(count, dtype=bool), np.ones(count, dtype=bool)
    np.logical_and.at(usable, number, np.isin(status, USABLE))
    np.logical_and.at(ended, number, status == "finished")
    lengths = np.full(count, np.inf)
    np.minimum.at(lengths, number, trained)
    reached = (lengths >= (epochs or 0)) | ended  # perhaps early, by its own patience
    return np.where(usable & reached, np.minimum(lengths, np.inf if epochs is None else epochs), 0).astype(int).tolist()


def _best(of_tasks: list[np.ndarray], length: int) -> float:
    """Return the maximum over ``length`` epochs of the mean over the tasks that have validation labels."""
    if length < 1:
        return -np.inf
    curves = np.stack([np.asarray(curve, dtype=float)[:length] for curve in of_tasks])
    curves = curves[np.isfinite(curves).all(axis=1)]
    floor = LOWEST_SKILL if len(of_tasks) > 1 else -np.inf  # as the engine selects an epoch
    return float(np.maximum(curves, floor).mean(axis=0).max()) if len(curves) else -np.inf


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

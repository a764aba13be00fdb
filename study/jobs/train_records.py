"""The training records of a shard: one row per replica and task, of trained replicas and of failed ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from analysis.records.schema import TRAINING
from mtl_core.data.reading.arrow_memory import reader_of
from mtl_core.data.task_set import Development
from mtl_core.network import cost
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.task_tree import Tree
from mtl_core.training import trainer
from mtl_core.training.fused_array import CURVES
from study.jobs.shard import Shard
from study.store.archive import RECORDS
from study.store.storage import Storage

UNCONVERGED = "weighting.unconverged"
"""Where a replica's state counts the steps that its weighting method's solver could not finish."""


def failure_rows(shard: Shard, storage: Storage, reason: str) -> list[dict[str, Any]]:
    """Return the records of replicas that failed: what earlier rungs recorded of them, else empty curves."""
    earlier = _earlier_rows(shard, storage)
    nothing = dict.fromkeys(TRAINING)
    empty = {"epochs": 0, "selected_epoch": -1, **{curve: [] for curve in CURVES}}
    ending = {"status": "failed", "reason": reason}
    return [
        nothing | _identity(shard, key, task) | earlier.get((key, task), empty) | ending
        for key in shard.replicas
        for task in shard.tasks_of(key)
    ]


def outcome_rows(
    shard: Shard, view: Development, outcomes: list[trainer.Outcome], device: str = "cpu"
) -> list[dict[str, Any]]:
    """Return the records of replicas that were trained on ``device``, one row per replica and task that it learns."""
    by_key, rows = {outcome.key: outcome for outcome in outcomes}, []
    for tasks, part in shard.by_tasks().items():
        trained = [by_key[key] for key in part.replicas if key in by_key]
        own = view if len(tasks) == len(view.tasks) else view.only(*tasks)
        rows += _rows_of(part, own, trained, device)
    return rows


def _rows_of(shard: Shard, view: Development, outcomes: list[trainer.Outcome], device: str) -> list[dict[str, Any]]:
    """The records of replicas that learn all tasks of ``view``."""
    network, rows = Network(shard.recipe, view.tasks, view.shape), []
    common = _sizes(shard.recipe, view)
    for outcome in outcomes:
        sizes = _found_sizes(shard.recipe, view, network, outcome) if network.trunk.found else common
        for column, task in enumerate(view.tasks):
            curves = {name: outcome.curves[name][:, column].astype(np.float32) for name in CURVES}
            ending = _ending(outcome, column) | {"device": device}
            rows.append(_identity(shard, outcome.key, task.name) | sizes | ending | curves)
    return rows


def _sizes(recipe: Recipe, view: Development, tree: Tree | None = None) -> dict[str, Any]:
    sizes = cost.cost_of(recipe, view)
    return {
        "parameters_shared": sizes.parameters_shared,
        "parameters_total": sizes.parameters_total,
        "multiply_adds": sizes.multiply_adds,
        "tree": None if tree is None else json.dumps(tree),
    }


def _found_sizes(recipe: Recipe, view: Development, network: Network, outcome: trainer.Outcome) -> dict[str, Any]:
    """Return what the network costs that a replica found, and its tree."""
    parameters = outcome.selected if outcome.selected_epoch >= 0 else outcome.state["parameters"]
    theta = network.layout.theta(network.layout.unpack(parameters.unsqueeze(0)))
    return _sizes(replace(recipe, **network.trunk.settled(theta, 0)), view, network.trunk.tree(theta, 0))


def _identity(shard: Shard, key: str, task: str) -> dict[str, Any]:
    replica = shard.replicas[key]
    return {
        "replica": key,
        "arm": shard.arm.label,
        "phase": shard.phase,
        "draw": replica.draw,
        "seed": replica.seed,
        "task": task,
        **shard.arm.levels(),
        "hyperparameters": json.dumps(dict(replica.hyperparameters)),
        "budget_epochs": shard.settings.training.epochs,
    }


def _ending(outcome: trainer.Outcome, column: int) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "reason": outcome.reason or "",
        "epochs": outcome.epochs,
        "selected_epoch": outcome.selected_epoch,
        "trivial_loss": float(outcome.trivial_loss[column]),
        "trivial_metric": float(outcome.trivial_metric[column]),
        "trivial_train_loss": float(outcome.trivial_train_loss[column]),
        "num_train": int(outcome.num_train[column]),
        "num_validation": int(outcome.num_validation[column]),
        "unconverged": int(unconverged) if (unconverged := outcome.state.get(UNCONVERGED)) is not None else None,
        "seconds": outcome.seconds,
        "replay_speed_up": outcome.replay_speed_up,
    }


def _earlier_rows(shard: Shard, storage: Storage) -> Mapping[tuple[str, str], dict[str, Any]]:
    rows = {}
    for source in shard.sources:
        if source == shard.name:
            continue  # the failure that is being tried again
        content = storage.read(f"{RECORDS}/{source}.parquet")
        if content is None:
            continue  # it was merged: then its replicas had ended, and a failure of theirs now outranks nothing
        for row in pq.ParquetFile(reader_of(content)).read(list(TRAINING)).to_pylist():
            rows[row["replica"], row["task"]] = row
    return rows


def best_skills(rows: list[dict[str, Any]]) -> dict[tuple[str, ...], float]:
    """Return the best mean validation skill that any replica reached at an epoch, by the tasks that it learns.

    Replicas without a finite skill do not count, so the result may be empty.
    """
    curves: dict[str, dict[str, np.ndarray]] = {}
    for row in rows:
        curves.setdefault(row["replica"], {})[row["task"]] = np.asarray(row["validation_skill"], dtype=float)
    best: dict[tuple[str, ...], float] = {}
    for skills in curves.values():
        mean = np.mean(list(skills.values()), axis=0) if all(curve.size for curve in skills.values()) else np.empty(0)
        if np.isfinite(mean).any():
            tasks = tuple(skills)
            best[tasks] = max(best.get(tasks, -np.inf), float(mean[np.isfinite(mean)].max()))
    return best

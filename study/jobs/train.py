"""What a worker does with a shard: fit, and write checkpoints, models and, last of all, the records."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from safetensors import SafetensorError

from analysis.records.schema import CONFLICT, TRAINING
from mtl_core.data.task_set import Development
from mtl_core.gradients.conflict import comparisons
from mtl_core.network import cost
from mtl_core.network.network import Network
from mtl_core.recipe import ReplicaConfig
from mtl_core.replica_state import ReplicaState
from mtl_core.training import checkpoint, trainer
from study.jobs.job import Beat, Shard, Summary, guarded
from study.store.archive import CHECKPOINTS, MODELS, PROBED, RECORDS, encode
from study.store.atomic_files import write_durably

CURVES = ("train_loss", "validation_loss", "train_metric", "validation_metric", "validation_skill", "weight")
SNAPSHOT_SECONDS = 30.0
UNCONVERGED = "weighting.unconverged"
"""Where a replica's state counts the steps that its weighting method's solver could not finish."""


def train_shard(shard: Shard, development: Development, directory: Path, beat: Beat) -> Summary:
    """Train ``shard`` from what checkpoints hold of it, and write what it yields."""
    started = time.monotonic()
    view = development.only(*shard.tasks)

    def work() -> Summary:
        outcomes = _fit(shard, view, directory, beat)
        _keep_states(shard, outcomes, directory)
        _keep_probes(shard, view, outcomes, directory)
        rows = _rows(shard, view, outcomes)
        return _record(shard, rows, directory, started)

    def failed(reason: str) -> Summary:
        return _record(shard, failure_rows(shard, directory, reason), directory, started)

    return guarded(work, lambda reason: guarded(lambda: failed(reason), lambda worse: Summary("stuck", worse)))


def failure_rows(shard: Shard, directory: Path, reason: str) -> list[dict[str, Any]]:
    """Records of replicas that failed: what earlier rungs recorded of them, else empty curves."""
    earlier = _earlier_rows(shard, directory)
    unknown = dict.fromkeys(TRAINING)
    empty = {"epochs": 0, "selected_epoch": -1, **{curve: [] for curve in CURVES}}
    ending = {"status": "failed", "reason": reason}
    return [
        unknown | _identity(shard, key, task) | earlier.get((key, task), empty) | ending
        for key in shard.replicas
        for task in shard.tasks
    ]


def _fit(shard: Shard, view: Development, directory: Path, beat: Beat) -> list[trainer.Outcome]:
    partial = directory / CHECKPOINTS / f"{shard.name}.partial.safetensors"
    rows = [ReplicaConfig(key, replica.seed, replica.hyperparameters) for key, replica in shard.replicas.items()]
    beat(0, len(rows) * shard.until, float("nan"))
    return trainer.fit(
        shard.recipe,
        view,
        rows,
        until=shard.until,
        states=_states(shard, directory, partial),
        watch=lambda progress: beat(progress.epochs_done, progress.epochs_total, progress.best),
        snapshot=lambda states: checkpoint.save(partial, states),
        snapshot_seconds=SNAPSHOT_SECONDS,
    )


def _states(shard: Shard, directory: Path, partial: Path) -> dict[str, ReplicaState]:
    """States from earlier rungs, then from this shard's own snapshot.  One that is lost is trained again."""
    states: dict[str, ReplicaState] = {}
    for path in [*(directory / CHECKPOINTS / f"{source}.safetensors" for source in shard.sources), partial]:
        if not path.exists():
            continue
        try:
            states |= {key: state for key, state in checkpoint.load(path).items() if key in shard.replicas}
        except (OSError, SafetensorError):
            continue
    return states


def _keep_states(shard: Shard, outcomes: list[trainer.Outcome], directory: Path) -> None:
    going_on = {outcome.key: outcome.state for outcome in outcomes if outcome.status == "running"}
    if going_on:
        checkpoint.save(directory / CHECKPOINTS / f"{shard.name}.safetensors", going_on)
    if shard.phase != "search":
        able = [outcome for outcome in outcomes if outcome.selected_epoch >= 0]
        selected = {outcome.key: {"parameters": outcome.selected} for outcome in able}
        meta = {"arm": json.dumps(shard.arm.levels()), "tasks": json.dumps(shard.tasks)}
        checkpoint.save(directory / MODELS / f"{shard.name}.safetensors", selected, meta)


def _keep_probes(shard: Shard, view: Development, outcomes: list[trainer.Outcome], directory: Path) -> None:
    if not shard.recipe.probes:
        return
    network = Network(shard.recipe, view.tasks, view.shape)
    rows = [
        {"replica": outcome.key} | asdict(comparison)
        for outcome in outcomes
        for comparison in comparisons(network, outcome.state)
    ]
    write_durably(directory / PROBED / f"{shard.name}.parquet", encode(rows, CONFLICT))


def _record(shard: Shard, rows: list[dict[str, Any]], directory: Path, started: float) -> Summary:
    write_durably(directory / RECORDS / f"{shard.name}.parquet", encode(rows, TRAINING))
    (directory / CHECKPOINTS / f"{shard.name}.partial.safetensors").unlink(missing_ok=True)
    return Summary("recorded", best=_best_skill(rows), seconds=time.monotonic() - started)


def _rows(shard: Shard, view: Development, outcomes: list[trainer.Outcome]) -> list[dict[str, Any]]:
    sizes = cost.cost_of(shard.recipe, view)
    common = {
        "parameters_shared": sizes.parameters_shared,
        "parameters_total": sizes.parameters_total,
        "multiply_adds": sizes.multiply_adds,
    }
    rows = []
    for outcome in outcomes:
        for column, task in enumerate(view.tasks):
            curves = {name: outcome.curves[name][:, column].astype(np.float32) for name in CURVES}
            rows.append(_identity(shard, outcome.key, task.name) | common | _ending(outcome, column) | curves)
    return rows


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
        "budget_epochs": shard.budget.epochs,
    }


def _ending(outcome: trainer.Outcome, column: int) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "reason": outcome.reason or "",
        "epochs": outcome.epochs,
        "selected_epoch": outcome.selected_epoch,
        "trivial_loss": float(outcome.trivial_loss[column]),
        "trivial_metric": float(outcome.trivial_metric[column]),
        "num_train": int(outcome.num_train[column]),
        "num_validation": int(outcome.num_validation[column]),
        "unconverged": int(unconverged) if (unconverged := outcome.state.get(UNCONVERGED)) is not None else None,
        "seconds": outcome.seconds,
    }


def _earlier_rows(shard: Shard, directory: Path) -> Mapping[tuple[str, str], dict[str, Any]]:
    rows = {}
    for source in shard.sources:
        if source == shard.name:
            continue  # the failure that is being tried again
        for row in pq.ParquetFile(directory / RECORDS / f"{source}.parquet").read().to_pylist():
            rows[row["replica"], row["task"]] = row
    return rows


def _best_skill(rows: list[dict[str, Any]]) -> float:
    """The best mean over tasks of the validation skill that any replica of the part reached at an epoch."""
    skills: dict[str, list[np.ndarray]] = {}
    for row in rows:
        skills.setdefault(row["replica"], []).append(np.asarray(row["validation_skill"], dtype=float))
    means = [np.mean(curves, axis=0) for curves in skills.values() if all(curve.size for curve in curves)]
    finite = [mean[np.isfinite(mean)].max() for mean in means if np.isfinite(mean).any()]
    return float(max(finite)) if finite else float("nan")

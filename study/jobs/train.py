"""The job that trains a shard: fit, then write checkpoints, models and, last of all, the records."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError

from analysis.records.schema import CONFLICT, TRAINING
from mtl_core.data.task_set import Development
from mtl_core.errors import UserError
from mtl_core.gradients.conflict import comparisons
from mtl_core.network.network import Network
from mtl_core.network.replica_state import ReplicaState
from mtl_core.recipe import ReplicaConfig
from mtl_core.training import checkpoint, trainer
from mtl_core.training.device import chosen_device
from study.jobs.job import Data, Heartbeat, Job, Summary, guarded
from study.jobs.shard import Shard
from study.jobs.train_records import best_skill, failure_rows, outcome_rows
from study.store.archive import CHECKPOINTS, MODELS, PROBED, RECORDS, encode
from study.store.atomic_files import write_durably

if TYPE_CHECKING:
    from study.store.archive import Archive

SNAPSHOT_SECONDS = 30.0
"""Seconds between two snapshots of a shard in training: what a worker that dies has to train again, at most."""


ROWS_ON_CPU = 16
"""Rows that a CPU trains at once: more leave its cache.  A GPU takes a whole shard."""


@dataclass(frozen=True)
class TrainingJob(Job):
    """The job that trains a shard's replicas up to the shard's number of epochs."""

    @property
    def name(self) -> str:
        """A content hash of what is trained."""
        return self.shard.name

    def run(self, data: Data, directory: Path, heartbeat: Heartbeat) -> Summary:
        """Train the shard; the records are written last, so a shard with records is complete."""
        return train_shard(self.shard, data.development, directory, heartbeat, data.device)

    def missing(self, archive: Archive) -> list[str]:
        """Return the replicas to train on, or anew because a model or a measurement that is needed is gone."""
        until = self.shard.until
        return [key for key in self.replicas if not (archive.done(key, until) and self._usable(key, archive))]

    def _usable(self, key: str, archive: Archive) -> bool:
        """Whether what later phases and the report need of a trained replica is there."""
        if self.phase == "search":
            return True
        judged = archive.is_scored(key) or archive.has_model(key)
        return judged and (not self.shard.recipe.probes or archive.has_probes(key))

    def keeping(self, keys: Sequence[str], archive: Archive) -> TrainingJob:
        """Return the same job for the replicas ``keys``, which go on from their last checkpoints."""
        parts = {archive.entries[key].part for key in keys if key in archive.entries}
        kept = {key: self.replicas[key] for key in keys}
        return TrainingJob(replace(self.shard, replicas=kept, sources=tuple(sorted(parts))))

    def collect(self, archive: Archive) -> bool:
        """Let the archive read the shard's records; ``False`` when some are missing."""
        return archive.add(self.name) and not self.missing(archive)

    def give_up(self, archive: Archive, reason: str) -> None:
        """Record the replicas as failed."""
        archive.write(self.name, failure_rows(self.shard, archive.directory, reason))


def train_shard(
    shard: Shard, development: Development, directory: Path, heartbeat: Heartbeat, device: str = "cpu"
) -> Summary:
    """Train ``shard``, going on from its checkpoints, and write checkpoints, models, probes and records.

    A device that is not there stops the study: it is not the replicas' fault.
    """
    started = time.monotonic()
    view = development.only(*shard.tasks)
    try:
        chosen = chosen_device(device)
    except UserError as error:
        return Summary("stuck", f"{error.where}: {error.found.rstrip('.')}")

    def work() -> Summary:
        outcomes = _fit(shard, view, directory, heartbeat, chosen)
        _keep_states(shard, outcomes, directory)
        _keep_probes(shard, view, outcomes, directory)
        rows = outcome_rows(shard, view, outcomes, chosen.type)
        return _record(shard, rows, directory, started)

    def failed(reason: str) -> Summary:
        return _record(shard, failure_rows(shard, directory, reason), directory, started)

    return guarded(work, lambda reason: guarded(lambda: failed(reason), lambda worse: Summary("stuck", worse)))


def _fit(
    shard: Shard, view: Development, directory: Path, heartbeat: Heartbeat, device: torch.device
) -> list[trainer.Outcome]:
    partial = directory / CHECKPOINTS / f"{shard.name}.partial.safetensors"
    rows = [ReplicaConfig(key, replica.seed, replica.hyperparameters) for key, replica in shard.replicas.items()]
    heartbeat(0, len(rows) * shard.until, float("nan"))
    return trainer.fit(
        shard.recipe,
        view,
        rows,
        until=shard.until,
        states=_states(shard, directory, partial),
        watch=lambda progress: heartbeat(progress.epochs_done, progress.epochs_total, progress.best),
        snapshot=lambda states: checkpoint.save(partial, states),
        snapshot_seconds=SNAPSHOT_SECONDS,
        device=device,
        max_rows=ROWS_ON_CPU if device.type == "cpu" else len(rows),
    )


def _states(shard: Shard, directory: Path, partial: Path) -> dict[str, ReplicaState]:
    """States from earlier rungs, then from this shard's own snapshot.  A state that is lost is trained again."""
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
    return Summary("recorded", best=best_skill(rows), seconds=time.monotonic() - started)

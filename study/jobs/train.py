"""The job that trains a shard: fit, then write checkpoints, models and, last of all, the records."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from analysis.records.schema import CONFLICT, TRAINING
from mtl_core.data.task_set import Development
from mtl_core.errors import UserError
from mtl_core.gradients.conflict import comparisons
from mtl_core.network.network import Network
from mtl_core.network.replica_state import ReplicaState
from mtl_core.recipe import ReplicaConfig
from mtl_core.training import checkpoint, trainer
from mtl_core.training.device import chosen_device
from mtl_core.training.device_memory import WorkMemory
from mtl_core.training.row_scheduler import Progress
from study.jobs.job import Data, Heartbeat, Job, Leaving, Summary, guarded
from study.jobs.shard import Shard
from study.jobs.states import states_of
from study.jobs.train_records import best_skills, failure_rows, outcome_rows
from study.store.archive import CHECKPOINTS, MODELS, PROBED, RECORDS
from study.store.parts import encode
from study.store.storage import LocalStorage, Storage

if TYPE_CHECKING:
    from study.store.archive import Archive

SNAPSHOT_SECONDS = 30.0
"""Seconds between two snapshots of a shard in training: what a worker that dies has to train again, at most."""


@dataclass(frozen=True)
class TrainingJob(Job):
    """The job that trains a shard's replicas up to the shard's number of epochs."""

    @property
    def name(self) -> str:
        """A content hash of what is trained."""
        return self.shard.name

    def run(self, data: Data, storage: Storage, heartbeat: Heartbeat) -> Summary:
        """Train the shard; the records are written last, so a shard with records is complete."""
        return train_shard(self.shard, data.development, storage, heartbeat, data.device)

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
        """Return the same job for the replicas ``keys``, which go on from their last checkpoints, or their twins'."""
        twins = {key: twin for key, twin in self.shard.twins.items() if key in keys}
        begun = [*keys, *(twin.replica for twin in twins.values())]
        parts = {archive.entries[key].part for key in begun if key in archive.entries}
        kept = {key: self.replicas[key] for key in keys}
        return TrainingJob(replace(self.shard, replicas=kept, sources=tuple(sorted(parts)), twins=twins))

    def collect(self, archive: Archive) -> bool:
        """Let the archive read the shard's records; ``False`` when some are missing."""
        return archive.add(self.name) and not self.missing(archive)

    def give_up(self, archive: Archive, reason: str) -> None:
        """Record the replicas as failed."""
        archive.write(self.name, failure_rows(self.shard, LocalStorage(archive.directory), reason))


def train_shard(
    shard: Shard, development: Development, storage: Storage, heartbeat: Heartbeat, device: str = "cpu"
) -> Summary:
    """Train ``shard``, going on from its checkpoints, and write checkpoints, models, probes and records.

    A device that is not there stops the study: it is not the replicas' fault.
    """
    started = time.monotonic()
    try:
        chosen = chosen_device(device)
    except UserError as error:
        return Summary("stuck", f"{error.where}: {error.found.rstrip('.')}")

    partial = f"{CHECKPOINTS}/{shard.name}.partial.safetensors"

    view, memory = development.only(*shard.tasks), WorkMemory(chosen)

    def fitted(part: Shard) -> list[trainer.Outcome]:
        return _fit(part, view, storage, partial, heartbeat, chosen)

    def record(outcomes: list[trainer.Outcome], failures: list[dict[str, Any]]) -> Summary:
        _keep_states(shard, outcomes, storage)
        _keep_probes(shard, view, outcomes, storage)
        rows = outcome_rows(shard, view, outcomes, chosen.type) + failures
        storage.write(f"{RECORDS}/{shard.name}.parquet", encode(rows, TRAINING))
        storage.remove(partial)
        return Summary("recorded", best=best_skills(rows))

    def train() -> Summary:
        memory.begin()
        return record(fitted(shard), [])

    def failed(reason: str) -> Summary:
        parts = list(shard.by_tasks().values())
        if len(parts) == 1:
            return record([], failure_rows(shard, storage, reason))
        return _task_by_task(parts, fitted, record, storage)

    ended = guarded(train, lambda reason: guarded(lambda: failed(reason), lambda worse: Summary("stuck", worse)))
    taken = memory.taken()
    of_card = {} if taken is None else {"host": socket.gethostname()} | asdict(taken)
    return replace(ended, seconds=time.monotonic() - started, memory=of_card)


def _task_by_task(
    parts: Sequence[Shard],
    fitted: Callable[[Shard], list[trainer.Outcome]],
    record: Callable[[list[trainer.Outcome], list[dict[str, Any]]], Summary],
    storage: Storage,
) -> Summary:
    """Train single-task replicas each task apart, so that an error that one task's data cause fails that task alone."""
    outcomes: list[trainer.Outcome] = []
    failures: list[dict[str, Any]] = []
    for part in parts:

        def train(part: Shard = part) -> Summary:
            outcomes.extend(fitted(part))
            return Summary("recorded")

        def note(reason: str, part: Shard = part) -> Summary:
            failures.extend(failure_rows(part, storage, reason))
            return Summary("recorded")

        ended = guarded(train, note)
        if ended.outcome != "recorded":
            return ended
    return record(outcomes, failures)


def _fit(
    shard: Shard,
    view: Development,
    storage: Storage,
    partial: str,
    heartbeat: Heartbeat,
    device: torch.device,
) -> list[trainer.Outcome]:
    rows = [
        ReplicaConfig(key, replica.seed, replica.hyperparameters, replica.task)
        for key, replica in shard.replicas.items()
    ]
    heartbeat(0, len(rows) * shard.until, float("nan"))
    must_leave = False

    def watch(progress: Progress) -> bool:
        nonlocal must_leave
        must_leave = heartbeat(progress.epochs_done, progress.epochs_total, progress.best)
        return must_leave

    def snapshot(states: dict[str, ReplicaState]) -> None:
        storage.write(partial, checkpoint.encoded(states))
        if must_leave:
            raise Leaving("its worker must leave")

    return trainer.fit(
        shard.recipe,
        view,
        rows,
        until=shard.until,
        states=states_of(shard, storage, partial),
        watch=watch,
        snapshot=snapshot,
        snapshot_seconds=SNAPSHOT_SECONDS,
        device=device,
        max_rows=len(rows),
    )


def _keep_states(shard: Shard, outcomes: list[trainer.Outcome], storage: Storage) -> None:
    going_on = {outcome.key: outcome.state for outcome in outcomes if outcome.status == "running"}
    if going_on:
        storage.write(f"{CHECKPOINTS}/{shard.name}.safetensors", checkpoint.encoded(going_on))
    if shard.phase != "search":
        able = [outcome for outcome in outcomes if outcome.selected_epoch >= 0]
        selected = {outcome.key: {"parameters": outcome.selected} for outcome in able}
        tasks = {key: shard.tasks_of(key) for key in shard.replicas}
        meta = {"arm": json.dumps(shard.arm.levels()), "tasks": json.dumps(tasks)}
        storage.write(f"{MODELS}/{shard.name}.safetensors", checkpoint.encoded(selected, meta))


def _keep_probes(shard: Shard, view: Development, outcomes: list[trainer.Outcome], storage: Storage) -> None:
    if not shard.recipe.probes:
        return
    network = Network(shard.recipe, view.tasks, view.shape)
    rows = [
        {"replica": outcome.key} | asdict(comparison)
        for outcome in outcomes
        for comparison in comparisons(network, outcome.state)
    ]
    storage.write(f"{PROBED}/{shard.name}.parquet", encode(rows, CONFLICT))

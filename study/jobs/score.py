"""The job that scores trained replicas: the only one that receives the test split."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analysis.records.schema import SCORES
from mtl_core.errors import UserError
from mtl_core.recipe import ReplicaConfig
from study.jobs.job import Data, Heartbeat, Job, Summary, guarded
from study.jobs.shard import Shard
from study.jobs.stored import content_of
from study.store.archive import MODELS, SCORED
from study.store.parts import encode

if TYPE_CHECKING:
    from mtl_core.data.task import Task
    from mtl_core.data.task_set import Development, Examples
    from mtl_core.network.replica_state import ReplicaState
    from mtl_core.training.evaluation import TestScore
    from study.store.archive import Archive
    from study.store.storage import Storage


@dataclass(frozen=True)
class ScoringJob(Job):
    """The job that judges trained replicas of one shard on the test split.

    Args:
        shard: the replicas.
        models: stem of the file with their selected parameters, by replica.
    """

    models: Mapping[str, str]

    @property
    def name(self) -> str:
        """A content hash of what is scored."""
        return hashlib.sha256(json.dumps(["score", sorted(self.replicas)]).encode()).hexdigest()[:16]

    def run(self, data: Data, storage: Storage, heartbeat: Heartbeat) -> Summary:
        """Score the replicas and write the part with their scores."""
        started = time.monotonic()
        if data.test is None:
            raise AssertionError("A job that scores was started without the test split.")
        test = data.test

        def work() -> Summary:
            rows = list(self._rows(data.development, test, storage))
            storage.write(f"{SCORED}/{self.name}.parquet", encode(rows, SCORES))
            return Summary("recorded", seconds=time.monotonic() - started)

        return guarded(work, lambda reason: Summary("stuck", f"the test split cannot be scored: {reason}"))

    def _rows(self, development: Development, test: Examples, storage: Storage) -> Iterator[dict[str, Any]]:
        import torch

        from mtl_core.training import evaluation

        paths = {stem: f"{MODELS}/{stem}.safetensors" for stem in set(self.models.values())}
        files = {stem: _models_in(storage, path) for stem, path in paths.items()}
        for tasks, part in self.shard.by_tasks().items():
            parameters = torch.stack([files[self.models[key]][key]["parameters"] for key in part.replicas])
            rows = [ReplicaConfig(key, one.seed, one.hyperparameters) for key, one in part.replicas.items()]
            view, seen = development.only(*tasks), test.only(development.tasks, tasks)
            for score in evaluation.score_examples_on(part.recipe, view, seen, rows, parameters):
                yield from (_row(score, column, task) for column, task in enumerate(view.tasks))

    def missing(self, archive: Archive) -> list[str]:
        """Return the replicas without scores."""
        return [key for key in self.replicas if not archive.is_scored(key)]

    def keeping(self, keys: Sequence[str], archive: Archive) -> ScoringJob:
        """Return the same job for the replicas ``keys``."""
        return scoring_job(self.shard, keys, archive)

    def collect(self, archive: Archive) -> bool:
        """Let the archive read the scores; ``False`` when some are missing."""
        return archive.add_scores(self.name) and not self.missing(archive)

    def give_up(self, archive: Archive, reason: str) -> None:
        """Refuse: a trained replica without scores would leave the report with less than was trained.

        Raises:
            UserError: always.
        """
        remedy = "Mend that and run the same command again: nothing is trained twice."
        raise UserError(str(archive.directory), f"the test split cannot be scored: {reason}.", remedy)


def _row(score: TestScore, column: int, task: Task) -> dict[str, Any]:
    """The scores of one replica for the task at ``column`` of those that it learns."""
    from mtl_core.data.metrics import metric_named

    return {
        "replica": score.key,
        "task": task.name,
        "metric": task.metric,
        "test_metric": float(score.test_metric[column]),
        "trivial_metric": float(score.trivial_metric[column]),
        "perfect_metric": metric_named(task.metric).perfect,
        "test_skill": float(score.test_skill[column]),
        "num_test": int(score.num_test[column]),
        "example_scores": score.example_scores[column],
        **_of_classes(score, column, is_classification=task.has_classes),
    }


def _models_in(storage: Storage, path: str) -> dict[str, ReplicaState]:
    """The selected parameters of a file by replica; a damaged one is removed, so that they are trained again.

    Raises:
        ValueError: it is damaged.
    """
    from safetensors import SafetensorError

    from mtl_core.training import checkpoint

    content = content_of(storage, path)
    try:
        return checkpoint.decoded(content)
    except SafetensorError as error:
        storage.remove(path)
        raise ValueError(f"{path} was damaged ({error}) and is removed; the same command trains it again") from error


def _of_classes(score: TestScore, column: int, *, is_classification: bool) -> dict[str, Any]:
    """Columns that are null for regressions: how many labels are of rarer classes, and the loss beside the metric."""
    if not is_classification:
        return dict.fromkeys(("num_rarer", "test_loss", "trivial_loss", "example_losses"))
    return {
        "num_rarer": int(score.num_rarer[column]),
        "test_loss": float(score.test_loss[column]),
        "trivial_loss": float(score.trivial_loss[column]),
        "example_losses": score.example_losses[column],
    }


def scoring_job(trained: Shard, keys: Iterable[str], archive: Archive) -> ScoringJob:
    """Return the job that scores the replicas ``keys`` of the trained shard ``trained``."""
    kept = replace(trained, replicas={key: trained.replicas[key] for key in keys})
    return ScoringJob(kept, {key: archive.entries[key].part for key in kept.replicas})

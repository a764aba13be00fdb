"""What every phase of a study works with: the plan, the records, the ledger, and how replicas become jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from mtl_core.data.task_set import Development
from study.jobs.shard import Shard, Twin, shards_of
from study.jobs.train import TrainingJob
from study.planning.arm import Arm
from study.planning.draw_numbers import DrawNumbers
from study.planning.packing import Packing, RowsOnCard
from study.planning.plan import Plan
from study.planning.replica import Replica
from study.protocol.proposals import Proposals
from study.store.archive import Archive
from study.store.ledger import Ledger

NONE: Mapping[str, Twin] = MappingProxyType({})


@dataclass(frozen=True)
class StudyContext:
    """A study under way, as the driver sees it.  Holds no test data.

    Args:
        plan: what is to be trained.
        archive: what is trained.
        ledger: what was decided.
        development: for the sizes of arms; its examples are the workers' business.
        fingerprint: content hash of the task set.
        directory: the run directory; what a search strategy keeps lies there.
        card: how replicas are packed on the GPU that they train on; ``None``: they train on processors.
    """

    plan: Plan
    archive: Archive
    ledger: Ledger
    development: Development
    fingerprint: str
    directory: Path
    card: RowsOnCard | None = None

    def keyed(self, replicas: Iterable[Replica]) -> dict[str, Replica]:
        """Return ``replicas`` by content hash."""
        return {replica.key(self.fingerprint, self.plan.settings(replica.phase)): replica for replica in replicas}

    def replicas(self, arm: Arm, phase: str, draws: DrawNumbers) -> list[Replica]:
        """Return the replicas of ``arm`` in ``phase``, as the plan does, at what the search has proposed for it."""
        proposed = {draw: proposal.hyperparameters for draw, proposal in self.proposals.of(arm).items()}
        return self.plan.replicas(arm, phase, draws, proposed)

    def search_replicas(self, arm: Arm) -> dict[str, Replica]:
        """Return all search replicas of ``arm``, by content hash: those proposed for it, or every draw of the plan."""
        proposed = bool(self.proposals.of(arm))
        draws = self.proposals.draws(arm, self.plan.tasks) if proposed else range(len(self.plan.draws))
        return self.keyed(self.replicas(arm, "search", draws))

    @cached_property
    def proposals(self) -> Proposals:
        """What the search has proposed beside the draws of the plan."""
        return Proposals(self.ledger)

    def shards(self, phase: str, replicas: Mapping[str, Replica], until: int | None = None) -> list[Shard]:
        """Group ``replicas`` of ``phase`` into shards that end at ``until`` epochs, by default the last."""
        settings = self.plan.settings(phase)
        end = until or settings.training.epochs
        return list(shards_of(replicas, self.plan.tasks, self._packing, until=end, settings=settings))

    def training_jobs(
        self, phase: str, replicas: Mapping[str, Replica], until: int | None = None, twins: Mapping[str, Twin] = NONE
    ) -> list[TrainingJob]:
        """Return the jobs that train ``replicas`` of ``phase`` up to ``until`` epochs, by default to the end.

        ``twins`` have trained already what some of the replicas begin with.
        """
        return [TrainingJob(replace(shard, twins=twins)) for shard in self.shards(phase, replicas, until)]

    @cached_property
    def _packing(self) -> Packing:
        return Packing(self.development, self.card)

    @property
    def of_one_fold(self) -> dict[str, int]:
        """What events about one outer fold say of it; nothing in the context of all."""
        return {} if self.plan.fold is None else {"fold": self.plan.fold}

    @cached_property
    def folds(self) -> list[StudyContext]:
        """One context per outer fold, with the seeds, records and choices of that fold; without folds this one."""
        if self.plan.folds == 1 or self.plan.fold is not None:
            return [self]
        return [replace(self, plan=self.plan.of_fold(fold)) for fold in range(self.plan.folds)]

    @property
    def with_all_folds(self) -> list[StudyContext]:
        """The contexts in which a choice is made: of every outer fold, then of all of them together."""
        return self.folds if self.folds[0] is self else [*self.folds, self]

    def freeze(self, choice: str, value: Any) -> Any:
        """Write a decision to the ledger; a resumed run reuses it."""
        self.ledger.append("frozen", choice=choice, value=value, **self.of_one_fold)
        return value

    def frozen(self, choice: str) -> Any:
        """Return a decision that stands in the ledger, or ``None`` while it is not made."""
        return self.ledger.frozen(choice, self.plan.fold)

    def first_frozen(self, choice: str) -> Any:
        """Return a decision as it was first made, without what was added to the finished study; ``None``: not made."""
        return self.ledger.frozen(choice, self.plan.fold, first=True)

    def of_phase(self, phase: str) -> pd.DataFrame:
        """Return the longest records of all replicas of ``phase``; in the context of an outer fold of its seeds."""
        rows = self.archive.of_phase(phase)
        return rows if self.plan.fold is None else rows[rows["seed"].isin(self.plan.seeds(phase))]

    def arms(self, labels: Iterable[str]) -> list[Arm]:
        """Return the arms with these labels, in their order."""
        by_label = {arm.label: arm for arm in self.plan.arms}
        by_label |= {arm.label: arm for arm in map(arm_of, self._extra_levels)}
        return [by_label[label] for label in labels]

    def arm(self, label: str) -> Arm:
        """Return the arm with this label."""
        return self.arms([label])[0]

    @property
    def _extra_levels(self) -> list[dict[str, Any]]:
        return [event["levels"] for event in self.ledger.of("added")]

    @cached_property
    def rungs(self) -> list[int]:
        """Numbers of epochs after which the search halves the draws, and the number of all."""
        return list(self.plan.rungs)


def arm_of(levels: Mapping[str, Any]) -> Arm:
    """Return the arm with this identity, as the ledger holds it."""
    matched = levels["capacity"] != levels["width"]
    own = {"capacity": levels["capacity"] if matched else None, "without": tuple(levels.get("without", ()))}
    return Arm(**{**levels, **own})

"""The plan of a study: its arms, its replicas by phase, and what cannot exist with the reason."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis.records.phases import PHASES
from analysis.statistics.strata import fold_of
from mtl_core.registry import find
from mtl_core.task_tree import Tree
from study.config.registered_names import STRATEGIES
from study.config.spec import Spec
from study.planning.arm import EQUAL, HARD, Arm
from study.planning.draw_numbers import DrawNumbers, draws_by_task
from study.planning.draws import Draws
from study.planning.phase_seeds import FIRST_SEED, num_added, num_trained
from study.planning.replica import Replica
from study.planning.search_space import SearchSpace
from study.planning.strategies import Strategy
from study.planning.training_settings import TrainingSettings, settings_of


@dataclass(frozen=True)
class Skipped:
    """An arm that cannot exist: its label, the reason and its levels."""

    arm: str
    reason: str
    levels: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """Plan of a study: its arms, draws and replicas.

    Args:
        spec: the specification after shrinking to the time budget.
        tasks: names, in order.
        candidates: arms that the factors make, ``each`` and ``loop`` baselines among them excepted.
        baselines: for every candidate its single-task and its independent arm.
        skipped: levels that do not go together.
        draws: values of the tuning hyperparameters.
        shrunk: what the budget took away, in words.
        ratios: size over the reference's, of arms whose width was matched.
        remarks: what a user should know about the networks.
        reasons: settings that follow from the size of the data, with their values and why.
        trees: of ``branch`` by number of stages, where affinity decides.
        stand_ins: numbers of stages whose tree is not found yet and is one of as many groups until then.
        pilot: whether a pilot is to find out if the epochs suffice, see :mod:`study.planning.pilot`.
        folds: number of outer folds; 1: a test split of its own judges.
        fold: the outer fold whose seeds this plan has; ``None``: the seeds of all.
        verdict_seeds: number of verdict seeds, where the study has gone on to more than its file asks for.
        first_verdict_seed: first of them, where they are a later block than the study's own; ``None``: its own.
    """

    spec: Spec
    tasks: tuple[str, ...]
    candidates: tuple[Arm, ...]
    baselines: tuple[Arm, ...]
    skipped: tuple[Skipped, ...]
    draws: Draws
    shrunk: tuple[str, ...] = ()
    ratios: Mapping[Arm, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    trees: Mapping[int, Tree] = field(default_factory=dict)
    stand_ins: tuple[int, ...] = ()
    pilot: bool = False
    folds: int = 1
    fold: int | None = None
    verdict_seeds: int | None = None
    first_verdict_seed: int | None = None

    @property
    def arms(self) -> tuple[Arm, ...]:
        """All arms: candidates, then baselines."""
        return self.candidates + self.baselines

    def role(self, arm: Arm) -> str:
        """Return ``candidate`` or ``baseline``."""
        return "candidate" if arm in self.candidates else "baseline"

    @property
    def strategy(self) -> Strategy:
        """The strategy of the search."""
        return find(STRATEGIES, self.spec.search.strategy).cls()

    @property
    def rungs(self) -> tuple[int, ...]:
        """Numbers of epochs after which the search stops some trials, and the number of all."""
        epochs = self.spec.training.epochs
        inner = {math.ceil(share * epochs) for share in self.spec.search.rungs}
        return (*sorted(rung for rung in inner if 0 < rung < epochs), epochs)

    def space(self, directory: Path = Path()) -> SearchSpace:
        """Return what the strategy may choose from; in the run directory ``directory`` it may keep something."""
        search = self.spec.search
        arms = (self.candidates, self.baselines, self.references if self.strategy.leaves_out else ())
        limits = (self.rungs, search.trials, search.reduction_factor)
        return SearchSpace(self.tasks, *arms, self.draws, *limits, directory=directory)

    @property
    def searched(self) -> str:
        """How either side is searched, in words; empty where every arm gets the same and nothing is explored."""
        strategy = self.strategy
        return strategy.in_words(self.space()) if strategy.leaves_out or strategy.explores else ""

    def seeds(self, phase: str) -> Sequence[int]:
        """Return the seeds of ``phase``; with outer folds the same number of each, seed s of fold s mod K."""
        first, wanted = FIRST_SEED[phase], getattr(self.spec, phase).seeds
        if phase == "verdict":
            first, wanted = self.first_verdict_seed or first, self.verdict_seeds or wanted
        is_added = phase == "verdict" and self.first_verdict_seed is not None
        number = num_added(wanted, self.folds) if is_added else num_trained(phase, wanted, self.folds)
        seeds = range(first, first + number)
        return seeds if self.fold is None else [seed for seed in seeds if fold_of(seed, self.folds) == self.fold]

    def of_fold(self, fold: int) -> Plan:
        """Return the plan with the seeds of one outer fold."""
        return replace(self, fold=fold)

    def in_block(self, first: int, seeds: int) -> Plan:
        """Return the plan with a block of ``seeds`` verdict seeds from ``first`` on, in place of its own."""
        return replace(self, verdict_seeds=seeds, first_verdict_seed=first)

    def settings(self, phase: str) -> TrainingSettings:
        """Return what all replicas of ``phase`` have in common; only the search may stop early."""
        return settings_of(self.spec, phase, self.trees)

    def replicas(
        self, arm: Arm, phase: str, draws: DrawNumbers, proposed: Mapping[int, Mapping[str, Any]] | None = None
    ) -> list[Replica]:
        """Return the replicas of ``arm`` in ``phase``.

        Args:
            arm: what is trained.
            phase: search, confirm or verdict.
            draws: numbers of draws, each for all tasks; or the draw or draws of each task, which for a multi-task arm
                are one and the same.
            proposed: hyperparameters that a search strategy has proposed, by draw; the others are those of the plan.
        """
        proposed = proposed or {}
        return [
            Replica(arm, draw, seed, phase, proposed[draw] if draw in proposed else self.draws.of(arm, draw), task)
            for task, draw in draws_by_task(arm, self.tasks, draws)
            for seed in self.seeds(phase)
        ]

    def fully_shared(self, arm: Arm) -> Arm | None:
        """Return the reference of ``arm``: everything shared, equal weights, same capacity; ``None``: not planned."""
        weighted = EQUAL | {"scale": self.spec.factors.scale[0]}
        reference = arm.unmatched(sharing=HARD, depth=arm.stages, **weighted)
        return reference if reference in self.candidates else None

    @cached_property
    def all_fully_shared(self) -> tuple[Arm, ...]:
        """The candidates that share everything, with equal weights: the references of all arms of their capacity."""
        return tuple(arm for arm in self.candidates if arm == self.fully_shared(arm))

    @cached_property
    def references(self) -> tuple[Arm, ...]:
        """The arms that the verdict may judge beside the chosen one; like baselines they are always searched."""
        if "fully_shared" not in self.spec.verdict.judge:
            return ()
        found = (self.fully_shared(arm) for arm in self.arms)
        return tuple(dict.fromkeys(arm for arm in found if arm is not None))

    def counts(self, *, tasks_together: bool = False) -> dict[str, int]:
        """Return the largest possible number of replicas of each phase.

        Args:
            tasks_together: whether the single-task networks of all tasks count as one replica.
        """
        each = 1 if tasks_together else len(self.tasks)
        rows = {arm: each if arm.is_single_task else 1 for arm in self.arms}
        baselines, space = sum(rows[arm] for arm in self.baselines), self.space()
        confirmed = min(self.num_confirmed, self.strategy.most_arms(space)) + baselines
        searched = len(space.references) + baselines
        # Of each judged arm: itself, ``loop``, and for every task ``each``, ``total`` and ``best``; the width of
        # ``total`` is known only then, and its draws are searched like any other arm's.
        judged = self.num_judged * (2 + 3 * each)
        searched += self.num_judged * each
        if self.may_follow_up:  # itself, and at its width ``loop`` and for every task ``each``
            judged, searched = judged + 2 + each, searched + 1
        trials = self.strategy.of_candidates(space).trials + self.strategy.beside(space).trials
        judged += self.num_explored
        return {
            "search": (trials + searched * self.strategy.of_one(space).trials) * len(self.seeds("search")),
            "confirm": confirmed * len(self.seeds("confirm")),
            "verdict": judged * len(self.seeds("verdict")),
        }

    @property
    def num_judged(self) -> int:
        """Largest number of arms that get a verdict, but for the follow-up: the chosen one and its references."""
        return 1 + len(self.spec.verdict.judge)

    @property
    def num_explored(self) -> int:
        """Largest number of arms that the verdict phase trains beside the judged ones: explored, and equal weights."""
        return 3 if self.strategy.explores else 0

    @property
    def may_follow_up(self) -> bool:
        """Whether an arm may be judged that leaves harmed tasks out: of two tasks none could be left to share."""
        return self.spec.verdict.follow_up and len(self.tasks) > 2

    @property
    def num_confirmed(self) -> int:
        """Largest number of candidates that are confirmed: all, or the best K and the fully shared ones."""
        most, left = self.spec.confirm.arms, self.strategy.most_arms(self.space())
        if most == "all" or self.strategy.finds_front:
            return left
        return min(left, most + len(self.all_fully_shared))

    def event(self) -> dict[str, Any]:
        """Return the part of the ledger's event ``planned`` that holds the plan."""
        return {
            "arms": [{"arm": arm.label, **arm.levels(), "role": self.role(arm)} for arm in self.arms],
            "skipped": [{"arm": skipped.arm, **skipped.levels, "reason": skipped.reason} for skipped in self.skipped],
            "replicas": self.counts(),
            "draws": len(self.draws),
            "seeds": {phase: len(self.seeds(phase)) for phase in PHASES},
            "folds": self.folds,
            "epochs": self.spec.training.epochs,
            "searched": self.searched,
            "shrunk": list(self.shrunk),
            "ratios": {arm.label: round(ratio, 4) for arm, ratio in self.ratios.items()},
            "remarks": list(self.remarks),
            "reasons": list(self.reasons),
            "trees": {str(stages): tree for stages, tree in self.trees.items()},
            "stand_ins": list(self.stand_ins),
            "spec_hash": self.spec.digest(),
        }

"""What is done of a study, of how much at most, and what went wrong: the live screen and ``status`` count alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from study.planning import phase_work
from study.planning.forecast import Forecast
from study.planning.plan import Plan
from study.store.archive import TERMINAL, Entry


@dataclass(frozen=True)
class Workload:
    """What a phase may have to train.

    Args:
        replicas: at most.
        epochs: of one replica; in the search on average, since halving stops many early.
        seconds: forecast of the phase.
        expected: epochs of all replicas that the forecast expects, which follow from what studies usually judge and how
            many seeds they add; 0: as many as there can be.
        is_open: whether more or fewer may be trained than expected, which the verdict alone decides as it goes.
    """

    replicas: int
    epochs: float
    seconds: float
    expected: float = 0.0
    is_open: bool = True

    def part(self, epochs: float) -> float:
        """Return the part of the phase for which so many epochs stand."""
        return min(epochs / max(self.expected or self.replicas * self.epochs, 1e-9), 1.0)


Work = Mapping[str, Workload]
"""What every phase may have to train, by the phase's name."""


@dataclass(frozen=True)
class Counts:
    """What is done of a study.

    Args:
        done: replicas by phase that have ended: finished, stopped by halving, diverged or failed.
        planned: replicas by phase, at most.
        share: part of the whole study's work, as forecast, that is done.
        failed: replicas that failed by reason, the most frequent first.
        diverged: replicas that diverged.
        untried: part of the work left of which it is open how long it takes: in phases of which nothing is trained
            yet, and in the verdict, which may add seeds or not.
    """

    done: Mapping[str, int]
    planned: Mapping[str, int]
    share: float
    failed: Mapping[str, int]
    diverged: int
    untried: float = 0.0

    def of_phase(self, phase: str) -> str:
        """Return in words how many replicas of ``phase`` have ended."""
        return f"{self.done[phase]:,} of at most {self.planned[phase]:,} replicas"

    def of_all(self) -> Counts:
        """Return the same counts of a study that is over: what is done was all."""
        return replace(self, share=1.0, planned=self.done)

    def facts(self) -> dict[str, Any]:
        """Return the counts as JSON can hold them."""
        facts = asdict(self)
        del facts["untried"]
        return facts

    def lines(self, *, is_over: bool = False) -> list[str]:
        """Return a line for every phase; where the study is over, without the largest numbers, which tell nothing."""
        width = max(len(f"{number:,}") for number in (*self.planned.values(), 1))
        most = {phase: "" if is_over else f" of at most {self.planned[phase]:,}" for phase in self.done}
        return [f"{phase:8} {number:>{width},}{most[phase]} replicas" for phase, number in self.done.items()]


def planned_work(plan: Plan, forecast: Forecast) -> dict[str, Workload]:
    """Return the work of a study that has its plan and its forecast."""
    whole = float(plan.spec.training.epochs)
    halved = _epochs_of_search(plan)
    usual = phase_work.PhaseWork(plan, lambda arm: [_Epochs(len(arm.tasks(plan.tasks)) if arm.is_single_task else 1)])
    expected = {"search": usual.search(), "confirm": usual.confirm(), "verdict": usual.verdict()}
    return {
        phase: Workload(number, halved if phase == "search" else whole, getattr(forecast, phase), expected[phase])
        for phase, number in plan.counts().items()
    }


def _epochs_of_search(plan: Plan) -> float:
    """The epochs of a search replica, on average."""
    space, strategy = plan.space(), plan.strategy
    chosen, always, number = strategy.of_candidates(space), strategy.of_one(space), len(space.always)
    return (chosen.epochs + number * always.epochs) / (chosen.trials + number * always.trials)


@dataclass(frozen=True)
class _Epochs:
    """Arrays that take a second for every epoch of every replica, so that what adds up seconds counts epochs.

    Args:
        networks: replicas of each row, of single-task networks one for every task.
    """

    networks: int

    def seconds(self, rows: float, epochs: float) -> float:
        """Return the epochs of all replicas."""
        return self.networks * rows * epochs


def event_of_work(work: Work) -> dict[str, Any]:
    """Return the work as the ledger's event ``planned`` holds it."""
    return {phase: asdict(one) for phase, one in work.items()}


def work_of_event(event: Mapping[str, Any]) -> Work:
    """Return the work that an event ``planned`` tells of; by replicas alone where an earlier version wrote it."""
    if "work" in event:
        return {phase: Workload(**one) for phase, one in event["work"].items()}
    return {phase: Workload(number, 1.0, float(number)) for phase, number in event.get("replicas", {}).items()}


def count(work: Work, entries: Iterable[Entry], under_way: Mapping[str, float] | None = None) -> Counts:
    """Count what is done of ``work``.

    Args:
        work: of all phases.
        entries: what the records know of the replicas.
        under_way: epochs by phase that running shards have done beyond their records.
    """
    known, done, failed = Counter[str](), Counter[str](), Counter[str]()
    epochs, diverged = defaultdict[str, float](float), 0
    for entry in entries:
        known[entry.phase] += 1
        done[entry.phase] += entry.status in TERMINAL
        diverged += entry.status == "diverged"
        if entry.status == "failed":
            failed[entry.reason or "unknown"] += 1
        whole = entry.status in ("finished", "diverged", "failed") and entry.phase != "search"
        epochs[entry.phase] += work[entry.phase].epochs if whole and entry.phase in work else entry.epochs
    phases = list(dict.fromkeys([*work, *known]))
    over = _over(known)
    # more are known than planned where the verdict went on to further seeds
    most = {phase: work[phase].replicas if phase in work and phase not in over else 0 for phase in phases}
    planned = {phase: max(most[phase], known[phase]) for phase in phases}
    done_epochs = {phase: epochs[phase] + (under_way or {}).get(phase, 0.0) for phase in work}
    share, untried = _shares(work, done_epochs, over)
    ended = {phase: done[phase] for phase in phases}
    return Counts(ended, planned, share, dict(failed.most_common()), diverged, untried)


def beyond_records(epochs: int, replicas: Iterable[str], entries: Mapping[str, Entry]) -> int:
    """Return the epochs of a running shard that the records do not count yet; those of earlier rungs they do.

    Args:
        epochs: of all its replicas, from their first.
        replicas: of the shard.
        entries: what the records know, by replica.
    """
    return max(epochs - sum(entries[key].epochs for key in replicas if key in entries), 0)


def _over(known: Mapping[str, int]) -> frozenset[str]:
    """The phases that are over whatever was expected of them: what the verdict needs is there when it has begun."""
    return frozenset(("search", "confirm") if known.get("verdict") else ())


def _shares(work: Work, epochs: Mapping[str, float], over: Collection[str]) -> tuple[float, float]:
    """The part of the forecast seconds for which ``epochs`` stand, and the part of the rest that is open."""
    weights = {phase: max(one.seconds, 1e-9) for phase, one in work.items()}
    parts = {phase: 1.0 if phase in over else one.part(epochs[phase]) for phase, one in work.items()}
    left = sum(weights[phase] * (1 - parts[phase]) for phase in work)
    is_open = {phase: not parts[phase] or (phase == "verdict" and one.is_open) for phase, one in work.items()}
    untried = sum(weights[phase] * (1 - parts[phase]) for phase in work if is_open[phase])
    return 1 - left / sum(weights.values()) if work else 0.0, untried / left if left else 0.0

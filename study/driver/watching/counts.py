"""What is done of a study, of how much at most, and what went wrong: the live screen and ``status`` count alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from study.planning.forecast import Forecast, halved_epochs
from study.planning.plan import Plan
from study.store.archive import TERMINAL, Entry


@dataclass(frozen=True)
class PhaseWork:
    """What a phase may have to train.

    Args:
        replicas: at most.
        epochs: of one replica; in the search on average, since halving stops many early.
        seconds: forecast of the phase.
    """

    replicas: int
    epochs: float
    seconds: float


Work = Mapping[str, PhaseWork]
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
        untried: part of the work left that lies in phases of which nothing is trained yet.
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

    def at(self, share: float | None) -> Counts:
        """Return the same counts at that share of the work, if one is given."""
        return self if share is None else replace(self, share=share)

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


def planned_work(plan: Plan, forecast: Forecast) -> dict[str, PhaseWork]:
    """Return the work of a study that has its plan and its forecast."""
    whole = float(plan.spec.training.epochs)
    halved = halved_epochs(plan) / len(plan.draws)
    return {
        phase: PhaseWork(number, halved if phase == "search" else whole, getattr(forecast, phase))
        for phase, number in plan.counts().items()
    }


def event_of_work(work: Work) -> dict[str, Any]:
    """Return the work as the ledger's event ``planned`` holds it."""
    return {phase: asdict(one) for phase, one in work.items()}


def work_of_event(event: Mapping[str, Any]) -> Work:
    """Return the work that an event ``planned`` tells of; by replicas alone where an earlier version wrote it."""
    if "work" in event:
        return {phase: PhaseWork(**one) for phase, one in event["work"].items()}
    return {phase: PhaseWork(number, 1.0, float(number)) for phase, number in event.get("replicas", {}).items()}


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
    # more are known than planned where the verdict went on to further seeds
    planned = {phase: max(work[phase].replicas if phase in work else 0, known[phase]) for phase in phases}
    share, untried = _shares(work, {phase: epochs[phase] + (under_way or {}).get(phase, 0.0) for phase in work})
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


def _shares(work: Work, epochs: Mapping[str, float]) -> tuple[float, float]:
    """The part of the forecast seconds for which ``epochs`` stand, and the part of the rest that is untried."""
    weights = {phase: max(one.seconds, 1e-9) for phase, one in work.items()}
    parts = {phase: min(epochs[phase] / max(one.replicas * one.epochs, 1e-9), 1.0) for phase, one in work.items()}
    left = sum(weights[phase] * (1 - parts[phase]) for phase in work)
    untried = sum(weights[phase] for phase in work if not parts[phase])
    return 1 - left / sum(weights.values()) if work else 0.0, untried / left if left else 0.0

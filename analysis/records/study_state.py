"""How far a study is, and therefore what its report may say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from analysis.records.phases import PHASES
from analysis.records.schema import Records

TRAINED = ("finished", "stopped")
"""How replicas have ended whose networks can be compared."""


@dataclass(frozen=True)
class State:
    """What is finished and what is frozen.

    Args:
        done: the phases that ended, in order.
        chosen: the arm that validation chose; ``None`` before the confirm phase ended.
        judged: the arms of the verdict phase, the chosen one first.
        baselines: per judged arm ``each``, ``loop``, ``total`` and ``total_ratio``.
        seeds: per phase the number of seeds of the chosen arm, in every outer fold of the one that the fold chose (of
            the arm with most, while none is chosen).
        planned: the plan.
        ended: the phase after which the study ended without an answer, since all that the next one needs diverged;
            else ``None``.
    """

    done: tuple[str, ...]
    chosen: str | None
    judged: list[str]
    baselines: dict[str, dict[str, Any]]
    seeds: dict[str, int]
    planned: dict[str, Any]
    ended: str | None = None

    @property
    def phase(self) -> str | None:
        """The phase that is under way or to come; ``None``: the study is finished."""
        left = [phase for phase in PHASES if phase not in self.done]
        return left[0] if left else None


@dataclass(frozen=True)
class LoadedStudy:
    """A study read from its run directory: the records, and the state that they amount to.

    Args:
        records: tables, ledger and settings.
    """

    records: Records

    @cached_property
    def state(self) -> State:
        """What is finished and what is frozen; read off the records on first use."""
        return state_of(self.records)


def state_of(records: Records) -> State:
    """Return what the ledger and the records say about the progress of a study."""
    arm, judged = records.frozen("arm") or {}, records.frozen("judged") or {}
    scored = records.replicas["replica"].isin(records.scores["replica"])
    ended = {
        "search": records.frozen("draws") is not None,
        "confirm": bool(arm),
        "verdict": bool(judged) and bool((scored & (records.replicas["phase"] == "verdict")).any()),
    }
    chosen = arm.get("arm")
    return State(
        done=tuple(phase for phase in PHASES if ended[phase]),
        chosen=chosen,
        judged=list(judged.get("arms", [])),
        baselines=dict(judged.get("baselines", {})),
        seeds={phase: _seeds(records, phase, chosen) for phase in PHASES},
        planned=(records.events("planned") or [{}])[-1],
        ended=next((str(event["phase"]) for event in reversed(records.events("ended"))), None),
    )


def _seeds(records: Records, phase: str, chosen: str | None) -> int:
    replicas, folds = records.replicas, records.num_folds
    rows = replicas[(replicas["phase"] == phase) & replicas["status"].isin(TRAINED)]
    if chosen is None:
        per_arm = rows.groupby("arm")["seed"].nunique()
        return int(per_arm.max()) if len(per_arm) else 0
    by_fold = {fold: (records.frozen("arm", fold) or {}).get("arm", chosen) for fold in range(folds)}
    return int(rows.loc[rows["arm"] == (rows["seed"] % folds).map(by_fold), "seed"].nunique())

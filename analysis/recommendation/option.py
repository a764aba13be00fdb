"""One thing to do, with gain, risk and cost, and what is shown of its harm and benefit."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pandas as pd

from analysis.importance import mean_of
from analysis.recommendation.costs import UNKNOWN, Cost
from analysis.recommendation.risks import NO_RISK, Risks, risks_of
from analysis.records.unshared import UNSHARED
from analysis.statistics.evidence import counted
from analysis.statistics.paired_gains import EQUAL_MEAN, MEAN, TASK
from analysis.statistics.verdicts import (
    ADDED,
    CANDIDATE,
    CHOSEN,
    HELPED,
    HELPED_BY_SHARING,
    HURT,
    HURT_BY_SHARING,
    REFERENCE,
    TRAINED_TOGETHER,
    TUNED_ALONE,
)

GAINED = (HELPED_BY_SHARING, HELPED, TRAINED_TOGETHER)
"""Words of a task that is better off with the arm than alone, whatever the reason."""
ROLES = (CHOSEN, REFERENCE, CANDIDATE, ADDED)
"""Kinds of options that are judged arms."""
ALONE, ALONE_ELSEWHERE, BEST_ALONE = "alone", "alone at another width", "best alone"
LIKELY, CLEARLY = 0.5, 3.0
"""Clearly likelier: a probability of at least the first, and so many times that of the opposite."""


@dataclass(frozen=True)
class Option:
    """One thing to do, whose gain is that over a tuned single-task network of the same width for every task.

    Args:
        kind: role of a judged arm (``chosen``, ``reference``, ``candidate`` or ``added``), ``alone`` (single-task
            networks of the chosen arm's width), ``alone at another width`` (those that other judged arms are compared
            with) or ``best alone``.
        arm: label of the arm; empty for single-task networks at the best width of each task.
        facts: factor levels of the arm.
        gain, low, high: mean gain over tasks with its 95% interval, in points of skill; by the importance that the
            study file states.
        equal: gain and interval of the mean in which all tasks count alike, where that is another; else ``None``.
        n: number of paired seeds.
        band: half-width of the band of no practical difference.
        risks: what the posterior says; NaN without intervals.
        cost: in absolute numbers.
        ratios: of parameters, multiply-adds and seconds to the option ``alone``.
        tasks: rows of the transfer question's table, one per task; empty for ``alone``.
        alone: tasks that a judged arm leaves to train alone.
        alone_gain: mean gain over the option ``alone`` of the networks that the gain is over; 0 at the same width.
    """

    kind: str
    arm: str
    facts: pd.Series
    gain: float = 0.0
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    band: float = 1.0
    risks: Risks = NO_RISK
    cost: Cost = UNKNOWN
    ratios: tuple[float, float, float] = (1.0, 1.0, 1.0)
    tasks: pd.DataFrame = field(default_factory=pd.DataFrame)
    alone: list[str] = field(default_factory=list)
    equal: tuple[float, float, float] | None = None
    alone_gain: float = 0.0

    @property
    def total(self) -> float:
        """Mean gain over the option ``alone``, in points: by this, options of different widths compare."""
        return self.alone_gain + self.gain

    @property
    def shares(self) -> bool:
        """Whether tasks share parameters."""
        return self.kind in ROLES and self.facts["sharing"] not in UNSHARED

    @property
    def is_candidate(self) -> bool:
        """Whether it is a checked candidate: it spares tasks what sharing would cost them."""
        return self.kind == CANDIDATE or bool(self.alone)

    def with_word(self, *words: str) -> list[str]:
        """Return the tasks with one of the verdict words, in the order of the task set."""
        if self.tasks.empty:
            return []
        return list(self.tasks[self.tasks["word"].isin(words)].sort_values("order")["task"])

    @property
    def harm_shown(self) -> bool:
        """Whether a task is hurt by sharing (or hurt, without a loop), does better alone with none better off, or the
        mean lies below the band.
        """
        hurt = bool(self.with_word(HURT_BY_SHARING, HURT)) or self.high < -self.band
        return hurt or (bool(self.with_word(TUNED_ALONE)) and not self.with_word(*GAINED))

    @property
    def harm(self) -> bool:
        """Whether harm is shown, or clearly likelier than benefit."""
        return self.harm_shown or _clearly(self.risks.loss, self.risks.benefit)

    @property
    def benefit(self) -> bool:
        """Whether there is no harm, and benefit is shown, or clearly likelier than harm."""
        return not self.harm and (self.benefit_shown or _clearly(self.risks.benefit, self.risks.loss))

    @property
    def benefit_shown(self) -> bool:
        """Whether a task gains, or the mean lies above zero and may lie beyond the band."""
        return bool(self.with_word(*GAINED)) or (self.low > 0 and self.high > self.band)

    @property
    def worst_plausible(self) -> tuple[str, float]:
        """Task and gain of the lowest end of all simultaneous intervals; ``("", nan)`` where there is none.

        Tasks of which too little is judged count only where there are no others: their intervals cannot be trusted.
        """
        ends = self.tasks.dropna(subset=["low_simultaneous"]) if len(self.tasks) else self.tasks
        if ends.empty:
            return "", math.nan
        ends = ends if len(self.hardly_judged) == len(ends) else ends[~ends["task"].isin(self.hardly_judged)]
        row = ends.sort_values("low_simultaneous").iloc[0]
        return str(row["task"]), float(row["low_simultaneous"])

    @property
    def hardly_judged(self) -> list[str]:
        """Tasks of which too little is judged for a verdict."""
        if "shortage" not in self.tasks:
            return []
        return list(self.tasks.loc[self.tasks["shortage"].fillna("").astype(bool), "task"])

    @property
    def worse_off(self) -> list[str]:
        """Tasks that are shown to do better in networks of their own, whatever the reason."""
        return self.with_word(HURT_BY_SHARING, HURT, TUNED_ALONE)

    @property
    def costs_a_task(self) -> bool:
        """Whether a task is shown to do better alone, or one is likelier than not to lose more than the band."""
        return bool(self.worse_off) or self.risks.some_loss >= LIKELY


def _clearly(probability: float, opposite: float) -> bool:
    return probability >= LIKELY and probability >= CLEARLY * opposite


def gains_of(rows: pd.DataFrame, kind: str, facts: pd.Series) -> Option:
    """Return an option with its gains and risks; what it costs is left to the caller.

    Args:
        rows: of the transfer question's table: the arm against single-task networks of the same width.
        kind: of the option.
        facts: factor levels of the arm.
    """
    tasks, means = rows[rows["scope"] == TASK], rows[rows["scope"] == MEAN]
    mean = mean_of(counted(tasks[tasks["n"] > 0]), "gain")
    one = means.iloc[0] if len(means) else {"gain": mean, "low": math.nan, "high": math.nan}
    gain, low, high = (float(one[name]) for name in ("gain", "low", "high"))
    alike = rows[rows["scope"] == EQUAL_MEAN]
    equal = None
    if len(alike):
        equal = float(alike["gain"].iloc[0]), float(alike["low"].iloc[0]), float(alike["high"].iloc[0])
    known = {"n": int(tasks["n"].max()), "band": float(tasks["band"].iloc[0])}
    label = str(facts["arm"]) if kind != BEST_ALONE else ""
    risks = risks_of(counted(tasks), gain, low, high)
    return Option(kind, label, facts, gain, low, high, **known, risks=risks, tasks=tasks, equal=equal)

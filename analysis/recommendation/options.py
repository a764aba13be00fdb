"""What one could do: every judged arm, and training each task alone."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.recommendation.costs import UNKNOWN, cost_of
from analysis.recommendation.option import ALONE, BEST_ALONE, CHOSEN, FOLLOW_UP, REFERENCE, UNSHARED, Option
from analysis.recommendation.risks import risks_of
from analysis.records.frames import each
from analysis.records.schema import Records
from analysis.selection import SINGLE_TASK
from analysis.statistics.paired_gains import (
    MEAN,
    TASK,
    best_single,
    differences,
    gain_columns,
    gain_of,
    outcomes,
    setting,
)
from analysis.statistics.verdicts import RECOMMENDED


def options(records: Records, rows: pd.DataFrame) -> list[Option]:
    """Return what one could do: the judged arms, the chosen one first, then training every task alone.

    Args:
        records: of the study.
        rows: the table of the transfer question.
    """
    against = rows[rows["baseline"] == "each"]
    found = [_judged(records, group) for _, group in against.groupby("arm", sort=False)]
    return [*found, *_alone(records, _single(rows, against), float(rows["band"].iloc[0]))]


def _single(rows: pd.DataFrame, against: pd.DataFrame) -> str:
    """Label of the single-task networks that the judged arms were compared with, or that were judged themselves."""
    if len(against):
        return str(against["against"].iloc[0]) if "against" in against else ""
    return next((str(row.arm) for row in each(rows) if row.sharing == SINGLE_TASK), "")


def _judged(records: Records, rows: pd.DataFrame) -> Option:
    label, number = str(rows["arm"].iloc[0]), len(records.tasks)
    facts = records.replicas[records.replicas["arm"] == label].iloc[0]
    alone = list(((records.frozen("judged") or {}).get("alone") or {}).get(label, []))
    networks = number if facts["sharing"] in UNSHARED else 1 + len(alone)
    cost = cost_of(records, label, networks)
    base = cost_of(records, str(rows["against"].iloc[0]), number) if "against" in rows else UNKNOWN
    kind = _kind(rows, facts, alone)
    return replace(_gains(rows, kind, label, facts), cost=cost, ratios=cost.over(base), alone=alone)


def _kind(rows: pd.DataFrame, facts: pd.Series, alone: list[str]) -> str:
    if rows["role"].iloc[0] == RECOMMENDED:
        return CHOSEN
    full = facts["sharing"] == "hard" and facts["depth"] == facts["stages"] and facts["weighting"] == "equal"
    return REFERENCE if full and not alone else FOLLOW_UP


def _gains(rows: pd.DataFrame, kind: str, label: str, facts: pd.Series) -> Option:
    """Gain, interval and risks of an option, from its rows against single-task networks of the same width."""
    tasks, means = rows[rows["scope"] == TASK], rows[rows["scope"] == MEAN]
    band, n = float(tasks["band"].iloc[0]), int(tasks["n"].max())
    one = means.iloc[0] if len(means) else {"gain": tasks["gain"].mean(), "low": math.nan, "high": math.nan}
    gain, low, high = (float(one[name]) for name in ("gain", "low", "high"))
    risks = risks_of(tasks, gain, low, high)
    return Option(kind, label, facts, gain, low, high, n, band, risks, tasks=tasks)


def _alone(records: Records, label: str, band: float) -> list[Option]:
    """Single-task networks: those that the judged arms were compared with, and those at the best width per task."""
    rows = records.replicas[records.replicas["arm"] == label]
    if rows.empty:
        return []
    number = len(records.tasks)
    plain = Option(ALONE, label, rows.iloc[0], band=band, cost=cost_of(records, label, number))
    scored = outcomes(records)
    best = best_single(scored) if records.num_folds == 1 else {}  # every outer fold has widths of its own
    if not best or set(best.values()) == {label}:
        return [plain]
    gains = _best_over(records, scored, label, best)
    if gains.empty:
        return [plain]
    cost = cost_of(records, best, number)
    found = _gains(gains, BEST_ALONE, "", rows.iloc[0])
    return [plain, replace(found, cost=cost, ratios=cost.over(plain.cost))]


def _best_over(records: Records, scored: pd.DataFrame, label: str, best: dict[str, str]) -> pd.DataFrame:
    """Gain of the best widths over the single-task arm ``label``, on the verdict seeds if they were trained there."""
    common = setting(records)
    for phase in ("verdict", "confirm"):
        loss = differences(scored, label, best, phase, common)
        if not loss.empty and loss.loc[loss["scope"] == TASK, "gain"].groupby(loss["task"]).count().gt(0).all():
            rows = [_negated(facts, group, common) for facts, group in loss.groupby(["scope", "task"], sort=False)]
            return pd.DataFrame(rows)
    return pd.DataFrame()


def _negated(facts: Any, group: pd.DataFrame, common: Any) -> dict[str, Any]:
    columns = gain_columns(gain_of(group, looks=common.looks))
    turned = {"gain": -columns["gain"], "low": -columns["high"], "high": -columns["low"], "n": columns["n"]}
    ends = {"low_simultaneous": -columns["high_simultaneous"], "high_simultaneous": -columns["low_simultaneous"]}
    names = {"scope": facts[0], "task": facts[1], "word": "", "order": 0, "band": common.band, "looks": common.looks}
    return names | turned | ends

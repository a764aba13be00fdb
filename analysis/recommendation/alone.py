"""Training every task alone as an option: at the widths of the judged arms, and each task at its best width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.importance import IMPORTANCE, with_importance
from analysis.recommendation.costs import Cost, cost_of
from analysis.recommendation.option import ALONE, ALONE_ELSEWHERE, BEST_ALONE, Option, gains_of
from analysis.records.frames import groups
from analysis.records.schema import Records
from analysis.statistics.judged import Comparison, comparisons
from analysis.statistics.outcomes import Setting, outcomes, setting
from analysis.statistics.paired_gains import TASK, differences, gain_columns, gain_of

Compared = tuple[pd.DataFrame, list[Comparison]]


def alone_options(records: Records, labels: Sequence[str], band: float) -> list[Option]:
    """Return the options that train every task alone; none where such networks were not trained.

    The first is what gains and costs of all options are compared with.  Behind it stand those of other widths, and the
    networks of the best width of each task, where they were trained on seeds that allow a comparison.

    Args:
        records: of the study.
        labels: of the single-task networks that judged arms were compared with, those of the chosen arm first.
        band: half-width of the band of no practical difference, in points.
    """
    rows = records.replicas
    if not labels or not (rows["arm"] == labels[0]).any():
        return []
    number = len(records.tasks)
    zero = Option(ALONE, labels[0], _facts(rows, labels[0]), band=band, cost=cost_of(records, labels[0], number))
    best, found = _best_widths(records), [zero]
    if not labels[1:] and (not best or set(best.values()) == {zero.arm}):
        return found
    compared = comparisons(records, outcomes(records))
    for label in labels[1:]:
        found += _beside(records, compared, zero, ALONE_ELSEWHERE, label, cost_of(records, label, number))
    if best and not any(set(best.values()) == {option.arm} for option in found):
        found += _beside(records, compared, zero, BEST_ALONE, "best", cost_of(records, best, number))
    return found


def _facts(rows: pd.DataFrame, label: str) -> pd.Series:
    return rows[rows["arm"] == label].iloc[0]


def _best_widths(records: Records) -> Mapping[str, str]:
    """The single-task arm of each task's best width; with outer folds that of all folds, each of which has its own."""
    judged = records.frozen("judged") or {"baselines": {}}
    return next((known["best"] for known in judged["baselines"].values() if "best" in known), {})


def _beside(records: Records, compared: Compared, zero: Option, kind: str, label: str, cost: Cost) -> list[Option]:
    """The option of single-task networks of other widths; empty without seeds that they and ``zero`` have in common."""
    gains = _gains(compared, setting(records), zero.arm, label)
    if gains.empty:
        return []
    facts = zero.facts if kind == BEST_ALONE else _facts(records.replicas, label)
    return [replace(gains_of(gains, kind, facts), cost=cost, ratios=cost.over(zero.cost))]


def _gains(compared: Compared, common: Setting, zero: str, label: str) -> pd.DataFrame:
    """Gain of single-task networks over those labelled ``zero``, on verdict seeds if both were trained there.

    Args:
        compared: outcomes and comparisons of the study.
        common: its setting.
        zero: label of the single-task networks that the chosen arm was compared with.
        label: of others, or ``best`` for those of the best width of each task.
    """
    table, pairs = compared
    sides = {pair.against if pair.baseline == "each" else pair.baseline: pair.right for pair in reversed(pairs)}
    each, other = sides.get(zero), sides.get(label)
    if not isinstance(each, str) or other is None:
        return pd.DataFrame()
    for phase in ("verdict", "confirm"):
        loss = differences(table, each, other, phase, common)
        if not loss.empty and loss.loc[loss["scope"] == TASK, "gain"].groupby(loss["task"]).count().gt(0).all():
            loss = with_importance(loss, common.importance)
            parts = groups(loss, ["scope", "task", *([IMPORTANCE] if IMPORTANCE in loss else [])])
            return pd.DataFrame([facts | _negated(part, common) for facts, part in parts])
    return pd.DataFrame()


def _negated(group: pd.DataFrame, common: Setting) -> dict[str, Any]:
    columns = gain_columns(gain_of(group, level_divisor=common.level_divisor))
    turned = {"gain": -columns["gain"], "low": -columns["high"], "high": -columns["low"], "n": columns["n"]}
    ends = {"low_simultaneous": -columns["high_simultaneous"], "high_simultaneous": -columns["low_simultaneous"]}
    names = {"word": "", "order": 0, "band": common.band, "level_divisor": common.level_divisor}
    return names | turned | ends

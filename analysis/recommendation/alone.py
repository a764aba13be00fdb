"""Training every task alone as an option: at the width of the judged arms, and each task at its best width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.importance import IMPORTANCE, with_importance
from analysis.recommendation.costs import cost_of
from analysis.recommendation.option import ALONE, BEST_ALONE, Option, gains_of
from analysis.records.frames import groups
from analysis.records.schema import Records
from analysis.statistics.judged import comparisons
from analysis.statistics.outcomes import Setting, outcomes, setting
from analysis.statistics.paired_gains import TASK, differences, gain_columns, gain_of


def alone_options(records: Records, label: str, band: float) -> list[Option]:
    """Return the options that train every task alone; none where such networks were not trained.

    Args:
        records: of the study.
        label: of the single-task networks that the judged arms were compared with.
        band: half-width of the band of no practical difference, in points.
    """
    rows = records.replicas[records.replicas["arm"] == label]
    if rows.empty:
        return []
    number, facts = len(records.tasks), rows.iloc[0]
    plain = Option(ALONE, label, facts, band=band, cost=cost_of(records, label, number))
    best = _best_widths(records)
    gains = pd.DataFrame() if not best or set(best.values()) == {label} else _best_over_each(records)
    if gains.empty:
        return [plain]
    cost = cost_of(records, best, number)
    return [plain, replace(gains_of(gains, BEST_ALONE, facts), cost=cost, ratios=cost.over(plain.cost))]


def _best_widths(records: Records) -> Mapping[str, str]:
    """The single-task arm of each task's best width; with outer folds that of all folds, each of which has its own."""
    judged = records.frozen("judged") or {"baselines": {}}
    return next((known["best"] for known in judged["baselines"].values() if "best" in known), {})


def _best_over_each(records: Records) -> pd.DataFrame:
    """Gain of the best widths over the common one, on the verdict seeds if the best were trained there."""
    table, compared = comparisons(records, outcomes(records))
    sides = {pair.baseline: pair.right for pair in reversed(compared)}  # of the chosen arm, if it has them
    each, best, common = sides.get("each"), sides.get("best"), setting(records)
    if not isinstance(each, str) or best is None:
        return pd.DataFrame()
    for phase in ("verdict", "confirm"):
        loss = differences(table, each, best, phase, common)
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

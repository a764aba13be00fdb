"""What one could do: every judged arm, and training each task alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from analysis.recommendation.alone import alone_options
from analysis.recommendation.costs import UNKNOWN, cost_of
from analysis.recommendation.option import ALONE, Option, gains_of
from analysis.records.frames import each
from analysis.records.schema import Records
from analysis.records.unshared import SINGLE_TASK, UNSHARED


def options(records: Records, rows: pd.DataFrame) -> list[Option]:
    """Return what one could do: the judged arms, the chosen one first, then training every task alone.

    Args:
        records: of the study.
        rows: the table of the transfer question.
    """
    against = rows[rows["baseline"] == "each"]
    singles = _singles(rows, against)
    alone = alone_options(records, singles, float(rows["band"].iloc[0]))
    zero = next((option for option in alone if option.kind == ALONE), None)
    gains = {option.arm: option.gain for option in alone}
    judged = [_judged(records, group, zero, gains) for _, group in against.groupby("arm", sort=False)]
    return [*judged, *alone]


def _singles(rows: pd.DataFrame, against: pd.DataFrame) -> list[str]:
    """Labels of the single-task networks that judged arms were compared with, or that were judged themselves."""
    if len(against):
        return list(dict.fromkeys(against["against"].astype(str))) if "against" in against else []
    return [str(row.arm) for row in each(rows) if row.sharing == SINGLE_TASK][:1]


def _judged(records: Records, rows: pd.DataFrame, zero: Option | None, gains: Mapping[str, float]) -> Option:
    """A judged arm as an option.

    Args:
        records: of the study.
        rows: the arm in the table of the transfer question.
        zero: the option ``alone``, which costs are compared with; ``None``: such networks were not trained.
        gains: mean gain over that option, by label of single-task networks.
    """
    label, number = str(rows["arm"].iloc[0]), len(records.tasks)
    facts = records.replicas[records.replicas["arm"] == label].iloc[0]
    alone = list(((records.frozen("judged") or {}).get("alone") or {}).get(label, []))
    single = str(rows["against"].iloc[0]) if "against" in rows else ""
    cost = cost_of(records, label, number if facts["sharing"] in UNSHARED else 1)
    if alone:
        cost = cost.plus(cost_of(records, dict.fromkeys(alone, single), len(alone)))
    known = {"ratios": cost.over(UNKNOWN if zero is None else zero.cost), "alone_gain": gains.get(single, 0.0)}
    return replace(gains_of(rows, str(rows["role"].iloc[0]), facts), cost=cost, alone=alone, **known)

"""What one could do: every judged arm, and training each task alone."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis.recommendation.alone import alone_options
from analysis.recommendation.costs import cost_of
from analysis.recommendation.option import ADDED, CHOSEN, FOLLOW_UP, REFERENCE, Option, gains_of
from analysis.records.frames import each
from analysis.records.schema import Records
from analysis.selection import SINGLE_TASK, UNSHARED
from analysis.statistics import verdicts

KINDS = {
    verdicts.CHOSEN: CHOSEN,
    verdicts.REFERENCE: REFERENCE,
    verdicts.CANDIDATE: FOLLOW_UP,
    verdicts.ADDED: ADDED,
}
"""What a judged arm is as an option, by its role."""


def options(records: Records, rows: pd.DataFrame) -> list[Option]:
    """Return what one could do: the judged arms, the chosen one first, then training every task alone.

    Args:
        records: of the study.
        rows: the table of the transfer question.
    """
    against = rows[rows["baseline"] == "each"]
    found = [_judged(records, group) for _, group in against.groupby("arm", sort=False)]
    return [*found, *alone_options(records, _single(rows, against), float(rows["band"].iloc[0]))]


def _single(rows: pd.DataFrame, against: pd.DataFrame) -> str:
    """Label of the single-task networks that the judged arms were compared with, or that were judged themselves."""
    if len(against):
        return str(against["against"].iloc[0]) if "against" in against else ""
    return next((str(row.arm) for row in each(rows) if row.sharing == SINGLE_TASK), "")


def _judged(records: Records, rows: pd.DataFrame) -> Option:
    label, number = str(rows["arm"].iloc[0]), len(records.tasks)
    facts = records.replicas[records.replicas["arm"] == label].iloc[0]
    alone = list(((records.frozen("judged") or {}).get("alone") or {}).get(label, []))
    single = str(rows["against"].iloc[0]) if "against" in rows else ""
    cost = cost_of(records, label, number if facts["sharing"] in UNSHARED else 1)
    if alone:
        cost = cost.plus(cost_of(records, dict.fromkeys(alone, single), len(alone)))
    ratios = cost.over(cost_of(records, single, number))
    kind = FOLLOW_UP if alone else KINDS[rows["role"].iloc[0]]
    return replace(gains_of(rows, kind, facts), cost=cost, ratios=ratios, alone=alone)

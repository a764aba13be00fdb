"""How many judged examples of a classification task lie outside its most frequent class, whatever its metric is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.statistics.paired_gains import TASK

OF_CLASSES = ("f1", "balanced_accuracy", "mcc", "quadratic_kappa")
"""Metrics beside accuracy that see predicted classes alone, and cannot tell arms apart that predict the same ones."""


def with_rarer_examples(
    gains: pd.DataFrame, counts: Mapping[str, float], scored: pd.DataFrame, arms: tuple[str, str | Mapping[str, str]]
) -> pd.DataFrame:
    """Fill ``rarer`` of the tasks whose metric does not say how many there are.

    It stays unknown where the two arms are the same networks, and where a metric of scores finds no difference at all:
    there is nothing to judge.

    Args:
        gains: rows of :func:`analysis.statistics.paired_gains.differences`.
        counts: of :func:`analysis.statistics.evidence.rarer_examples`.
        scored: the outcomes that the gains come from.
        arms: the arm, and its baseline or one per task.
    """
    known = {}
    for task, number in counts.items():
        right = arms[1] if isinstance(arms[1], str) else arms[1].get(task)
        rows = scored[(scored["task"] == task) & scored["arm"].isin([arms[0], right])]
        networks = [set(rows.loc[rows["arm"] == arm, "replica"]) for arm in (arms[0], right)]
        if len(rows) and networks[0] != networks[1]:
            known[task] = (number, str(rows["metric"].iloc[0]) in OF_CLASSES)
    numbers = gains["task"].map({task: number for task, (number, _) in known.items()})
    of_classes = gains["task"].map({task: classes for task, (_, classes) in known.items()}).eq(True)
    judged = (gains["scope"] == TASK) & np.isfinite(gains["gain"]) & ((gains["test_variance"] > 0) | of_classes)
    return gains.assign(rarer=gains["rarer"].where(~judged | gains["rarer"].notna(), numbers))

"""Further seeds for the verdict, while seeds rather than test examples limit how sure it is.

The rule looks at spreads and never at gains: whether a task seems to be helped or hurt decides nothing, so looking
repeatedly does not make false verdicts more frequent, as following a promising gain would (Y. S. Chow, H. Robbins, *On
the asymptotic theory of fixed-width sequential confidence intervals*, Annals of Mathematical Statistics 36, 1965).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.records.load import load
from analysis.statistics.paired_gains import MEAN, TASK
from analysis.statistics.seed_part import MATERIAL, seed_part
from study.protocol.context import StudyContext

MOST_TIMES = 2.0
"""Factor by which one block may raise the number of seeds: the spread is known better after each."""


def with_more_seeds(context: StudyContext) -> StudyContext | None:
    """Return the study with as many verdict seeds as the last ones call for; ``None`` where these are enough.

    What was decided before stands in the ledger, and is not decided again; a study that a user has added to gets no
    further seeds by itself.
    """
    if context.frozen("judged") is None or context.plan.spec.budget is not None or context.ledger.of("addition"):
        return None
    now = len(context.plan.seeds("verdict"))
    later = [event["seeds"] for event in context.ledger.of("extended") if event["seeds"] > now]
    if later:
        return _with(context, min(later))
    from analysis.questions import transfer  # it draws, too, which is slow to import and not needed to begin a study

    gains = transfer.score(load(context.directory))  # none where every baseline failed
    wanted = wanted_seeds(transfer.table(gains), now) if len(gains) else now
    longer = _with(context, min(wanted, context.plan.spec.verdict.max_seeds))
    number = len(longer.plan.seeds("verdict"))
    if number <= now:
        return None
    context.ledger.append("extended", phase="verdict", seeds=number, reason="seeds limit how sure the verdict is")
    return longer


def wanted_seeds(rows: pd.DataFrame, now: int) -> int:
    """Return how many seeds make their part of the variance immaterial, at most :data:`MOST_TIMES` as many as now.

    The typical task counts, and the mean over tasks, of whichever judged arm needs most.

    Args:
        rows: table of the transfer question.
        now: number of verdict seeds that it rests on.
    """
    against = rows[(rows["baseline"] == "each") & (rows["n"] > 0)] if len(rows) else rows
    shares = [0.0]
    for _, arm in against.groupby("arm", sort=False) if len(against) else ():
        noisy = arm[arm["test_error"] > 0]
        share = seed_part(noisy)
        shares += [share[noisy["scope"] == MEAN].max(), share[noisy["scope"] == TASK].median()]
    largest = float(np.nan_to_num(np.nanmax(shares), posinf=0.0))
    return math.ceil(now * min(max(largest / MATERIAL, 1.0), MOST_TIMES))


def _with(context: StudyContext, seeds: int) -> StudyContext:
    return replace(context, plan=replace(context.plan, verdict_seeds=seeds))

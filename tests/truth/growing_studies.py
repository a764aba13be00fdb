"""The simulated studies of :mod:`tests.truth.ridge_studies`, gone on with until seeds no longer limit the verdict."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analysis.statistics.paired_gains import MEAN, TASK, gain_of
from study.protocol.more_seeds import wanted_seeds
from tests.truth.ridge_studies import Design, Study, comparisons


def grown(design: Design, measured: Study) -> list[pd.DataFrame]:
    """Return the rows of every task and of their mean, on as many replicas as the study's own rule asks for.

    Args:
        design: of the study; it begins with ``seeds`` replicas and goes on to ``max_seeds`` at most.
        measured: the study, with ``max_seeds`` replicas.
    """
    now = design.seeds
    while True:
        rows = comparisons(replace(design, seeds=now), Study(measured.found[:now], measured.targets))
        wanted = min(_whole_folds(design, wanted_seeds(_table(rows), now)), design.max_seeds)
        if wanted <= now:
            return rows
        now = wanted


def _table(rows: list[pd.DataFrame]) -> pd.DataFrame:
    """The columns of the transfer question's table that the rule reads."""
    gains = [gain_of(part) for part in rows]
    facts = [{"n": gain.n, "seed_sd": gain.seed_sd, "test_error": gain.test_error} for gain in gains]
    scopes = [TASK] * (len(rows) - 1) + [MEAN]
    return pd.DataFrame(facts).assign(arm="arm", baseline="each", scope=scopes)


def _whole_folds(design: Design, number: int) -> int:
    return -(-number // design.folds) * design.folds

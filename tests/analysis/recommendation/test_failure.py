"""The page's opening where every network failed that a verdict needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.recommendation.failure import HEADLINE, unjudged
from analysis.recommendation.recommend import OPEN, recommend
from analysis.records.schema import Records
from analysis.records.unshared import UNSHARED
from tests.analysis.conftest import StudyOf
from tests.analysis.recommendation.conftest import GOOD


def failed(records: Records, unshared: bool, all_of_them: bool) -> Records:
    """The study with verdict replicas that failed: of those that share, or of the others."""
    rows = records.replicas.copy()
    hit = (rows["phase"] == "verdict") & (rows["sharing"].isin(UNSHARED) == unshared)
    if not all_of_them:
        hit &= rows["seed"] != rows.loc[hit, "seed"].min()
    rows.loc[hit, ["status", "reason"]] = ["failed", "RuntimeError: no such kernel"]
    scores = records.scores[~records.scores["replica"].isin(rows.loc[hit, "replica"])]
    return replace(records, replicas=rows, scores=scores)


@pytest.mark.parametrize("unshared", [False, True])
def test_no_verdict_is_given_on_what_is_left(records_of: StudyOf, unshared: bool) -> None:
    found = recommend(failed(records_of(GOOD), unshared, all_of_them=True))
    assert (found.decision, found.headline) == (OPEN, HEADLINE)
    assert "no such kernel" in found.explanation


@pytest.mark.parametrize("unshared", [False, True])
def test_one_replica_that_is_left_is_judged(records_of: StudyOf, unshared: bool) -> None:
    assert unjudged(failed(records_of(GOOD), unshared, all_of_them=False)) is None
    assert unjudged(records_of(GOOD)) is None

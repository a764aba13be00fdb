"""Which method leads over several task sets, and who is not ranked: on synthetic suites whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.questions import sharing, weighting
from analysis.records.frames import each
from analysis.records.load_suite import load_suite
from analysis.records.schema import UnreadableRun
from analysis.statistics.over_task_sets import over_sets
from analysis.statistics.paired_gains import MEAN, gain_of
from analysis.suite.answer import opening, rankings
from analysis.suite.ranking import Ranking
from analysis.suite.sentences import claim, sentences
from tests.analysis.suite.conftest import (
    FIRST,
    LACKING,
    SECOND,
    WEIGHED,
    WEIGHTING,
    SuiteOf,
    by_method,
    ranking_of,
)


def test_a_suite_of_one_repeats_the_numbers_of_its_study(suite_of: SuiteOf) -> None:
    suite = suite_of({"first": FIRST, "waiting": None})
    found, records = ranking_of(suite), suite.begun["first"]
    rows = sharing.table(sharing.score(records))
    expected = rows[rows["scope"] == MEAN].set_index("sharing")
    for row in each(found.means):
        own = expected.loc[row.method]
        for column in ("gain", "low", "high", "rank", "separable", "behind", "behind_half"):
            assert getattr(row, column) == pytest.approx(own[column], nan_ok=True)


def test_the_mean_over_sets_is_that_of_the_questions_own_scores(suite_of: SuiteOf, two: Ranking) -> None:
    suite = suite_of({"first": FIRST, "second": SECOND})
    for method in ("mmoe", "concat", "hard"):
        gains = []
        for records in suite.begun.values():
            scores = sharing.score(records)
            own = (scores["sharing"] == method) & (scores["quantity"] == sharing.GAIN) & (scores["scope"] == MEAN)
            gains.append(gain_of(scores[own]))
        expected = over_sets(gains)
        row = by_method(two)[method]
        assert row["gain"] == pytest.approx(expected.mean)
        assert row["half_width"] == pytest.approx(expected.half_width)
        assert row["degrees"] == pytest.approx(expected.degrees)


def test_the_true_order_is_found_and_rivals_that_are_alike_stay_together(two: Ranking) -> None:
    means = two.means.set_index("method")
    assert set(two.ranked["method"].iloc[:2]) == {"mmoe", "cross_stitch"}
    assert two.ranked["method"].iloc[-1] == "concat"
    assert not means.loc[["mmoe", "cross_stitch"], "separable"].any()
    assert means.loc[["hard", "independent", "concat"], "separable"].all()
    assert two.ranked["gain"].is_monotonic_decreasing
    cells = two.cells.pivot(index="method", columns="task_set", values="rank")
    assert means["mean_rank"].to_dict() == pytest.approx(cells.mean(axis=1).to_dict())
    assert (two.cells["n"] == 8).all()


def test_methods_that_tie_share_their_ranks_and_cannot_be_told_apart(suite_of: SuiteOf) -> None:
    suite = suite_of({"first": FIRST, "second": SECOND})
    twins = {}
    for name, records in suite.begun.items():
        scores = records.scores[~records.scores["replica"].str.startswith("cross_stitch")]
        same = scores[scores["replica"].str.startswith("mmoe")]
        same = same.assign(replica=same["replica"].str.replace("mmoe", "cross_stitch"))
        twins[name] = replace(records, scores=pd.concat([scores, same], ignore_index=True))
    found = ranking_of(replace(suite, studies=twins))
    first, second = (by_method(found)[name] for name in found.ranked["method"].iloc[:2])
    assert {first["sharing"], second["sharing"]} == {"mmoe", "cross_stitch"}
    assert first["gain"] == second["gain"]
    assert first["mean_rank"] == second["mean_rank"] == 1.5
    assert set(found.cells.set_index("method").loc[["mmoe", "cross_stitch"], "rank"]) == {1.5}
    assert (second["behind"], second["separable"]) == (0.0, False)


def test_a_method_that_one_set_lacks_is_shown_with_its_reason_and_not_ranked(suite_of: SuiteOf) -> None:
    found = ranking_of(suite_of({"first": FIRST, "lacking": LACKING}))
    assert "concat" not in set(found.ranked["method"])
    row = by_method(found)["concat"]
    assert pd.isna(row["rank"])
    assert pd.isna(row["gain"])
    assert row["reason"] == "lacking: not among the levels of that study"
    cells = found.cells.set_index(["method", "task_set"]).to_dict("index")
    there: Any = cells["concat", "first"]
    assert there["gain"] < -5
    assert pd.isna(there["rank"])
    assert cells["concat", "lacking"]["n"] == 0
    assert "concat is shown but not ranked" in " ".join(sentences(found))


def test_a_set_that_has_not_ended_counts_for_nobody(suite_of: SuiteOf) -> None:
    unfinished = replace(SECOND, phases=("search", "confirm"))
    suite = suite_of({"first": FIRST, "second": unfinished, "third": None})
    found = ranking_of(suite)
    assert found.sets == ["first"]
    assert found.left_out == {"second": "has not ended", "third": "has not begun"}
    assert len(found.ranked) == 5
    said = opening(suite, [found])
    assert said.headline.startswith("Over 1 task set, ")
    assert any("second and third have not ended" in sentence for sentence in said.sentences)


def test_weighting_methods_are_ranked_against_equal_which_takes_part(suite_of: SuiteOf) -> None:
    suite = suite_of({"first": WEIGHED, "second": replace(WEIGHED, seed=5)})
    found = ranking_of(suite, WEIGHTING)
    means = by_method(found)
    assert set(means) == {"equal", "nash", "fixed"}
    assert means["equal"]["gain"] == 0
    assert pd.isna(means["equal"]["half_width"])
    for name in ("nash", "fixed"):
        gains = []
        for records in suite.begun.values():
            scores = weighting.score(records)
            gains.append(
                gain_of(
                    scores[
                        (scores["method"] == name) & (scores["quantity"] == weighting.GAIN) & (scores["scope"] == MEAN)
                    ]
                )
            )
        assert means[name]["gain"] == pytest.approx(over_sets(gains).mean)
        assert means[name]["half_width"] == pytest.approx(over_sets(gains).half_width)
    assert claim(found)[-1].startswith("The zero, equal, has one draw")
    # what equal is behind the best is the best's gain over equal
    best = found.ranked.iloc[0]
    if best["method"] != "equal":
        assert means["equal"]["behind"] == pytest.approx(-best["gain"])
    assert [one.contest.stem for one in rankings(suite)] == ["weighting_methods"]


def test_a_foreign_file_leads_nowhere_else(tmp_path: Path) -> None:
    for text in ("suite: {../a: {}}\n", "suite: [a]\n", "name: x\n"):
        (tmp_path / "suite.yaml").write_text(text)
        with pytest.raises(UnreadableRun, match="names no studies"):
            load_suite(tmp_path)

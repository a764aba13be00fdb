"""Ways to share: their ranking, and what cannot be told from the best."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from analysis.questions import sharing
from analysis.statistics.outcomes import outcomes
from analysis.statistics.paired_gains import MEAN
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN, RIVALS


def test_ways_to_share_are_ranked_and_what_cannot_be_told_from_the_best_is_said(records_of: StudyOf) -> None:
    rows = sharing.table(sharing.score(records_of(RIVALS)))
    means = rows[rows["scope"] == MEAN].reset_index(drop=True)
    assert list(means["rank"]) == sorted(means["rank"])
    assert means["gain"].is_monotonic_decreasing
    assert set(means["sharing"].iloc[:2]) == {"mmoe", "cross_stitch"}
    assert means["sharing"].iloc[-1] == "concat"
    assert list(means["separable"].iloc[:2]) == [False, False]
    assert means["separable"].iloc[2:].all()
    assert "1 of 5 others cannot be told from it" in sharing.title(rows)
    assert sharing.title(rows).startswith(means["sharing"].iloc[0])
    tasks = rows[(rows["arm"] == means["arm"].iloc[0]) & (rows["scope"] != MEAN)]["gain"]
    assert means["gain"].iloc[0] == pytest.approx(tasks.mean())


def test_one_way_to_share_is_no_ranking(records_of: StudyOf) -> None:
    assert sharing.score(records_of(PLAIN)).empty


def test_at_matched_capacity_the_larger_private_networks_are_no_rivals(records_of: StudyOf) -> None:
    records = records_of(RIVALS)
    narrow = {"mmoe": 7, "cross_stitch": 9}

    def matched(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(width=[narrow.get(row.sharing, row.width) for row in rows.itertuples()])

    scored = outcomes(replace(records, replicas=matched(records.replicas)))
    found = sharing.rivals(records, scored[scored["phase"] == "confirm"])
    assert "independent" not in set(found["sharing"])
    assert {"mmoe", "cross_stitch", "concat", "hard"} == set(found["sharing"])
    plain = outcomes(records)
    assert "independent" in set(sharing.rivals(records, plain[plain["phase"] == "confirm"])["sharing"])


def test_the_figure_has_a_line_for_each_arm_with_depth_and_width(records_of: StudyOf) -> None:
    rows = sharing.table(sharing.score(records_of(RIVALS)))
    axes = sharing.figure(rows).axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert {"mmoe  2/2", "hard  1/2", "independent"} < set(names)
    assert len(names) == (rows["scope"] == MEAN).sum()
    assert all(label.get_text().endswith("   w16") for label in axes.child_axes[0].get_yticklabels())
    shown = axes.get_legend()
    assert shown is not None
    assert "chosen" in [text.get_text() for text in shown.get_texts()]

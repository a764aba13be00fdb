"""What a ranking says in words: leads, ties, sets that disagree, and how much less it says without intervals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.suite.ranking import Ranking
from analysis.suite.sentences import caption, claim, notes, sentences, title, values
from tests.analysis.suite.conftest import WEIGHTING, by_hand


def test_the_title_counts_those_that_cannot_be_told_from_the_best(two: Ranking) -> None:
    lead = two.ranked["method"].iloc[0]
    assert title(two).startswith(f"Over 2 task sets, {lead} leads (+")
    assert title(two).endswith("; 1 of 4 others cannot be told from it")
    sure = replace(two, means=two.means.assign(separable=two.means["rank"] > 1))
    assert title(sure).endswith("ahead of all 4 others")
    said = " ".join(sentences(two))
    assert "points, more than none, by its own interval" in said
    assert "mmoe on first" in said or "It leads on every one" in said


@pytest.mark.parametrize(
    ("rivals", "words"),
    [
        ([("b", 3.9, False), ("c", 1.0, True)], "; 1 of 2 others cannot be told from it"),
        ([("b", 3.9, False), ("c", 3.0, False)], "; 2 of 2 others cannot be told from it"),
        ([("b", 1.0, True), ("c", 0.0, True)], ", ahead of all 2 others"),
    ],
)
def test_the_title_names_the_lead_and_counts_ties(rivals: list[tuple[str, float, bool]], words: str) -> None:
    assert title(by_hand(("a", 4.0, False), *rivals)) == f"Over 2 task sets, a leads (+4.0){words}"


def test_without_intervals_the_title_claims_points_alone() -> None:
    found = by_hand(("a", 4.0, False), ("b", 3.0, False))
    bare = replace(found, means=found.means.assign(behind_half=np.nan, half_width=np.nan, low=np.nan, high=np.nan))
    assert title(bare) == "Over 2 task sets, a leads (+4.0), by points alone: there are too few seeds for intervals"
    assert sentences(bare)[0].endswith("is +4.0 points (no interval).")
    assert not any("Not told from it" in said for said in sentences(bare))


@pytest.mark.parametrize(
    ("gain", "reading"),
    [
        (4.0, "more than none, by its own interval, which does not correct for its being the best of many"),
        (1.0, "which may be none"),
        (-1.0, "which may be none"),
        (-2.0, "less than none"),
    ],
)
def test_the_worth_of_the_lead_is_read_off_its_interval(gain: float, reading: str) -> None:
    assert f"] points, {reading}." in sentences(by_hand(("a", gain, False), ("b", gain - 1, True)))[0]


def test_ties_are_named_until_there_are_too_many() -> None:
    rivals = [(f"m{number}", 3.0, False) for number in range(10)]
    few = sentences(by_hand(("a", 4.0, False), *rivals[:8]))
    assert "Not told from it: m0, m1, m2, m3, m4, m5, m6 and m7." in few
    many = sentences(by_hand(("a", 4.0, False), *rivals))
    assert "Not told from it: m0, m1, m2, m3, m4, m5, m6, m7, and 2 more, filled in the figure." in many
    assert not any("Not told" in said for said in sentences(by_hand(("a", 4.0, False), ("b", 1.0, True))))


def test_sets_that_disagree_on_the_best_are_named_in_their_order() -> None:
    found = by_hand(("a", 4.0, False), ("b", 3.0, False))
    assert "It leads on every one of them." in sentences(found)
    turned = (found.cells["method"] == "b") & (found.cells["task_set"] == "second")
    other = replace(found, cells=found.cells.assign(gain=found.cells["gain"].where(~turned, 9.0)))
    expected = "Taken one by one, the task sets put different ones first: a on first (+4.0) and b on second (+9.0)."
    assert expected in sentences(other)


def test_who_is_not_ranked_is_named_with_the_reason() -> None:
    one = by_hand(("a", 4.0, False), ("b", 3.0, True), reasons={"c": "second: too odd"})
    assert sentences(one)[-1] == "Missing in at least one task set, c is shown but not ranked."
    assert notes(one) == ["c is not ranked; second: too odd."]
    two = by_hand(("a", 4.0, False), ("b", 3.0, True), reasons={"c": "second: too odd", "d": "first: lost"})
    assert sentences(two)[-1] == "Missing in at least one task set, c and d are shown but not ranked."
    nobody = replace(two, means=two.means[two.means["reason"] != ""])
    assert title(nobody) == "No ways to share that all 2 task sets have in common"
    assert sentences(nobody) == [sentences(two)[-1]]
    assert notes(by_hand(("a", 4.0, False), ("b", 3.0, True))) == []


def test_a_reference_that_leads_says_that_nobody_gains_over_it() -> None:
    found = by_hand(("equal", 0.0, False), ("nash", -1.0, True), contest=WEIGHTING, reference="equal")
    assert sentences(found)[0] == (
        "No other of the weighting methods gains over equal weights on the mean of the task sets."
    )
    assert claim(found)[-1].startswith("The zero, equal, has one draw of the hyperparameters in each set")
    assert len(claim(found)) == len(claim(replace(found, reference=""))) + 1


def test_the_caption_states_seeds_band_sizes_and_rivals() -> None:
    found = by_hand(("a", 4.0, False), ("b", 3.0, True))
    said = caption(found)
    assert "n = 8 confirm seeds a set" in said
    assert "simultaneous over 1 rival)" in said
    assert "band of ±1 of no practical difference. All at width 16." in said
    assert "Every arm as large as hard sharing at width 16." in caption(replace(found, matched=True))
    assert "Sizes differ between the sets" in caption(replace(found, capacities=[16, 32]))
    assert "Grey" not in caption(replace(found, band=np.nan))  # the studies differ in it
    fewer = found.cells.assign(n=found.cells["n"].where(found.cells["task_set"] == "first", 5))
    assert "n = 5 to 8 confirm" in caption(replace(found, cells=fewer))


def test_the_claim_is_about_these_sets_or_this_one() -> None:
    found = by_hand(("a", 4.0, False), ("b", 3.0, True))
    assert claim(found)[0].startswith("The claim is about these 2 task sets (first and second), at these sizes")
    assert claim(replace(found, sets=["first"]))[0].startswith("The claim is about this 1 task set (first), at")


def test_the_figure_is_told_line_by_line() -> None:
    found = by_hand(("a", 4.0, False), ("b", 3.0, True))
    assert values(found.means) == ["a: +4.0 [3.0, 5.0]", "b: +3.0 [2.0, 4.0]"]
    assert values(found.means.assign(low=np.nan)) == ["a: +4.0", "b: +3.0"]

"""The answer of a suite: which ranking opens it, and what it says of studies that rank nothing yet, or at all."""

from __future__ import annotations

from dataclasses import replace

from analysis.suite import sentences
from analysis.suite.answer import opening, rankings, unfinished
from tests.analysis.suite.conftest import FIRST, SECOND, SMALL, WEIGHED, WEIGHTING, SuiteOf, by_hand
from tests.analysis.synthetic import Truth


def test_no_study_that_has_ended_is_no_ranking(suite_of: SuiteOf) -> None:
    suite = suite_of({"first": None, "second": None})
    assert rankings(suite) == []
    assert opening(suite, []).headline.startswith("No ranking yet")
    plain = suite_of({"first": Truth(**SMALL), "second": Truth(**SMALL, seed=9)})
    assert rankings(plain) == []
    assert "vary nothing that could be ranked" in opening(plain, []).headline


def test_the_contest_of_more_methods_comes_first_and_the_other_is_a_sentence(suite_of: SuiteOf) -> None:
    truth = replace(WEIGHED, further={"mmoe": 6.0})
    suite = suite_of({"both": truth})
    found = rankings(suite)
    assert [(one.contest.stem, len(one.means)) for one in found] == [("ways_to_share", 3), ("weighting_methods", 3)]
    more = suite_of({"both": replace(truth, weightings=("equal", "nash", "fixed", "pcgrad"))})
    found = rankings(more)
    assert [one.contest.stem for one in found] == ["weighting_methods", "ways_to_share"]
    said = opening(more, found)
    assert said.headline == f"{sentences.title(found[0])}."
    first = sentences.sentences(found[0])
    assert said.sentences == [*first, f"{sentences.title(found[1])}."]


def test_studies_that_wait_and_studies_that_rank_nothing_are_told_apart(suite_of: SuiteOf) -> None:
    suite = suite_of({"first": FIRST, "waiting": None, "plain": Truth(**SMALL)})
    found = rankings(suite)
    assert found[0].left_out == {"waiting": "has not begun", "plain": "compares no ways to share"}
    assert unfinished(suite, found) == [
        "waiting has not ended; the same command goes on with the rest.",
        "Without a part in it: plain compares no ways to share.",
    ]
    assert opening(suite, found).sentences[-2:] == unfinished(suite, found)


def test_studies_whose_networks_diverged_are_not_waited_for(suite_of: SuiteOf) -> None:
    suite = suite_of({"first": FIRST, "half": replace(SECOND, phases=("search",))})
    half = suite.studies["half"]
    assert half is not None
    ended = replace(half, ledger=[*half.ledger, {"event": "ended", "phase": "search", "reason": "diverged"}])
    found = rankings(replace(suite, studies={"first": suite.studies["first"], "half": ended}))
    assert found[0].left_out == {"half": "has no answer"}
    assert unfinished(replace(suite, studies={"first": suite.studies["first"], "half": ended}), found) == [
        "half ended without an answer, since networks diverged."
    ]
    alone = opening(replace(suite, studies={"half": ended}), [])
    assert alone.headline == "No ranking: in every study networks diverged, and nothing can be said."


def test_all_that_wait_are_named_however_many(suite_of: SuiteOf) -> None:
    names = ["a", "b", "c", "d", "e"]
    suite = suite_of({**dict.fromkeys(names), "half": replace(SECOND, phases=("search",))})
    assert opening(suite, []).sentences == [
        "a, b, c, d, e and half have not ended; the same command goes on with the rest."
    ]


def test_an_ended_suite_without_a_rest_adds_nothing_to_its_ranking(suite_of: SuiteOf) -> None:
    suite = suite_of({"first": FIRST})
    found = by_hand(("equal", 0.0, False), ("nash", -1.0, True), contest=WEIGHTING, reference="equal")
    assert unfinished(suite, [found]) == []
    assert opening(suite, [found]).sentences == sentences.sentences(found)

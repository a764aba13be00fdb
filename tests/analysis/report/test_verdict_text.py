"""The verdict as text: the words with which the page opens, for a study and for a suite."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import analysis
from analysis.records.load import load
from tests.analysis.report.conftest import SMALL, words_of
from tests.analysis.suite.conftest import write_suite
from tests.analysis.synthetic import Truth, write_study

ODD = Truth(effects={"left": 6.0, "right": 5.0, "odd": -9.0}, chosen="hard d1 w16 l1 equal adamw", **SMALL)


def test_the_words_of_a_study_are_those_of_its_page(tmp_path: Path) -> None:
    run = write_study(tmp_path / "run", ODD)
    page, verdict = words_of(load(run)), analysis.verdict_text(run)
    assert (verdict.headline, verdict.sentences) == (page.headline, page.sentences)
    assert not verdict.sentences[0].startswith(verdict.headline)


def test_an_unfinished_study_says_which_phase_is_missing(tmp_path: Path) -> None:
    verdict = analysis.verdict_text(write_study(tmp_path / "run", replace(ODD, phases=("search",))))
    assert verdict.headline == "No verdict yet: the arms are not confirmed."


def test_a_suite_answers_with_its_ranking(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", {"one": ODD, "two": None})
    verdict = analysis.verdict_text(suite)
    assert "two has not ended" in " ".join(verdict.sentences)
    assert verdict.headline.endswith(".")


def test_options_for_programs_are_numbers(tmp_path: Path) -> None:
    verdict = analysis.verdict_text(write_study(tmp_path / "run", ODD))
    first, second = json.loads(json.dumps(verdict.options, allow_nan=False))
    assert (first["taken"], second["taken"]) == (True, False)
    assert second["low"] < second["mean_gain"] < second["high"]
    assert first["n"] is None  # training alone has no gain of its own
    assert [cells[0].startswith("* ") for cells in verdict.option_cells[1:]] == [True, False]


def test_a_study_that_is_judged_again_says_at_which_level(tmp_path: Path) -> None:
    records = load(write_study(tmp_path / "run", ODD))
    once = analysis.verdict_text(records)
    looked = {"event": "looked", "look": 2, "level_divisor": 2}
    again = analysis.verdict_text(replace(records, ledger=[*records.ledger, looked]))
    assert (once.level, once.is_stricter) == ("95%", False)
    assert (again.level, again.is_stricter) == ("97.5%", True)

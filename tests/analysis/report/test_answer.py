"""The answer as data frames: the same words and numbers as the report's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import analysis
from analysis.records.load import load
from tests.analysis.report.conftest import ODD
from tests.analysis.report.hostile import HOSTILE
from tests.analysis.synthetic import write_study


def test_the_answer_of_a_study_has_its_verdicts_its_options_and_the_words_of_the_report(tmp_path: Path) -> None:
    run = write_study(tmp_path / "run", ODD)
    answer, verdict = analysis.answer(run), analysis.verdict_text(run)
    assert answer.sentences == [verdict.headline, *verdict.sentences]
    each = answer.verdicts[(answer.verdicts["role"] == "chosen") & (answer.verdicts["baseline"] == "each")]
    words = each.set_index("task")["word"]
    assert words["odd"].startswith("hurt") or words["odd"] == "better tuned alone"
    assert list(each["task"]) == ["left", "right", "odd", ""]
    assert ((each["low"] < each["gain"]) & (each["gain"] < each["high"])).all()
    assert len(answer.options) == len(verdict.options) == len(verdict.option_cells) - 1
    assert len(analysis.answer(load(run)).verdicts) == len(answer.verdicts)


def test_an_unfinished_study_has_an_answer_without_verdicts(tmp_path: Path) -> None:
    answer = analysis.answer(write_study(tmp_path / "run", replace(ODD, phases=("search",))))
    assert str(answer).startswith("No verdict yet")
    assert answer.verdicts.empty
    assert answer.options.empty
    assert "<table" not in answer._repr_html_()


@pytest.mark.parametrize("text", HOSTILE[:6])
def test_a_notebook_shows_names_as_text(tmp_path: Path, text: str) -> None:
    answer = analysis.answer(write_study(tmp_path / "run", ODD))
    shown = replace(answer, recommendation=replace(answer.recommendation, headline=text))._repr_html_()
    assert "<script" not in shown
    assert "\x1b" not in shown

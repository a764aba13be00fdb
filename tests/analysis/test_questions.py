"""One contract for all questions."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from analysis import questions
from analysis.plots import style
from analysis.questions import Answer, answers, coverage
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN

HOSTILE = {"$x{$": 3.0, "<script>alert(1)</script>": -8.0, "漢字\x1b": 0.0, "n" * 200: 1.0, "": 0.5}
STUDIES = {
    "plain": PLAIN,
    "hostile": replace(PLAIN, effects=HOSTILE, missing={"$x{$": 1.0, "": 0.4}, failing=0.4, agreement={}),
    "ten": replace(
        PLAIN, effects={f"a long task name, number {n}": n - 5.0 for n in range(10)}, widths=(16,), agreement={}
    ),
    "few": replace(
        PLAIN, seeds={"search": 1, "confirm": 1, "verdict": 1}, widths=(16,), stages=1, chosen=None, agreement={}
    ),
    "weights": replace(PLAIN, weightings=("equal", "uncertainty"), widths=(16,)),
}
AnswersOf = Callable[[str], list[Answer]]
NAMES = ["divergence", "transfer", "depth_capacity", "gain_by_depth", "curves", "overfitting", "weighting", "cost"]
NAMES += ["conflict", "coverage", "sharing", "learned_trees", "schedule"]


@pytest.fixture(scope="module")
def answers_of(records_of: StudyOf) -> AnswersOf:
    """The answers to a study of ``STUDIES``, each found once."""
    return cache(lambda name: answers(records_of(STUDIES[name])))


def test_questions_are_discovered_in_the_order_of_the_report() -> None:
    found = [question.stem for question in questions.questions()]
    assert found == NAMES
    assert [question.number for question in questions.questions()] == [0, 1, 2, 3, 4, 5, 6, 7, 11, 13, 14, 15, 16]


@pytest.mark.parametrize(
    ("lacking", "message"), [("caption", "lacks caption"), ("title", "lacks title"), ("words", "lacks words")]
)
def test_an_incomplete_question_fails_loudly(monkeypatch: pytest.MonkeyPatch, lacking: str, message: str) -> None:
    module = ModuleType("analysis.questions.broken")
    parts = {
        name: getattr(coverage, name) for name in ("NUMBER", "NAME", "score", "table", "caption", *questions.DRAWN)
    }
    vars(module).update({name: part for name, part in parts.items() if name != lacking})
    monkeypatch.setitem(sys.modules, "analysis.questions.broken", module)
    with pytest.raises(TypeError, match=message):
        questions._question("broken")


@pytest.mark.parametrize("name", STUDIES)
def test_every_answer_has_a_title_a_caption_and_numbers(answers_of: AnswersOf, name: str) -> None:
    found = answers_of(name)
    asked = {"weighting": name == "weights", "conflict": STUDIES[name].agreement is not None, "sharing": False}
    asked["divergence"] = asked["learned_trees"] = asked["schedule"] = False
    expected = [stem for stem in NAMES if asked.get(stem, True)]
    assert [answer.question.stem for answer in found] == expected
    for answer in found:
        assert len(answer.table)
        assert answer.title.strip()
        assert answer.question.stem == "coverage" or "n = " in answer.caption
        assert "interval" in answer.caption or answer.question.stem == "curves"
        if answer.question.words is not None:
            lines = answer.question.words(answer.table)
            assert lines
            assert all(re.search(r"\d|–", line) for line in lines), lines


def test_every_figure_of_hostile_names_can_be_drawn_and_saved(answers_of: AnswersOf, tmp_path: Path) -> None:
    for answer in answers_of("hostile"):
        figure = answer.figure()
        if figure is not None:
            style.save(figure, tmp_path, answer.question.stem, formats=("svg",))
            assert "<script" not in (tmp_path / f"{answer.question.stem}.svg").read_text()


def test_figures_come_out_byte_for_byte_alike(records_of: StudyOf, tmp_path: Path) -> None:
    for folder in ("first", "second"):
        for answer in answers(records_of(STUDIES["few"])):
            if figure := answer.figure():
                style.save(figure, tmp_path / folder, answer.question.stem, formats=("svg",))
    first = sorted((tmp_path / "first").iterdir())
    assert len(first) == 7
    for path in first:
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name


def test_before_confirm_only_coverage_is_answered(records_of: StudyOf) -> None:
    for phases in ((), ("search",)):
        records = records_of(replace(PLAIN, phases=phases))
        assert [answer.question.stem for answer in answers(records)] == ["coverage"]


def test_no_label_leaves_its_figure(answers_of: AnswersOf) -> None:
    for answer in answers_of("ten"):
        figure = answer.figure()
        if figure is None:
            continue
        with style.style():
            figure.draw_without_rendering()
            box = figure.get_tightbbox()
        assert box.x0 > -0.05
        assert box.y0 > -0.05
        assert box.x1 < figure.get_figwidth() + 0.05, answer.question.stem
        assert box.y1 < figure.get_figheight() + 0.05, answer.question.stem


def test_one_table_alone_is_that_of_the_answer_and_is_computed_once(answers_of: AnswersOf, records_of: StudyOf) -> None:
    records, found = records_of(STUDIES["plain"]), {one.question.stem: one for one in answers_of("plain")}
    table = questions.table_of("transfer", records)
    pd.testing.assert_frame_equal(table, found["transfer"].table)
    assert questions.table_of("transfer", records) is table
    assert questions.table_of("sharing", records).empty  # one way to share is no ranking
    assert replace(records, spec={}).answered == {}  # records of which something is changed have other answers

"""One contract for all questions, and the numbers of each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from analysis import questions
from analysis.plots import style
from analysis.questions import (
    Answer,
    answers,
    cost,
    coverage,
    curves,
    depth_capacity,
    gain_by_depth,
    overfitting,
    sharing,
)
from analysis.questions.overfitting import onset
from analysis.statistics.paired_gains import MEAN, TASK, outcomes
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth

PLAIN = Truth(seed_noise=0.4, test_noise=2.0, stages=2, draws=2, epochs=8, chosen="hard d1 w16 l2 equal adamw")
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
NAMES = ["transfer", "depth_capacity", "gain_by_depth", "curves", "overfitting", "weighting", "cost", "conflict"]
NAMES += ["coverage", "sharing"]


@pytest.fixture(scope="module")
def answers_of(records_of: StudyOf) -> AnswersOf:
    """The answers to a study of ``STUDIES``, each found once."""
    return cache(lambda name: answers(records_of(STUDIES[name])))


def test_questions_are_discovered_in_the_order_of_the_report() -> None:
    found = [question.stem for question in questions.questions()]
    assert found == NAMES
    assert [question.number for question in questions.questions()] == [1, 2, 3, 4, 5, 6, 7, 11, 13, 14]


@pytest.mark.parametrize(("lacking", "message"), [("caption", "lacks caption"), ("title", "lacks title")])
def test_an_incomplete_question_fails_loudly(monkeypatch: pytest.MonkeyPatch, lacking: str, message: str) -> None:
    module = ModuleType("analysis.questions.broken")
    parts = {
        name: getattr(coverage, name) for name in ("NUMBER", "NAME", "score", "table", "caption", "figure", "title")
    }
    vars(module).update({name: part for name, part in parts.items() if name != lacking})
    monkeypatch.setitem(sys.modules, "analysis.questions.broken", module)
    with pytest.raises(TypeError, match=message):
        questions._question("broken")


@pytest.mark.parametrize("name", STUDIES)
def test_every_answer_has_a_title_a_caption_and_numbers(answers_of: AnswersOf, name: str) -> None:
    found = answers_of(name)
    asked = {"weighting": name == "weights", "conflict": STUDIES[name].agreement is not None, "sharing": False}
    expected = [stem for stem in NAMES if asked.get(stem, True)]
    assert [answer.question.stem for answer in found] == expected
    for answer in found:
        assert len(answer.table)
        assert answer.title.strip()
        assert answer.question.stem == "coverage" or "n = " in answer.caption
        assert "interval" in answer.caption or answer.question.stem == "curves"


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


# ---- depth and capacity


@pytest.fixture(scope="module")
def plane(records_of: StudyOf) -> pd.DataFrame:
    return depth_capacity.table(depth_capacity.score(records_of(PLAIN)))


def test_the_map_holds_the_planted_gain_of_every_depth_and_width(plane: pd.DataFrame) -> None:
    cells = plane[(plane["quantity"] == "gain") & (plane["scope"] == TASK)]
    assert len(cells) == 3 * 3 * 2
    for cell in cells.itertuples():
        expected = PLAIN.effects[cell.task] * cell.depth / 2 * 16 / cell.width
        assert cell.gain == pytest.approx(expected, abs=1.0)


def test_the_map_of_skill_has_a_single_task_row(plane: pd.DataFrame) -> None:
    skills = plane[(plane["quantity"] == "skill") & (plane["scope"] == MEAN)]
    single = skills[skills["sharing"] == "single_task"].set_index("width")["gain"]
    assert single[64] == pytest.approx(PLAIN.base, abs=1.5)
    assert single[64] - single[16] == pytest.approx(PLAIN.width_loss, abs=1.5)


def test_one_cell_is_recommended(plane: pd.DataFrame) -> None:
    assert set(plane.loc[plane["recommended"], "arm"]) == {PLAIN.chosen}


def test_the_title_of_the_map_names_its_largest_mean_gain_or_none(records_of: StudyOf, plane: pd.DataFrame) -> None:
    means = plane[(plane["quantity"] == "gain") & (plane["scope"] == MEAN)]
    assert (means["low"] <= 0).all()
    assert depth_capacity.title(plane).startswith("No depth and width")
    good = depth_capacity.table(depth_capacity.score(records_of(replace(PLAIN, effects={"a": 6.0, "b": 5.0}))))
    assert "at 2 of 2 shared stages and width 16 (+5." in depth_capacity.title(good)


def test_a_task_loses_from_the_first_depth_that_stays_below_zero(records_of: StudyOf) -> None:
    rows = gain_by_depth.table(gain_by_depth.score(records_of(PLAIN)))
    losing = rows[rows["losing"]]
    assert set(losing["task"]) == {"odd"}
    assert "At width 16, odd loses from 1 of 2 shared stages on" in gain_by_depth.title(rows)
    assert gain_by_depth.title(rows.assign(losing=False)) == "Gain by number of shared stages"


def test_a_task_that_recovers_at_a_greater_depth_does_not_lose_from_there_on(records_of: StudyOf) -> None:
    scores = gain_by_depth.score(records_of(PLAIN))
    recovered = scores["gain"].where((scores["depth"] < 2) | (scores["task"] != "odd"), scores["gain"].abs())
    assert not gain_by_depth.table(scores.assign(gain=recovered))["losing"].any()


def test_a_task_that_loses_without_sharing_is_not_said_to_lose_by_depth(records_of: StudyOf) -> None:
    truth = replace(PLAIN, effects={"left": 0.0, "odd": 0.0}, loop_effects={"odd": -6.0})
    rows = gain_by_depth.table(gain_by_depth.score(records_of(truth)))
    assert rows["losing"].any()
    assert gain_by_depth.title(rows) == "Gain by number of shared stages"


# ---- overfitting


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([1.0, 0.5, 0.4, 0.6, 0.7], 2.0),
        ([1.0, 0.5, 0.6, 0.4, 0.7], 3.0),
        ([1.0, 0.5, 0.501, 0.504, 0.6], 3.0),  # within 1% of the minimum
        ([1.0, 0.5, 0.4], np.nan),
        ([1.0, 0.4, 0.6, 0.402], np.nan),
        ([0.4, 0.5, 0.6], 0.0),
        ([], np.nan),
        ([np.nan, np.nan], np.nan),
    ],
)
def test_onset_is_the_last_epoch_near_the_minimum(curve: list[float], expected: float) -> None:
    assert onset(np.array(curve)) == pytest.approx(expected, nan_ok=True)


def test_gap_and_reductions_follow_their_definitions(records_of: StudyOf) -> None:
    records = records_of(PLAIN)
    row = (
        overfitting.score(records)
        .query("arm == 'hard d2 w16 l2 equal adamw' and task == 'left' and seed == 1003")
        .iloc[0]
    )
    curves_of = records.replicas.query("task == 'left' and seed == 1003 and phase == 'confirm'").set_index("arm")
    arm, base = curves_of.loc["hard d2 w16 l2 equal adamw"], curves_of.loc["single_task w16 l2 adamw"]
    gap = (np.asarray(arm["validation_loss"]) - np.asarray(arm["train_loss"])) / arm["trivial_loss"]
    base_gap = (np.asarray(base["validation_loss"]) - np.asarray(base["train_loss"])) / base["trivial_loss"]
    matched = int(np.argmax(np.asarray(base["train_loss"]) <= arm["train_loss"][arm["selected_epoch"]]))
    assert row["gap"] == pytest.approx(gap[arm["selected_epoch"]])
    assert row["gap_end"] == pytest.approx(gap[-1])
    assert row["reduction"] == pytest.approx(base_gap[base["selected_epoch"]] - gap[arm["selected_epoch"]])
    assert row["reduction_matched"] == pytest.approx(base_gap[matched] - gap[arm["selected_epoch"]])


def test_sharing_that_overfits_less_is_said_so_only_if_it_is_more_than_noise(records_of: StudyOf) -> None:
    rows = overfitting.table(overfitting.score(records_of(PLAIN)))
    assert "smallest with 2 of 2 stages shared" in overfitting.title(rows)
    unsure = rows.assign(reduction_half_width=np.inf)
    assert overfitting.title(unsure) == "Gap between validation and training loss at the selected epoch"


def test_curves_are_means_over_seeds(records_of: StudyOf) -> None:
    records = records_of(PLAIN)
    rows = curves.table(curves.score(records))
    mine = records.replicas.query("arm == @PLAIN.chosen and phase == 'confirm' and task == 'odd'")
    expected = np.mean([np.asarray(curve) for curve in mine["validation_loss"]], axis=0)
    found = rows[(rows["model"] == "recommended") & (rows["task"] == "odd")].sort_values("epoch")["validation"]
    assert found.to_numpy() == pytest.approx(expected)
    assert set(rows["model"]) == {"single", "recommended", "full"}


# ---- cost, coverage


def test_costs_are_compared_with_the_single_task_networks_of_the_width(records_of: StudyOf) -> None:
    rows = cost.table(cost.score(records_of(PLAIN))).set_index("arm")
    single, full = rows.loc["single_task w16 l2 adamw"], rows.loc["hard d2 w16 l2 equal adamw"]
    assert single["multiply_adds_ratio"] == 1.0
    assert full["multiply_adds_ratio"] == pytest.approx(1 / 3, abs=0.01)
    assert rows["multiply_adds"].is_monotonic_increasing


def test_labels_and_failures_are_counted(records_of: StudyOf) -> None:
    rows = coverage.table(coverage.score(records_of(replace(PLAIN, missing={"odd": 0.25}, failing=0.3))))
    labels = rows[rows["kind"] == "labels"].set_index(["task", "split"])
    assert labels.loc[("odd", "development"), "share"] == pytest.approx(0.75)
    assert labels.loc[("left", "test"), "count"] == 240
    lost = int(rows.loc[rows["kind"] == "failures", "count"].sum())
    assert lost > 0
    assert coverage.title(rows) == f"odd lacks labels; {lost} replicas failed or diverged"
    clean = coverage.table(coverage.score(records_of(PLAIN)))
    assert coverage.title(clean) == "Every task is fully labelled; no replica failed or diverged"


# ---- ways to share

RIVALS = replace(
    PLAIN, further={"mmoe": 8.0, "cross_stitch": 7.8, "concat": -9.0}, seeds={"search": 1, "confirm": 10, "verdict": 2}
)


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


def test_a_way_to_share_without_a_depth_has_no_gain_by_depth(records_of: StudyOf) -> None:
    records = records_of(RIVALS)
    wanted = records.replicas["sharing"] == "mmoe"
    rows = records.replicas.assign(depth=records.replicas["depth"].where(~wanted))
    ledger = [
        event | {"value": {"arm": rows.loc[wanted, "arm"].iloc[-1]}} if event.get("choice") == "arm" else event
        for event in records.ledger
    ]
    scores = gain_by_depth.score(replace(records, replicas=rows, ledger=ledger))
    assert scores.empty or scores["depth"].notna().all()
    assert not gain_by_depth.score(records).empty


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

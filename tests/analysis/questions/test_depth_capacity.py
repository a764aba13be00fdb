"""The map: planted gains and skills by depth and width, and where it says that the gain peaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from analysis.questions import depth_capacity
from analysis.statistics.paired_gains import MEAN, TASK
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN


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


def test_both_means_of_a_study_that_states_an_importance_are_told_apart(records_of: StudyOf) -> None:
    plain = depth_capacity.words(depth_capacity.table(depth_capacity.score(records_of(PLAIN))))
    assert plain[0].startswith("mean of tasks, width ")
    records = records_of(PLAIN)
    task = str(records.tasks["task"].iloc[0])
    stated = replace(records, spec=dict(records.spec) | {"importance": {task: 3.0}})
    lines = depth_capacity.words(depth_capacity.table(depth_capacity.score(stated)))
    assert [line.split(", width")[0] for line in lines[:4]].count("mean by importance") == sum(
        line.startswith("mean, all tasks alike, width ") for line in lines
    )


def test_one_cell_is_that_of_the_chosen_arm(plane: pd.DataFrame) -> None:
    assert set(plane.loc[plane["chosen"], "arm"]) == {PLAIN.chosen}


def test_the_title_of_the_map_names_its_largest_mean_gain_or_none(records_of: StudyOf, plane: pd.DataFrame) -> None:
    means = plane[(plane["quantity"] == "gain") & (plane["scope"] == MEAN)]
    assert (means["low"] <= 0).all()
    assert depth_capacity.title(plane).startswith("No depth and width")
    good = depth_capacity.table(depth_capacity.score(records_of(replace(PLAIN, effects={"a": 6.0, "b": 5.0}))))
    assert "at 2 of 2 shared stages and width 16 (+5." in depth_capacity.title(good)
    assert "largest at width 16 (+5." in depth_capacity.title(good.assign(depth=np.nan)), "no depth"


def test_the_maps_have_a_cell_for_every_depth_and_width_and_box_the_chosen_arm(plane: pd.DataFrame) -> None:
    mean, skill, *tasks = depth_capacity.figure(plane).axes
    assert [label.get_text() for label in mean.get_yticklabels()] == ["2", "1", "0"]
    assert [label.get_text() for label in skill.get_yticklabels()] == ["2", "1", "0", "single"]
    assert [axes.get_title(loc="left") for axes in tasks] == ["gain, left", "gain, right", "gain, odd"]
    assert [len(axes.texts) for axes in (mean, skill)] == [6, 8]
    for axes, row in ((mean, 1), (skill, 1)):
        (box,) = [patch for patch in axes.patches if isinstance(patch, Rectangle) and not patch.get_hatch()]
        assert box.get_xy() == pytest.approx((0.03, row + 0.03)), "width 16, one shared stage"


def test_cells_whose_interval_holds_zero_are_hatched(plane: pd.DataFrame) -> None:
    mean = depth_capacity.figure(plane).axes[0]
    cells = plane[(plane["quantity"] == "gain") & (plane["scope"] == MEAN)]
    hatched = {patch.get_xy() for patch in mean.patches if isinstance(patch, Rectangle) and patch.get_hatch()}
    unsure = cells[(cells["low"] <= 0) & (cells["high"] >= 0)]
    assert 0 < len(unsure) < len(cells)
    assert hatched == {([16, 64].index(cell.width), 2 - cell.depth) for cell in unsure.itertuples()}


def test_an_architecture_without_a_depth_has_a_row_of_its_own_name(plane: pd.DataFrame) -> None:
    deep = plane["depth"] == 2
    named = plane.assign(depth=plane["depth"].where(~deep), sharing=plane["sharing"].where(~deep, "mtan"))
    skill = depth_capacity.figure(named).axes[1]
    assert {label.get_text() for label in skill.get_yticklabels()} == {"1", "0", "single", "mtan"}
    assert len(skill.texts) == 8, "no cell lies under another"


def test_of_many_tasks_those_of_the_largest_gains_and_losses_are_drawn(records_of: StudyOf) -> None:
    effects = {f"t{number}": number - 5.0 for number in range(10)}
    truth = replace(PLAIN, effects=effects, widths=(16,))
    rows = depth_capacity.table(depth_capacity.score(records_of(truth)))
    gains = rows[rows["quantity"] == "gain"]
    drawn = depth_capacity.telling(gains)
    assert len(drawn) == depth_capacity.FEW
    assert not {"t5"} & set(drawn)
    assert drawn == sorted(drawn)
    assert "The 8 tasks with the largest gains or losses of 10 are drawn" in depth_capacity.caption(rows)
    assert depth_capacity.left_out(gains[gains["task"].isin(["t0", "t1"])]) == ""


def test_maps_have_a_colour_bar_and_a_wild_loss_does_not_bleach_the_other_cells(plane: pd.DataFrame) -> None:
    wild = plane.copy()
    hit = (wild["quantity"] == "gain") & (wild["task"] == "odd") & (wild["width"] == 16) & (wild["depth"] == 2)
    wild.loc[hit, "gain"] = -5e14
    figure = depth_capacity.figure(wild)
    mean, skill = figure.axes[:2]
    assert [len(axes.child_axes) for axes in (mean, skill)] == [1, 1]
    assert mean.collections[0].get_clim()[1] < 50
    assert f"Colours end at ±{depth_capacity.gain_limit(wild):.1f} points; " in depth_capacity.caption(wild)
    assert "cells lie beyond" not in depth_capacity.caption(plane.assign(gain=plane["gain"].clip(-2, 2)))

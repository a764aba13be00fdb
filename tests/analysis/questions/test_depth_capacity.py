"""The map: planted gains and skills by depth and width, and where it says that the gain peaks."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

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


def test_one_cell_is_recommended(plane: pd.DataFrame) -> None:
    assert set(plane.loc[plane["recommended"], "arm"]) == {PLAIN.chosen}


def test_the_title_of_the_map_names_its_largest_mean_gain_or_none(records_of: StudyOf, plane: pd.DataFrame) -> None:
    means = plane[(plane["quantity"] == "gain") & (plane["scope"] == MEAN)]
    assert (means["low"] <= 0).all()
    assert depth_capacity.title(plane).startswith("No depth and width")
    good = depth_capacity.table(depth_capacity.score(records_of(replace(PLAIN, effects={"a": 6.0, "b": 5.0}))))
    assert "at 2 of 2 shared stages and width 16 (+5." in depth_capacity.title(good)

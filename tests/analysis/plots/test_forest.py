"""The forest plot: a panel per judged arm, tasks by gain, a mark and the numbers for each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.plots import forest, style
from analysis.questions import transfer
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth

PLANTED = Truth(
    effects={"same": 0.0, "good": 6.0, "odd": -8.0}, chosen="hard d1 w16 l2 equal adamw", seed_noise=0.4,
    test_noise=2.0, stages=2, draws=1, epochs=4, widths=(16, 64), seeds={"search": 1, "confirm": 5, "verdict": 10},
)  # fmt: skip


@pytest.fixture(scope="module")
def rows(records_of: StudyOf) -> pd.DataFrame:
    return transfer.table(transfer.score(records_of(PLANTED)))


def drawn(rows: pd.DataFrame) -> Figure:
    figure = forest.draw(rows, "A finding")
    with style.style():
        figure.draw_without_rendering()
    return figure


def test_a_panel_for_each_judged_arm_with_the_same_tasks_best_first(rows: pd.DataFrame) -> None:
    figure = drawn(rows)
    assert figure.get_suptitle() == "A finding"
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Chosen: 1 of 2 stages shared, width 16", "Reference: 2 of 2 stages shared, width 16",
    ]  # fmt: skip
    for axes in figure.axes:
        labels = [label.get_text() for label in axes.get_yticklabels()]
        assert labels == ["good", "same", "odd", "mean of tasks"]


def test_beside_each_line_stand_its_numbers_and_its_verdict(rows: pd.DataFrame) -> None:
    notes = [text.get_text() for text in drawn(rows).axes[1].texts]
    assert len(notes) == 4
    assert notes[0].startswith("+")
    assert notes[0].endswith("]  helped by sharing")
    assert notes[2].startswith("−")
    assert "hurt by sharing" in notes[2]
    assert notes[3].endswith("]  no practical difference"), "the mean has a verdict of its own"


def test_every_seed_is_a_dot(rows: pd.DataFrame) -> None:
    dots = [line for line in drawn(rows).axes[0].lines if line.get_marker() == "."]
    assert [len(np.asarray(line.get_xdata())) for line in dots] == [10] * 4


def test_the_legend_has_the_verdicts_and_the_baselines_that_occur(rows: pd.DataFrame) -> None:
    def legend(table: pd.DataFrame) -> set[str]:
        (found,) = drawn(table).legends
        return {text.get_text() for text in found.get_texts()}

    assert {"helped by sharing", "against loop", "against total", "against best"} <= legend(rows)
    few = legend(rows[rows["baseline"].isin(("each", "loop"))])
    assert "against loop" in few
    assert not {"against total", "against best"} & few


def test_an_arm_that_was_compared_with_other_baselines_alone_is_drawn_where_there_is_no_other(
    rows: pd.DataFrame,
) -> None:
    assert len(drawn(rows).axes) == 2
    best = rows[rows["baseline"] == "best"]
    assert len(drawn(best).axes) == best["arm"].nunique()
    mixed = pd.concat([best, rows[(rows["baseline"] == "each") & (rows["role"] == transfer.REFERENCE)]])
    assert len(drawn(mixed).axes) == 1

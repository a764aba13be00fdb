"""Ways to weigh: what is one method, what it is measured from, and when equal weights are beaten."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.plots import style
from analysis.questions import weighting
from analysis.statistics.paired_gains import MEAN, TASK
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth

PLAIN = Truth(
    seed_noise=0.4, test_noise=2.0, stages=1, draws=2, epochs=8, widths=(16,),
    seeds={"search": 1, "confirm": 10, "verdict": 2}, weightings=("equal", "dwa", "famo", "mgda"),
)  # fmt: skip
EFFECTS = {"dwa": 6.0, "dwa native": 0.0, "famo": -6.0, "mgda": 5.8, "equal native": 0.1}


@pytest.fixture
def rows(records_of: StudyOf) -> pd.DataFrame:
    return weighting.table(weighting.score(records_of(replace(PLAIN, weighting_effects=EFFECTS))))


def means_of(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["scope"] == MEAN].set_index("method")


def test_rule_and_scale_together_are_a_method_and_equal_at_scale_matched_is_zero(rows: pd.DataFrame) -> None:
    means = means_of(rows)
    assert set(means.index) == {"dwa", "dwa native", "famo", "mgda", "equal native"}
    assert set(rows["zero"]) == {"equal"}
    for method, effect in EFFECTS.items():
        assert means.loc[method, "gain"] == pytest.approx(effect, abs=0.8), method
    assert list(means.index[:2]) in (["dwa", "mgda"], ["mgda", "dwa"])
    assert means.index[-1] == "famo"
    assert (means["rank"].to_numpy() == np.arange(1, 6)).all()
    tasks = rows[(rows["method"] == "mgda") & (rows["scope"] == TASK)]["gain"]
    assert len(tasks) == 3
    assert means.loc["mgda", "gain"] == pytest.approx(tasks.mean())


def test_what_beats_equal_weights_is_named_and_what_cannot_be_told_from_the_best_is_marked(rows: pd.DataFrame) -> None:
    means = means_of(rows)
    assert set(means.index[means["beats_equal"]]) == {"dwa", "mgda"}
    assert set(means.index[~means["separable"]]) == {"dwa", "mgda"}
    assert means["behind"].max() == 0.0
    assert not rows.loc[rows["scope"] == TASK, "beats_equal"].any()
    assert "dwa" in weighting.finding(rows)
    assert "mgda beat equal weights" in weighting.finding(rows) or "dwa beat equal weights" in weighting.finding(rows)
    assert weighting.title(rows).endswith("; 2 of 4 ways to weigh do")
    assert "equal at another scale" in weighting.caption(rows)


def test_a_gain_that_another_step_size_gives_equal_weights_too_beats_nothing(records_of: StudyOf) -> None:
    truth = replace(PLAIN, weighting_effects={"dwa": 6.0, "equal native": 6.2})
    rows = weighting.table(weighting.score(records_of(truth)))
    means = means_of(rows)
    assert means["low_simultaneous"].to_dict()["dwa"] > 0
    assert not means["beats_equal"].any()
    assert weighting.title(rows) == "No way to weigh (3 tried) was found to beat equal weights"
    assert weighting.finding(rows).startswith("No weighting method (")


def test_without_equal_at_scale_matched_the_other_is_zero(records_of: StudyOf) -> None:
    truth = replace(PLAIN, weightings=("dwa",), weighting_effects={"equal native": 1.0, "dwa native": 1.0, "dwa": 4.0})
    rows = weighting.table(weighting.score(records_of(truth)))
    means = means_of(rows)
    assert set(rows["zero"]) == {"equal native"}
    assert means.loc["dwa", "gain"] == pytest.approx(3, abs=0.8)
    assert means.loc["dwa native", "gain"] == pytest.approx(0, abs=0.8)


def test_where_nothing_gains_the_best_is_equal_weights(records_of: StudyOf) -> None:
    truth = replace(PLAIN, weighting_effects={"dwa": -5.0, "famo": -6.0, "mgda": -7.0})
    rows = weighting.table(weighting.score(records_of(truth)))
    means = means_of(rows)
    assert means["separable"].all()
    assert means["behind"].to_numpy() == pytest.approx(means["gain"].to_numpy())
    assert "not separable from the best, equal (paired" in weighting.caption(rows)
    assert (means["mean_rank"] > 1.9).all(), "equal weights rank first nearly everywhere"


def test_depths_and_widths_are_averaged(records_of: StudyOf) -> None:
    truth = replace(PLAIN, stages=2, widths=(16, 64), weighting_effects={"dwa": 3.0})
    rows = weighting.table(weighting.score(records_of(truth)))
    assert set(rows["arms"]) == {4}
    assert means_of(rows).loc["dwa", "gain"] == pytest.approx(3, abs=0.8)
    assert "averaged over 4 arms" in weighting.caption(rows)


def test_equal_weights_alone_are_no_question(records_of: StudyOf) -> None:
    assert weighting.score(records_of(replace(PLAIN, weightings=("equal",)))).empty
    assert weighting.score(records_of(replace(PLAIN, weightings=("dwa", "mgda")))).empty


def test_solvers_that_stopped_short_are_counted_by_method(records_of: StudyOf) -> None:
    records = records_of(PLAIN)
    replicas = records.replicas.copy()
    mgda = replicas["weighting"] == "mgda"
    odd = replicas["seed"] % 2 == 1
    replicas["unconverged"] = np.where(mgda, np.where(odd, 3.0, 0.0), np.nan)
    means = means_of(weighting.table(weighting.score(replace(records, replicas=replicas))))
    assert means.loc["mgda", "unconverged"] == 0.5
    assert np.isnan(means["unconverged"].to_dict()["dwa"])


def test_methods_with_the_draw_of_equal_weights_are_counted(records_of: StudyOf) -> None:
    records = records_of(PLAIN)
    replicas = records.replicas.copy()
    replicas.loc[(replicas["weighting"] == "mgda") & (replicas["phase"] == "confirm"), "draw"] += 1
    rows = weighting.table(weighting.score(replace(records, replicas=replicas)))
    assert means_of(rows)["same_draw"].to_dict() == {"dwa": 1.0, "famo": 1.0, "mgda": 0.0}
    assert "took one that 2 of 3 methods took" in weighting.caption(rows)


def test_every_factor_of_weighing_is_part_of_a_methods_name() -> None:
    rows: list[tuple[Any, ...]] = [
        ("equal", "matched", None, None), ("mgda", "matched", "parameters", None),
        ("mgda", "native", "representation", None), ("mgda", "matched", "parameters", 32),
    ]  # fmt: skip
    arms = pd.DataFrame(rows, columns=["weighting", "scale", "gradients", "gramian_rows"])
    found = list(weighting.names(arms))
    assert found[:3] == ["equal", "mgda", "mgda native at the representation"]
    assert found[3] == "mgda on 32 rows"


def test_sixty_methods_have_a_line_each_and_no_label_leaves_the_figure(rows: pd.DataFrame) -> None:
    many = pd.concat([rows.assign(method=rows["method"] + f" number {copy}") for copy in range(12)])
    many = many.sort_values("rank", kind="stable").reset_index(drop=True)
    figure = weighting.figure(many)
    with style.style():
        figure.draw_without_rendering()
        box = figure.get_tightbbox()
        labels = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert len(labels) == 60
    assert all(below.y1 <= above.y0 + 0.5 for above, below in itertools.pairwise(labels)), "labels overlap"
    assert min(box.x0, box.y0) > -0.05
    assert box.x1 < figure.get_figwidth() + 0.05
    assert box.y1 < figure.get_figheight() + 0.05

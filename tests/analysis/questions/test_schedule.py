"""Task weights on a schedule: paired with constant weights, and drawn piece by piece."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from analysis.plots import style
from analysis.questions import schedule
from analysis.records.explored import EXPLORED
from analysis.records.schema import Records
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN

EQUAL = "hard d2 w16 l2 equal adamw"
SCHEDULED, FIXED = (EQUAL.replace("equal", name) for name in ("scheduled", "fixed"))
PIECES = [[0.0, 0.2, 0.3, 0.5], [0.375, 0.6, 0.2, 0.2]]
WEIGHTS = [0.1, 0.1, 0.8]


def with_exploration(records: Records, without: str = "", **gains: float) -> Records:
    """The records, had these arms been explored, whose test skill is so many points above that of equal weights."""
    rows, scores = [records.replicas], [records.scores]
    verdict = records.replicas[(records.replicas["arm"] == EQUAL) & (records.replicas["phase"] == "verdict")]
    own = records.scores[records.scores["replica"].isin(verdict["replica"])]
    for name, gain in gains.items():
        rows.append(verdict.assign(arm=EQUAL.replace("equal", name), weighting=name, replica=verdict["replica"] + name))
        scores.append(own.assign(replica=own["replica"] + name, test_skill=own["test_skill"] + gain / 100))
    arms = {"equal": EQUAL} | {name: EQUAL.replace("equal", name) for name in gains}
    found: dict[str, Any] = {"arms": arms, "members": 12, "pieces": PIECES, "weights": WEIGHTS}
    found.pop(without, None)
    event = {"event": "frozen", "choice": EXPLORED, "value": found}
    return replace(records, replicas=pd.concat(rows), scores=pd.concat(scores), ledger=[*records.ledger, event])


@pytest.fixture
def explored(records_of: StudyOf) -> Records:
    return with_exploration(records_of(PLAIN), scheduled=3.0, fixed=1.0)


def test_nothing_is_asked_where_nothing_was_explored(records_of: StudyOf) -> None:
    assert schedule.score(records_of(PLAIN)).empty
    empty = {"event": "frozen", "choice": EXPLORED, "value": {}}
    records = records_of(PLAIN)
    assert schedule.score(replace(records, ledger=[*records.ledger, empty])).empty


def test_gains_are_paired_by_seed_and_all_comparisons_are_there(explored: Records) -> None:
    rows = schedule.table(schedule.score(explored))
    gains = rows[(rows["quantity"] == "gain") & (rows["scope"] == "mean")].set_index(["arm", "against"])["gain"]
    assert gains["scheduled", "fixed"] == pytest.approx(2.0)
    assert gains["scheduled", "equal"] == pytest.approx(3.0)
    assert gains["fixed", "equal"] == pytest.approx(1.0)
    alone = gains["scheduled", "single-task"] - 3.0
    judged = explored.frozen("judged")["baselines"][EQUAL]["each"]
    verdict = explored.replicas[explored.replicas["phase"] == "verdict"].merge(explored.scores, on=["replica", "task"])
    skill = verdict.groupby("arm")["test_skill"].mean()
    assert alone == pytest.approx(100 * (skill[EQUAL] - skill[judged]))


def test_the_weights_are_rows_of_the_table_and_lines_of_the_words(explored: Records) -> None:
    rows = schedule.table(schedule.score(explored))
    weights = rows[(rows["quantity"] == "weight") & (rows["arm"] == "scheduled")]
    assert list(weights[weights["task"] == "odd"]["weight"]) == [0.5, 0.2]
    assert list(weights[weights["task"] == "odd"]["begins"]) == [0, 0.375]
    constant = rows[(rows["quantity"] == "weight") & (rows["arm"] == "fixed")]
    assert list(constant["weight"]) == WEIGHTS
    lines = schedule.words(rows)
    assert "weight of left: 0.20 from 0%, 0.60 from 37.5%" in lines
    assert any(line.startswith("a schedule over the best constant weights, mean of tasks: +2.0") for line in lines)


def test_title_and_caption_say_that_it_is_exploratory_and_what_it_cost(explored: Records) -> None:
    rows = schedule.table(schedule.score(explored))
    assert schedule.title(rows).startswith("Exploratory: task weights on a schedule gain +2.0 [")
    assert "over equal weights" in schedule.title(rows)
    caption = schedule.caption(rows)
    assert "population of 12 networks" in caption
    assert "no part in the choice" in caption
    assert "n = 10" in caption


def test_without_constant_weights_there_is_less_to_compare_and_without_a_schedule_nothing(records_of: StudyOf) -> None:
    rows = schedule.table(schedule.score(with_exploration(records_of(PLAIN), "weights", scheduled=3.0)))
    (axes,) = schedule.figure(rows).get_axes()
    assert len(axes.get_lines()) == 3
    assert "constant" not in schedule.title(rows)
    assert schedule.score(with_exploration(records_of(PLAIN), "pieces", fixed=1.0)).empty


def test_the_figure_of_both_has_a_dotted_line_per_constant_weight(explored: Records) -> None:
    figure = schedule.figure(schedule.table(schedule.score(explored)))
    (axes,) = figure.get_axes()
    dotted = [line for line in axes.get_lines() if line.get_linestyle() == ":"]
    assert sorted(line.get_ydata()[0] for line in dotted) == sorted(WEIGHTS)
    with style.style():
        figure.draw_without_rendering()

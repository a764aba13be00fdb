"""Gain by depth: from which number of shared stages on a task is said to lose."""

from __future__ import annotations

from dataclasses import replace

from analysis.questions import gain_by_depth
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN, RIVALS


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


def test_a_task_that_recovers_in_between_is_not_said_to_lose_from_a_depth_on(records_of: StudyOf) -> None:
    rows = gain_by_depth.table(gain_by_depth.score(records_of(replace(PLAIN, stages=3, chosen=None))))
    odd = rows["task"] == "odd"
    assert "odd loses from" in gain_by_depth.title(rows)
    highs = rows["high"].where(~(odd & rows["depth"].isin([1, 3])), -1.0).where(~(odd & (rows["depth"] == 2)), 0.1)
    lost = highs < 0
    losing = lost[::-1].groupby([rows["task"], rows["width"]]).cummin()[::-1].astype(bool)
    assert set(rows[losing & odd]["depth"]) == {3.0}
    assert gain_by_depth.title(rows.assign(high=highs, losing=losing)) == "Gain by number of shared stages"


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


def test_a_panel_for_every_task_and_a_line_for_every_width(records_of: StudyOf) -> None:
    rows = gain_by_depth.table(gain_by_depth.score(records_of(PLAIN)))
    panels = [axes for axes in gain_by_depth.figure(rows).axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in panels] == ["left", "right", "odd"]
    assert panels[0].get_legend_handles_labels()[1] == ["width 16", "width 64"]
    assert "n = 10; none below 5 seeds" in gain_by_depth.caption(rows)

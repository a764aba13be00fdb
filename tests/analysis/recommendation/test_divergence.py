"""What the page opens with where networks diverged."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pandas as pd
import pytest

from analysis.recommendation.divergence import advised_rates, no_answer
from analysis.recommendation.recommend import OPEN, recommend
from analysis.records.schema import Records
from tests.analysis.conftest import StudyOf
from tests.analysis.recommendation.conftest import GOOD, NOTHING
from tests.analysis.synthetic import Truth


def diverged(records: Records, phase: str, ended: str | None = None) -> Records:
    rows = records.replicas.copy()
    rows.loc[rows["phase"] == phase, ["status", "epochs"]] = ["diverged", 2]
    rows["train_loss"] = [list(curve[:2]) for curve in rows["train_loss"]]
    events = [] if ended is None else [{"event": "ended", "phase": ended, "reason": "diverged"}]
    return replace(records, replicas=rows, ledger=[*records.ledger, *events])


def search_of(truth: Truth) -> Truth:
    return replace(truth, phases=("search",))


def test_without_divergence_there_is_nothing_to_say(records_of: StudyOf) -> None:
    assert no_answer(records_of(GOOD)) is None
    assert no_answer(records_of(search_of(GOOD))) is None


def test_an_ended_search_is_told_with_the_line_to_write_and_the_command(records_of: StudyOf) -> None:
    card = recommend(diverged(records_of(search_of(GOOD)), "search", ended="search"))
    assert card.decision == OPEN
    assert card.headline == "No network trained to its end: nothing can be said about sharing."
    assert "0.003 to 0.006" in card.explanation
    assert "in epoch 2" in card.explanation
    assert "tuning: {learning_rate: {log_uniform: [3e-06, 0.0003]}}" in card.step
    assert "tuning.learning_rate={log_uniform: [3e-06, 0.0003]}" in shlex.split(card.command)


def test_networks_of_some_tasks_that_did_finish_are_not_denied(records_of: StudyOf) -> None:
    records = diverged(records_of(search_of(GOOD)), "search", ended="search")
    first = (records.replicas["arm"] == NOTHING) & (records.replicas["task"] == "left")
    rows = records.replicas.assign(status=records.replicas["status"].where(~first, "finished"))
    assert recommend(replace(records, replicas=rows)).headline.startswith("No arm trained to its end on every task")


def test_the_phase_in_which_it_ended_is_named(records_of: StudyOf) -> None:
    confirm = diverged(records_of(GOOD), "confirm", ended="confirm")
    assert "on the fresh seeds" in recommend(confirm).headline
    verdict = diverged(records_of(GOOD), "verdict", ended="verdict")
    assert "on the verdict seeds" in recommend(verdict).headline


def test_single_task_networks_that_all_diverge_on_the_verdict_seeds_leave_no_verdict(records_of: StudyOf) -> None:
    records = records_of(GOOD)
    rows = records.replicas.copy()
    hit = (rows["phase"] == "verdict") & (rows["arm"] == NOTHING)
    rows.loc[hit, ["status", "epochs"]] = ["diverged", 1]
    scores = records.scores[~records.scores["replica"].isin(rows.loc[hit, "replica"])]
    card = recommend(replace(records, replicas=rows, scores=scores))
    assert card.headline.startswith("No single-task network of width 16 trained to its end")
    some = rows.index[hit & (rows["task"] == "left")]
    rows.loc[some, "status"] = "finished"
    assert not recommend(replace(records, replicas=rows, scores=scores)).headline.startswith("No single-task network")


@pytest.mark.parametrize(
    ("lowest", "advised"), [(1e30, "[0.0001, 0.01]"), (0.05, "[5e-05, 0.005]"), (1e-6, "[1e-09, 1e-07]")]
)
def test_advised_rates_lie_below_the_lowest_that_diverged_and_are_never_absurd(lowest: float, advised: str) -> None:
    assert advised_rates(pd.DataFrame({"rates": [(1e31, lowest), (2e31,)]})) == advised

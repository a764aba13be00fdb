"""The next step: the one that tells most, with a command where there is one, and never that nothing is left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from analysis.questions import transfer
from analysis.recommendation.decision import Decision, decide, factors
from analysis.recommendation.next_step import next_step
from analysis.records.schema import Records
from analysis.statistics.verdicts import CANDIDATE, UNDECIDED
from tests.analysis.conftest import StudyOf
from tests.analysis.recommendation.conftest import GOOD, HALF, NOTHING, ODD
from tests.analysis.recommendation.test_options import with_judged

OPEN = replace(GOOD, effects={"left": 0.0, "right": 0.0})
NOISY = {"seed_noise": 0.4, "test_noise": 40.0}


def decided(records: Records) -> tuple[Records, pd.DataFrame, Decision]:
    rows = transfer.table(transfer.score(records))
    return records, rows, decide(records, rows, factors(records, str(records.chosen_arm)))


def step_of(records: Records) -> tuple[str, str]:
    return next_step(*decided(records))


def test_an_unchecked_candidate_comes_first(records_of: StudyOf) -> None:
    words, command = step_of(records_of(ODD))
    assert words == "Check the candidate: have the chosen arm judged without odd, on fresh seeds."
    assert command == "mtl-study extend runs/synthetic --without odd"
    nothing_shared = replace(ODD, chosen=NOTHING, effects={"left": 6.0, "right": 5.0, "odd": -9.0})
    assert step_of(records_of(nothing_shared))[0] == "Check the candidate: run the same study without odd."


def test_the_chosen_arm_is_checked_without_a_task_that_seems_to_lose(records_of: StudyOf) -> None:
    records, rows, decision = decided(records_of(replace(ODD, effects={"left": 6.0, "right": 5.0, "odd": 0.0})))
    about = decision.about
    assert about is not None

    def step(high: float, **changed: Any) -> str:
        tasks = about.tasks.copy()
        tasks.loc[tasks["task"] == "odd", ["gain", "low", "high", "word"]] = [-6.9, -11.9, high, UNDECIDED]
        return next_step(records, rows, replace(decision, about=replace(about, tasks=tasks, **changed)))[1]

    assert step(-2.0) == "mtl-study extend runs/synthetic --without odd"
    assert "--without" not in step(-0.5)  # the interval reaches into the band
    assert "--without" not in step(-2.0, kind=CANDIDATE)


def test_seeds_are_named_where_they_are_a_material_part_of_the_noise(records_of: StudyOf) -> None:
    words, command = step_of(records_of(replace(OPEN, seed_noise=3.0, test_noise=0.5)))
    assert "verdict seeds" in words
    assert command.startswith("mtl-study extend runs/synthetic --seeds ")
    assert command.split()[-1] == words.split()[0]
    noise_of_few_seeds = replace(OPEN, seed_noise=1.0, test_noise=20.0)  # a sixteenth of that from test examples
    assert step_of(records_of(noise_of_few_seeds))[0].startswith("More labelled rows")


def test_rows_are_named_where_seeds_are_no_material_part(records_of: StudyOf) -> None:
    records = records_of(replace(OPEN, **NOISY))
    words, command = step_of(records)
    about = decided(records)[2].about
    assert about is not None
    half = (about.high - about.low) / 2
    assert words.startswith("More labelled rows would tell most; more seeds would not. About ")
    wanted = int(words.split("About ")[1].split(" test rows")[0].replace(",", ""))
    assert wanted == pytest.approx(240 * half**2, rel=0.06)
    assert words.endswith(f"from ±{half:.1f} to ±1.0 point.")
    assert command == ""


@pytest.mark.parametrize(
    ("tasks", "folds"),
    [
        ({"set": "table", "path": "data.csv"}, True),
        ({"set": "table", "path": "data.csv", "test": "held_out"}, False),
        ({"set": "digits3"}, False),
    ],
)
def test_a_table_whose_test_rows_were_drawn_can_have_every_row_judge(
    records_of: StudyOf, tasks: dict[str, Any], folds: bool
) -> None:
    records = records_of(replace(OPEN, **NOISY))
    words, command = step_of(replace(records, spec=records.spec | {"tasks": tasks}))
    assert words.startswith("Have every labelled row judge") is folds
    assert ("--set evaluation.design=cross_fit" in command) is folds
    crossed = [event | {"folds": 5} for event in records.ledger]
    again = replace(records, spec=records.spec | {"tasks": tasks}, ledger=crossed)
    assert again.num_folds == 5
    assert not next_step(again, *decided(records)[1:])[0].startswith("Have every labelled row judge")


def test_where_nothing_that_shares_was_judged_it_is_to_be_judged(records_of: StudyOf) -> None:
    records = with_judged(records_of(replace(GOOD, chosen=NOTHING)), arms=[NOTHING])
    words, command = step_of(records)
    assert words == "Have an arm that shares every stage trained and judged: add it to factors.depth."
    assert "--set factors.depth=all --set verdict.judge=fully_shared" in command
    spec = records.spec | {"factors": {"sharing": ["mmoe"]}}
    assert """'factors.sharing=["mmoe", "hard"]'""" in step_of(replace(records, spec=spec))[1]


def test_once_all_is_decided_the_search_goes_on_at_the_edge(records_of: StudyOf) -> None:
    words, command = step_of(records_of(GOOD))
    assert words.startswith("16 is the only width that was searched")
    assert "'factors.width=[16, 32]'" in command
    narrow = replace(GOOD, widths=(16, 64), width_loss=0.0, effects={"left": 9.0, "right": 8.0})
    words, command = step_of(records_of(narrow))
    assert words.startswith("16 is the smallest width")
    assert "'factors.width=[8, 16, 64]'" in command


def test_between_the_edges_only_other_data_would_tell_more(records_of: StudyOf) -> None:
    truth = replace(GOOD, widths=(8, 16, 64), effects={"left": 12.0, "right": 10.0}, chosen=HALF)
    words, command = step_of(records_of(truth))
    assert words.startswith("The verdict stands for these data.")
    assert command == ""


@pytest.mark.parametrize(
    ("seed_noise", "with_folds", "without"),
    [
        (1.2, "Have every labelled row judge", "verdict seeds would narrow"),  # seeds are 0.8 of the examples' part
        (2.5, "verdict seeds would narrow", "verdict seeds would narrow"),
        (0.9, "Have every labelled row judge", "More labelled rows"),  # 0.5 of it: not worth a step
    ],
)
def test_what_narrows_the_interval_of_the_mean_most_comes_first(
    records_of: StudyOf, seed_noise: float, with_folds: str, without: str
) -> None:
    records, rows, decision = decided(records_of(replace(OPEN, test_noise=6.0, seed_noise=seed_noise)))
    assert decision.about is not None
    undecided = decision.about.tasks.assign(more_seeds=float("inf"), word="undecided")
    open_ = replace(decision, about=replace(decision.about, tasks=undecided))
    table = replace(records, spec=records.spec | {"tasks": {"set": "table", "path": "data.csv"}})
    assert with_folds in next_step(table, rows, open_)[0]
    assert without in next_step(records, rows, open_)[0]


def test_seeds_of_an_arm_that_was_added_later_come_on_top_of_the_studys(records_of: StudyOf) -> None:
    records = records_of(replace(OPEN, seed_noise=3.0, test_noise=0.5))
    _, rows, decision = decided(records)
    (chosen,) = [option for option in decision.options if option.kind == "chosen"]
    held = replace(chosen, n=chosen.n + 30)
    others = [option for option in decision.options if option is not chosen]
    longer = replace(decision, options=[held, *others])
    before, after = (next_step(records, rows, one)[1].split() for one in (decision, longer))
    assert int(after[-1]) == int(before[-1]) + 30


def test_where_the_test_examples_add_no_noise_the_step_is_found_too(records_of: StudyOf) -> None:
    records, rows, decision = decided(records_of(replace(OPEN, seed_noise=3.0, test_noise=0.5)))
    silent = rows.assign(test_error=0.0, more_seeds=float("inf"))
    assert next_step(records, silent, decision)[0]

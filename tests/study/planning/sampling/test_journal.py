"""The journal: sound after a kill, and told by attributes what was proposed."""

from __future__ import annotations

import math
from pathlib import Path

from optuna.trial import TrialState

from study.planning.sampling.journal import JOURNAL, PROPOSED, open_study, tell, told


def test_a_whole_proposal_is_made_again_and_a_part_of_one_is_not(tmp_path: Path) -> None:
    study = open_study(tmp_path, "arms")
    asked = [study.ask() for _ in range(2)]
    values = [trial.suggest_float("x", 0, 1) for trial in asked]
    asked[1].set_user_attr(PROPOSED, "an arm")
    again = open_study(tmp_path, "arms")
    assert [trial.state for trial in again.get_trials()] == [TrialState.FAIL, TrialState.FAIL, TrialState.WAITING]
    assert again.ask().suggest_float("x", 0, 1) == values[1]


def test_what_a_killed_driver_left_of_a_line_or_a_lock_is_removed(tmp_path: Path) -> None:
    open_study(tmp_path, "arms")
    (tmp_path / f"{JOURNAL}.lock").touch()
    with open(tmp_path / JOURNAL, "a") as journal:
        journal.write('{"op_code": 4, "wor')
    study = open_study(tmp_path, "arms")
    trial = study.ask()
    trial.set_user_attr(PROPOSED, "an arm")
    tell(study, trial, 0.5)
    assert [old.value for old in told(open_study(tmp_path, "arms"))] == [0.5]


def test_what_did_not_train_is_over_and_has_no_value(tmp_path: Path) -> None:
    study = open_study(tmp_path, "arms")
    trial = study.ask()
    trial.set_user_attr(PROPOSED, "an arm")
    tell(study, trial, math.nan)
    (old,) = told(open_study(tmp_path, "arms"))
    assert old.state == TrialState.FAIL
    assert not old.values


def test_studies_of_one_journal_are_apart(tmp_path: Path) -> None:
    study = open_study(tmp_path, "one")
    study.ask().set_user_attr(PROPOSED, "an arm")
    assert not open_study(tmp_path, "other").get_trials()

"""Optuna's journal in the run directory: opened by the driver alone, and sound again after a kill."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, Trial, TrialState

Direction = Literal["maximize", "minimize"]
JOURNAL = "optuna.journal"
PROPOSED, HOPELESS = "arm", "hopeless"
"""Attributes of a trial: the label of the arm that it proposes, set last; and that nothing of it trained."""


def open_study(directory: Path, name: str, directions: Sequence[Direction] = ("maximize",)) -> optuna.Study:
    """Open a study of the journal; trials that a killed driver left running have failed and are asked for first.

    A proposal that was whole is made again as it was; one that was not, with its sampler's seed, comes out the same.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = directory / JOURNAL
    _repair(path)
    storage = JournalStorage(JournalFileBackend(str(path), lock_obj=JournalFileOpenLock(str(path))))
    study = optuna.create_study(storage=storage, study_name=name, directions=list(directions), load_if_exists=True)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        if PROPOSED in trial.user_attrs:
            study.enqueue_trial(trial.params)
    return study


def tell(study: optuna.Study, trial: Trial, *values: float) -> None:
    """Tell the study what came of a trial; one without a finite value has failed, and is not proposed again."""
    if all(map(math.isfinite, values)):
        study.tell(trial, list(values))
    else:
        trial.set_user_attr(HOPELESS, True)
        study.tell(trial, state=TrialState.FAIL)


def told(study: optuna.Study) -> Iterator[FrozenTrial]:
    """Yield the trials that have ended, in the order of asking; those that a kill cut short are left out."""
    for trial in study.get_trials(deepcopy=False):
        if PROPOSED in trial.user_attrs and (trial.values is not None or trial.user_attrs.get(HOPELESS)):
            yield trial


def _repair(journal: Path) -> None:
    """Undo what a driver that was killed while writing left: a lock of its own, and a torn last line."""
    journal.with_name(f"{journal.name}.lock").unlink(missing_ok=True)
    if journal.exists():
        content = journal.read_bytes()
        os.truncate(journal, content.rfind(b"\n") + 1)

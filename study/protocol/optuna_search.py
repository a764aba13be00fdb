"""Search strategy ``optuna``: a sampler proposes arms of the plan; each is trained with all its draws, as in a grid.

Arms are asked for in batches and told in the order of asking, and the sampler is seeded by what has been told.  So
the proposals depend neither on the number of workers nor on which arm ends first, and a study that was killed and
resumed proposes what an undisturbed one would have.

Source: J. Bergstra, R. Bardenet, Y. Bengio, B. Kégl, *Algorithms for hyper-parameter optimization*, NeurIPS 2011 (TPE).
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import Trial, TrialState

from analysis.selection import rank_draws
from mtl_core.randomness.seeding import stream_seed
from study.execution.scheduler import Parallel, Steps
from study.planning.arm import Arm
from study.protocol.context import StudyContext
from study.protocol.search import search_arm, searched

JOURNAL, STUDY = "optuna.journal", "arms"
BATCH = 4
"""Arms that are searched side by side before the sampler learns of them."""
FIRST_AT_RANDOM = 4


def explore(context: StudyContext) -> Steps:
    """Propose and search arms until the plan's number of trials is reached."""
    study = open_study(context)
    values = dict(_told(study))
    open_to_it = [arm for arm in context.plan.candidates if arm not in context.plan.references]
    most = min(context.plan.num_trials, len(open_to_it))
    while len(values) < most:
        batch = _ask(study, open_to_it, values, most)
        yield Parallel([search_arm(context, arm) for _, arm in batch])
        for trial, arm in batch:
            value = value_of(context, arm)
            values[arm.label] = value
            _tell(study, trial, value)


def open_study(context: StudyContext) -> optuna.Study:
    """Open the journal's Optuna study; trials that a killed driver left running have failed and are asked for first."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = str(context.directory / JOURNAL)
    _repair(Path(path))
    storage = JournalStorage(JournalFileBackend(path, lock_obj=JournalFileOpenLock(path)))
    study = optuna.create_study(storage=storage, study_name=STUDY, direction="maximize", load_if_exists=True)
    stale = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    for trial in stale:
        study.tell(trial.number, state=TrialState.FAIL)
        if trial.params:
            study.enqueue_trial(trial.params)
    return study


def _repair(journal: Path) -> None:
    """Undo what a driver that was killed while writing left: a lock of its own, and a torn last line."""
    journal.with_name(f"{journal.name}.lock").unlink(missing_ok=True)
    if journal.exists():
        content = journal.read_bytes()
        os.truncate(journal, content.rfind(b"\n") + 1)


def value_of(context: StudyContext, arm: Arm) -> float:
    """Return the mean validation skill of the best draw of ``arm``; NaN when none trained."""
    ranked = rank_draws(context.archive.rows(searched(context, arm)))
    return float(ranked.loc[ranked["rank"] == 0, "skill"].mean())


def propose(trial: Trial, arms: Sequence[Arm]) -> Arm:
    """Let ``trial`` choose one of ``arms``, factor by factor, among the levels that its earlier choices leave open.

    ``arms`` are those that were not searched yet, so nothing is ever proposed twice.
    """
    left = list(arms)
    for factor in arms[0].levels():
        levels = sorted({arm.levels()[factor] for arm in left}, key=lambda level: (str(type(level)), level))
        if len(levels) > 1:
            # A parameter of Optuna's has one set of choices for ever, so the choices are part of the name.
            name = f"{factor} of {', '.join(map(str, levels))}"
            chosen = trial.suggest_categorical(name, levels)
            left = [arm for arm in left if arm.levels()[factor] == chosen]
    return left[0]


def _ask(study: optuna.Study, arms: Sequence[Arm], values: dict[str, float], most: int) -> list[tuple[Trial, Arm]]:
    batch: list[tuple[Trial, Arm]] = []
    left = [arm for arm in arms if arm.label not in values]
    for place in range(min(BATCH - len(values) % BATCH, most - len(values))):
        study.sampler = _sampler(len(values), place)
        trial = study.ask()
        arm = propose(trial, left)
        trial.set_user_attr("arm", arm.label)
        batch.append((trial, arm))
        left.remove(arm)
    return batch


def _sampler(num_told: int, num_asked: int) -> optuna.samplers.BaseSampler:
    seed = stream_seed(0, "optuna", num_told, num_asked) % 2**31
    options = {"n_startup_trials": FIRST_AT_RANDOM, "constant_liar": True, "multivariate": True, "group": True}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", optuna.exceptions.ExperimentalWarning
        )  # group: for factors that depend on others
        return optuna.samplers.TPESampler(seed=seed, **options)


def _tell(study: optuna.Study, trial: Trial, value: float) -> None:
    if math.isfinite(value):
        study.tell(trial, value)
    else:
        trial.set_user_attr("hopeless", True)
        study.tell(trial, state=TrialState.FAIL)


def _told(study: optuna.Study) -> Generator[tuple[str, float], Any, None]:
    """Arms that were searched, with their values; NaN for those whose training failed altogether."""
    for trial in study.get_trials(deepcopy=False):
        label = trial.user_attrs.get("arm")
        if label is not None and trial.value is not None:
            yield label, trial.value
        elif label is not None and trial.user_attrs.get("hopeless"):
            yield label, math.nan

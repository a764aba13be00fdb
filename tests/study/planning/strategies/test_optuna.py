"""Strategy ``optuna``: arms by TPE, whatever interrupts it."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

import analysis
from study.driver.run import run
from study.planning.arm import Arm
from study.planning.sampling import journal
from study.planning.strategies import optuna as strategy
from study.protocol import follow
from tests.study.conftest import tiny

FACTORS = {"depth": "all", "stages": [1, 2, 3], "width": [2, 3]}


def optuna_study(out: Path) -> optuna.Study:
    return optuna.load_study(study_name="arms", storage=JournalStorage(JournalFileBackend(str(out / "optuna.journal"))))


def spec(trials: int) -> Any:
    return tiny(
        factors=FACTORS,
        search={"strategy": "optuna", "trials": trials, "rungs": []},
        tuning={"draws": 2},
        confirm={"seeds": 2, "arms": 2},
    )


def searched(out: Path) -> set[str]:
    frame = analysis.load(out).replicas
    return set(frame.loc[(frame["phase"] == "search") & (frame["sharing"] == "hard"), "arm"])


def test_as_many_arms_as_asked_each_once_and_all_baselines_and_references(fake: Path, tmp_path: Path) -> None:
    out = run(spec(5), out=tmp_path / "run", backend="inline")
    trials = optuna_study(out).get_trials(states=(TrialState.COMPLETE,))
    assert len(trials) == len({trial.user_attrs["arm"] for trial in trials}) == 5
    proposed = {trial.user_attrs["arm"] for trial in trials}
    frame = analysis.load(out).replicas
    everything_shared = frame[(frame["sharing"] == "hard") & (frame["depth"] == frame["stages"])]
    references = set(everything_shared.loc[everything_shared["weighting"] == "equal", "arm"])
    assert len(references) == 6, "one for each width and number of stages"
    assert proposed.isdisjoint(references)
    assert searched(out) == proposed | references
    alone = frame[(frame["phase"] == "search") & (frame["sharing"] == "independent")]
    assert alone["arm"].nunique() == 6
    assert len(fake.read_text().splitlines()) == len(set(fake.read_text().splitlines()))


def test_interrupted_anywhere_it_proposes_the_same(fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = searched(run(spec(6), out=tmp_path / "whole", backend="inline"))
    interrupted = 0
    for module, name, after in ((journal, "tell", 2), (strategy, "propose", 6), (follow, "value_of", 1)):
        original: Callable[..., Any] = getattr(module, name)
        calls = 0

        def breaking(*arguments: Any, original: Any = original, after: int = after) -> Any:
            nonlocal calls
            calls += 1
            if calls == after:
                raise KeyboardInterrupt
            return original(*arguments)

        out = tmp_path / f"{name}{after}"
        monkeypatch.setattr(module, name, breaking)
        with pytest.raises(KeyboardInterrupt):
            run(spec(6), out=out, backend="inline")
        interrupted += 1
        monkeypatch.setattr(module, name, original)
        (out / "optuna.journal.lock").touch()
        with open(out / "optuna.journal", "a") as file:
            file.write('{"op_code": 4, "wor')
        run(spec(6), out=out, backend="inline")
        assert searched(out) == expected
        assert not optuna_study(out).get_trials(states=(TrialState.RUNNING, TrialState.WAITING))
    assert interrupted == 3


def test_more_trials_than_arms_are_all_arms(fake: Path, tmp_path: Path) -> None:
    assert len(searched(run(spec(100), out=tmp_path / "run", backend="inline"))) == 12


def test_the_sampler_learns_where_good_arms_lie() -> None:
    arms = [Arm("hard", depth, 8, 2**size) for depth in range(1, 9) for size in range(1, 9)]
    distances = []
    for peak in itertools.product((1, 3, 5, 8), (1, 4, 6, 8)):
        study, values = optuna.create_study(direction="maximize"), {}
        while len(values) < 24:
            for trial, arm in strategy._ask(study, arms, values, 24):
                values[arm.label] = -abs((arm.depth or 0) - peak[0]) - abs(arm.width.bit_length() - 1 - peak[1])
                study.tell(trial, values[arm.label])
        distances.append(-sum(values.values()) / len(values))
    assert statistics.mean(distances) < 5.52 - 0.25  # 5.52: proposals at random

"""The pilot: which networks it tries, when it doubles the epochs, and that an interrupted one is not repeated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_core.errors import UserError
from mtl_core.training import trainer
from study.cli.check import check
from study.config.load import read_spec
from study.driver.run import run
from study.planning import pilot
from study.planning.make_plan import make_plan
from study.planning.phase_seeds import FIRST_SEED
from study.planning.pilot import enough_epochs, pilot_arms, pilot_draws
from study.planning.plan import Plan
from study.planning.prepare import prepare, with_epochs
from study.store import ledger
from study.store.ledger import Ledger
from tests.study.conftest import small_task_set, tiny
from tests.study.planted import planted

AUTO = {"epochs": "auto", "batch_size": 256}


def plan(**changes: Any) -> Plan:
    return make_plan(tiny(**changes), small_task_set().development)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> dict[int, list[bool]]:
    """What the pilot finds by number of epochs; every round that is trained takes its entry out."""
    found: dict[int, list[bool]] = {}
    monkeypatch.setattr(pilot, "_late", lambda plan, development, epochs: found.pop(epochs))
    return found


def epochs_of(folder: Path) -> int:
    with Ledger(folder) as events:
        return enough_epochs(plan(), small_task_set().development, events)


def test_epochs_double_until_few_networks_are_best_at_the_end(late: dict[int, list[bool]], tmp_path: Path) -> None:
    late |= {8: [True] * 2 + [False] * 20, 16: [True] + [False] * 9}
    assert epochs_of(tmp_path) == 16
    rounds = [event for event in ledger.read(tmp_path / ledger.NAME) if event["event"] == "pilot"]
    assert [(event["epochs"], event["networks"], event["late"]) for event in rounds] == [(8, 22, 2), (16, 10, 1)]
    assert epochs_of(tmp_path) == 16, "the rounds of the ledger are not trained again"


def test_they_double_twice_at_most(late: dict[int, list[bool]], tmp_path: Path) -> None:
    late |= {8: [True] * 9, 16: [True] * 9, 32: [True] * 9}
    assert epochs_of(tmp_path) == 32


def test_an_interrupted_pilot_goes_on_after_its_last_round(late: dict[int, list[bool]], tmp_path: Path) -> None:
    late |= {8: [True] * 9}
    with pytest.raises(KeyError, match="16"):
        epochs_of(tmp_path)
    late |= {16: [False] * 9}
    assert epochs_of(tmp_path) == 16


def test_the_narrowest_network_of_every_kind_is_tried_with_seeds_and_draws_of_its_own() -> None:
    wide = plan(factors={"width": [8, 4]})
    assert {arm.width for arm in pilot_arms(wide)} == {4}
    assert len(pilot_arms(wide)) == len(wide.arms) / 2
    assert {arm.sharing for arm in pilot_arms(wide)} == {"hard", "independent", "single_task"}
    assert list(pilot_draws(plan(tuning={"draws": 3}))) == [0, 1, 2]
    assert min(pilot.SEEDS) > max(FIRST_SEED.values()) + 1_000


def test_a_network_counts_with_its_best_draw(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Three arms and single-task networks for two tasks, with two seeds each: 10 networks."""

    def fit(recipe: Any, development: Any, rows: Any) -> list[Any]:
        trained = trainer_fit(replace(recipe, epochs=2), development, rows)
        return [_as_trained(outcome, recipe.epochs) for outcome in trained]

    def _as_trained(outcome: Any, epochs: int) -> Any:
        draw = int(outcome.key.split()[0])
        skill = torch.tensor([0.5 if draw == 1 else 0.1])
        last = epochs - 1 if draw == 1 and epochs == 8 else 0
        status = "diverged" if draw == 2 else "finished"
        return replace(outcome, status=status, selected_epoch=last, state={**outcome.state, "best_skill": skill})

    trainer_fit = trainer.fit
    monkeypatch.setattr(trainer, "fit", fit)
    assert epochs_of(tmp_path) == 16
    rounds = [event for event in ledger.read(tmp_path / ledger.NAME) if event["event"] == "pilot"]
    assert [(event["epochs"], event["networks"], event["late"]) for event in rounds] == [(8, 10, 10), (16, 10, 0)]


def test_the_run_is_written_down_with_the_number_found_and_resumes_with_it(
    fake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("study.planning.settings_from_data.STEPS", 3)
    monkeypatch.setattr("study.planning.settings_from_data.FEWEST_EPOCHS", 2)
    monkeypatch.setattr(pilot, "_late", lambda plan, development, epochs: [epochs < 6] * 9)
    asked, out = tiny(training=AUTO), tmp_path / "run"
    assert run(asked, out=out, backend="inline") == out
    assert read_spec(out / "study.yaml").training.epochs == 6
    planned = [event for event in ledger.read(out / ledger.NAME) if event["event"] == "planned"][-1]
    assert planned["epochs"] == 6
    assert planned["reasons"] == ["training.epochs: 6 (found by a pilot that began with 3)"]
    trained = fake.read_text()
    run(asked, out=out, backend="inline")
    assert fake.read_text() == trained
    with pytest.raises(UserError, match=r"training\.epochs: 6 there, 7 asked"):
        run(tiny(training={"epochs": 7}), out=out, backend="inline")


def test_a_tree_that_is_still_to_be_found_is_found_after_the_pilot(tmp_path: Path) -> None:
    training = {"epochs": "auto", "sharing_options": {"branch": {"tree": "affinity"}}}
    prepared = prepare(planted(tmp_path, training=training), out=tmp_path / "run")
    assert prepared.plan.pilot
    assert with_epochs(prepared, 9).plan.stand_ins == prepared.plan.stand_ins == (2,)


def test_a_pilot_is_for_epochs_that_are_left_to_it(
    fake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared = prepare(tiny(training=AUTO), out=tmp_path)
    assert prepared.plan.pilot
    assert prepared.forecast.pilot > 0
    assert not with_epochs(prepared, 9).plan.pilot
    assert with_epochs(prepared, 9).forecast.pilot == 0
    for changes in ({}, {"training": AUTO, "budget": 1e6}):
        assert not prepare(tiny(**changes), out=tmp_path).plan.pilot
    monkeypatch.setattr(pilot, "MANY_ROWS", 32)
    assert not prepare(tiny(training=AUTO), out=tmp_path).plan.pilot, "32 rows to train on are many"
    monkeypatch.setattr(pilot, "MANY_ROWS", 33)
    check(tiny(training=AUTO), out=tmp_path, as_json=False)
    assert "epochs: a pilot when the run starts" in capsys.readouterr().out


def test_a_pilot_trains_in_float32_on_the_cpu_whatever_the_study_trains_in(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def fit(recipe: Any, *_: Any, **__: Any) -> list[Any]:
        seen.append(recipe.precision)
        return []

    monkeypatch.setattr(trainer, "fit", fit)
    pilot._late(plan(training={"epochs": 2, "precision": "tf32"}), small_task_set().development, 2)
    assert set(seen) == {"float32"}

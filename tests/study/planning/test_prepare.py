"""Preparation: what is built once, what is settled once, and what does not fit the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_core.errors import UserError
from study.config.load import as_text
from study.planning import prepare as module
from study.planning.prepare import prepare, prepare_run
from tests.study.conftest import SLOW, small_task_set, tiny


@pytest.fixture
def machine(fake: Path, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A machine of two cores whose rate is the last number of the list."""
    rates = [SLOW]
    monkeypatch.setattr(module, "machine_rate", lambda: rates[-1])
    monkeypatch.setattr(module, "num_cores", lambda: 2)
    return rates


def test_a_rate_that_is_known_is_not_measured_and_data_that_are_there_are_not_built(
    machine: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: Any) -> Any:
        pytest.fail("known already")

    monkeypatch.setattr(module, "machine_rate", refuse)
    monkeypatch.setattr(module, "build_task_set", refuse)
    task_set = small_task_set()
    prepared = prepare(tiny(), out=tmp_path / "run", task_set=task_set, rate=123.0)
    assert (prepared.task_set, prepared.rate) == (task_set, 123.0)


def test_a_faster_machine_is_forecast_to_be_faster(machine: list[float], tmp_path: Path) -> None:
    slow = prepare(tiny(), out=tmp_path / "run")
    machine.append(10 * SLOW)
    fast = prepare(tiny(), out=tmp_path / "run")
    assert fast.forecast.seconds < slow.forecast.seconds
    assert (slow.rate, fast.rate) == (SLOW, 10 * SLOW)


def test_nothing_is_written(machine: list[float], tmp_path: Path) -> None:
    prepare(tiny(), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_budget_that_a_run_has_settled_stays_settled_on_another_machine(machine: list[float], tmp_path: Path) -> None:
    whole = prepare(tiny(tuning={"draws": 8}, budget="1000h"), out=tmp_path).forecast.seconds
    spec = tiny(tuning={"draws": 8}, budget=f"{0.9 * whole:.0f}s")
    first = prepare_run(spec, tmp_path)
    assert first.plan.spec.tuning.draws < 8
    assert first.plan.shrunk
    (tmp_path / "study.yaml").write_text(as_text(first.plan.spec))
    machine.append(1e12)
    again = prepare_run(spec, tmp_path)
    assert again.plan.spec == first.plan.spec
    assert again.plan.shrunk == first.plan.shrunk
    assert prepare_run(spec, tmp_path / "elsewhere").plan.spec.tuning.draws == 8


@pytest.mark.parametrize("what", ["disk", "memory"])
def test_a_study_that_cannot_finish_here_is_refused(
    machine: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str
) -> None:
    monkeypatch.setattr(module, f"free_{what}", lambda *_: 1.0)
    with pytest.raises(UserError, match="the study needs about") as refused:
        prepare(tiny(), out=tmp_path / "run")
    assert refused.value.where == what

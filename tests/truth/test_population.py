"""A population finds what was planted: a task whose labels are noise is weighed down, and the others gain by it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import analysis
from analysis.questions import schedule
from analysis.records.explored import explored
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from study.config.spec import Spec
from study.driver.run import run
from study.planning import prepare

EXAMPLES, INPUTS = 400, 10


def signal_and_noise() -> TaskSet:
    """A target that follows the inputs, and one that follows nothing."""
    numbers = torch.Generator().manual_seed(1)
    inputs = torch.randn(2 * EXAMPLES, INPUTS, generator=numbers)
    direction = torch.randn(INPUTS, generator=numbers)
    signal = torch.tanh(inputs @ direction) + 0.3 * torch.randn(2 * EXAMPLES, generator=numbers)
    targets = torch.stack([signal, torch.randn(2 * EXAMPLES, generator=numbers)], dim=1)
    tasks = tuple(Task(name, "regression", "mse") for name in ("signal", "noise"))
    pool, test = (Examples(inputs[part], targets[part]) for part in (slice(EXAMPLES), slice(EXAMPLES, None)))
    return TaskSet("signal and noise", Development(tasks, pool, torch.ones(INPUTS, dtype=torch.bool)), test)


def test_a_task_of_noise_is_weighed_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "build_task_set", lambda spec: signal_and_noise())
    study = {
        "tasks": {"set": "demo"},  # stands for the two tasks above
        "factors": {"depth": 2, "stages": 2, "width": 8},
        "tuning": {"draws": 2},
        "training": {"epochs": 16, "batch_size": 32},
        "search": {"strategy": "population", "trials": 8},
        "confirm": {"seeds": 2},
        "verdict": {"seeds": 5, "max_seeds": 5},
    }
    records = analysis.load(run(Spec.model_validate(study), out=tmp_path / "run", backend="inline"))
    _, *last = explored(records)["pieces"][-1]
    assert last[1] < 0.3, "the weight of the noise at the end"
    rows = schedule.table(schedule.score(records))
    over_equal = rows[(rows["arm"] == "scheduled") & (rows["against"] == "equal")].set_index("task")["gain"]
    assert over_equal["signal"] > 1.0

"""A tiny study and a tiny suite, on which phases and back ends are tried; the engine is a fake where a test says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from study.config.spec import Spec
from study.config.suite import Suite
from study.planning.array_cost import REFERENCE_RATE
from tests.short_trials import short_trials  # noqa: F401 - a fixture that is used everywhere in this folder
from tests.study import fake_engine
from tests.study.finished_studies import clinic, digits, shop, shop_without  # noqa: F401 - fixtures
from tests.svg_alone import all_formats, svg_alone  # noqa: F401 - fixtures, the second used everywhere
from tests.traced_once import traced_once  # noqa: F401 - a fixture that is used everywhere in this folder


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Replace the engine; returns the journal of what was trained."""
    install(monkeypatch)
    monkeypatch.setattr(fake_engine, "JOURNAL", tmp_path / "trained.txt")
    return tmp_path / "trained.txt"


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the fake engine and a small task set in place."""
    from mtl_core.training import evaluation, trainer
    from study.planning import prepare

    monkeypatch.setattr(prepare, "build_task_set", lambda spec: small_task_set())
    monkeypatch.setattr(prepare, "tried", lambda networks: None)
    monkeypatch.setattr(trainer, "fit", fake_engine.fit)
    monkeypatch.setattr(evaluation, "score_examples_on", fake_engine.score_examples_on)


def on_a_known_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let forecasts be those of the machine on which the model was fitted, with two cores."""
    monkeypatch.setattr("study.planning.prepare.machine_rate", lambda: REFERENCE_RATE)
    monkeypatch.setattr("study.planning.prepare.tried", lambda networks: None)
    monkeypatch.setattr("study.planning.prepare.num_cores", lambda: 2)


def tiny(**changes: Any) -> Spec:
    """Two arms that share and their baselines, four draws, two rungs."""
    parts: dict[str, Any] = {
        "name": "tiny",
        "tasks": {"set": "digits3"},
        "factors": {"sharing": ["hard"], "depth": [1, 2], "stages": [2], "width": [4]},
        "tuning": {"draws": 4},
        "training": {"epochs": 8, "batch_size": 256},
        "search": {"seeds": 1},
        "confirm": {"seeds": 3},
        "verdict": {"seeds": 2},
        "backend": "inline",
    }
    for name, value in changes.items():
        parts[name] = {**parts[name], **value} if isinstance(value, dict) and name in parts else value
    return Spec.model_validate(parts)


def small_task_set() -> TaskSet:
    """Two regressions on forty examples."""
    tasks = tuple(Task(name, "regression", "mse") for name in ("rain", "sun"))
    numbers = torch.Generator().manual_seed(0)
    inputs, targets = torch.randn(60, 3, generator=numbers), torch.randn(60, 2, generator=numbers)
    development = Development(tasks, Examples(inputs[:40], targets[:40]), torch.ones(3, dtype=torch.bool))
    return TaskSet("small", development, Examples(inputs[40:], targets[40:]))


SETS = ("digits3", "multidigits", "demo")
SLOW = 1e5
"""Multiply-adds per second of a machine on which these studies take half a minute each."""


def data_of(spec: Spec) -> TaskSet:
    """Two regressions on forty examples of the study's own."""
    number = SETS.index(spec.tasks.set)
    tasks = tuple(Task(f"{name} {number}", "regression", "mse") for name in ("rain", "sun"))
    numbers = torch.Generator().manual_seed(number)
    inputs, targets = torch.randn(60, 3, generator=numbers), torch.randn(60, 2, generator=numbers)
    development = Development(tasks, Examples(inputs[:40], targets[:40]), torch.ones(3, dtype=torch.bool))
    return TaskSet(f"small {number}", development, Examples(inputs[40:], targets[40:]))


@pytest.fixture
def journal(fake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The fake engine on data that differ by study; returns the journal of what was trained."""
    monkeypatch.setattr("study.planning.prepare.build_task_set", data_of)
    monkeypatch.chdir(tmp_path)
    return fake


def three(**changes: Any) -> Suite:
    """A suite of three tiny studies with two ways to share."""
    factors = {"sharing": ["hard", "additive"], "depth": [1], "stages": [1]}
    shape = {"factors": factors, "tuning": {"draws": 2}, "confirm": {"seeds": 5}} | changes
    studies = {name: tiny(name=name, tasks={"set": name}, **shape) for name in SETS}
    return Suite("three", studies)

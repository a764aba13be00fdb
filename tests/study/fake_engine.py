"""An engine that trains nothing: curves are a function of seed, arm and hyperparameters, as the real one's are."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mtl_core.data.task_set import Development
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.fused_array import CURVES
from mtl_core.training.trainer import Outcome, Progress

JOURNAL: Path | None = None
"""Where every epoch of every replica is noted, if anywhere: shows what was trained twice."""
DELAY = 0.0


def fit(
    recipe: Recipe,
    development: Development,
    rows: Sequence[ReplicaConfig],
    *,
    until: int | None = None,
    states: Mapping[str, dict[str, torch.Tensor]] | None = None,
    max_rows: int = 16,
    watch: Callable[[Progress], None] | None = None,
    snapshot: Callable[[dict[str, Any]], None] | None = None,
    snapshot_seconds: float = 30,
    device: Any = "cpu",
) -> list[Outcome]:
    """What :func:`mtl_core.training.trainer.fit` promises, without learning."""
    until = until or recipe.epochs
    epochs = {row.key: int((states or {}).get(row.key, {"epoch": 0})["epoch"]) for row in rows}
    for epoch in range(min(epochs.values()), until):
        for row in rows:
            if epochs[row.key] <= epoch:
                epochs[row.key] = epoch + 1
        time.sleep(DELAY)
        if watch:
            watch(Progress(sum(epochs.values()), until * len(rows), 0.5))
        if snapshot and DELAY:
            snapshot({row.key: _state(row, epochs[row.key]) for row in rows})
    if JOURNAL is not None:
        with open(JOURNAL, "a") as journal:
            journal.writelines(f"{row.key} {until}\n" for row in rows)
    views = [development if row.task is None else development.only(row.task) for row in rows]
    return [_outcome(recipe, view, row, epochs[row.key]) for view, row in zip(views, rows, strict=True)]


def _state(row: ReplicaConfig, epoch: int) -> dict[str, torch.Tensor]:
    return {"epoch": torch.tensor(epoch)}


def _outcome(recipe: Recipe, development: Development, row: ReplicaConfig, epochs: int) -> Outcome:
    num_tasks = len(development.tasks)
    of_recipe = {name: value for name, value in asdict(recipe).items() if (name, value) != ("precision", "float32")}
    content = [of_recipe, row.seed, dict(row.hyperparameters), [task.name for task in development.tasks]]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()
    noise = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    level = 0.5 + 0.1 * noise.normal(size=num_tasks)
    rise = 1 - np.exp(-np.arange(1, recipe.epochs + 1) / 3)
    curve = (rise[:, None] * level[None, :])[:epochs].astype(np.float32)
    return Outcome(
        key=row.key,
        status="finished" if epochs >= recipe.epochs else "running",
        reason="",
        epochs=epochs,
        selected_epoch=int(np.argmax(curve.mean(axis=1))),
        curves={name: curve if name == "validation_skill" else 1 - curve for name in CURVES},
        trivial_loss=np.ones(num_tasks, np.float32),
        trivial_metric=np.full(num_tasks, 0.5, np.float32),
        trivial_train_loss=np.ones(num_tasks, np.float32),
        num_train=np.full(num_tasks, 10),
        num_validation=np.full(num_tasks, 5),
        seconds=0.01,
        state=_state(row, epochs),
        selected=torch.full((4,), float(row.seed)),
    )


def score_examples_on(
    recipe: Recipe, development: Development, test: Any, rows: Sequence[ReplicaConfig], parameters: Any
) -> Any:
    """Scores that follow from the row alone."""
    from mtl_core.training.evaluation import TestScore

    for row, flat in zip(rows, parameters, strict=True):
        assert float(flat[0]) == row.seed, "the model of another replica"
        outcome = _outcome(recipe, development, row, recipe.epochs)
        skill = outcome.curves["validation_skill"][-1]
        scores = np.repeat(skill[:, None], len(test), axis=1)
        counts = np.full(len(skill), len(test))
        yield TestScore(
            key=row.key,
            test_metric=skill,
            trivial_metric=np.full(len(skill), 0.5, np.float32),
            test_skill=skill,
            example_scores=scores,
            test_loss=1 - skill,
            trivial_loss=np.ones(len(skill)),
            example_losses=1 - scores,
            num_test=counts,
            num_rarer=counts // 2,
        )

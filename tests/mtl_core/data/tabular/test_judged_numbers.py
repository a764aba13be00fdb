"""Metrics see targets in their own unit, and with errors whose squares float32 holds, or the target is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtl_core.data.preprocessing import prepare
from mtl_core.data.tabular.judged_numbers import SMALLEST_DEVIATION, may_have_origin
from mtl_core.errors import UserError
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.trainer import fit
from tests.mtl_core.data.tabular.files import NUMBERS, built

OWN = "tests.mtl_core.data.metrics.own.functions:relative"
FAR = 1e6 + NUMBERS[2]
TINY = 1e-24 * NUMBERS[2]


def test_a_metric_of_the_users_own_gets_numbers_as_they_were(tmp_path: Path) -> None:
    pool = built(tmp_path, {"y": FAR}, metrics={"y": OWN}).development
    (task,) = (task for task in pool.tasks if task.name == "y")
    assert pool.target_origin is not None
    assert task.origin == pytest.approx(FAR.mean(), abs=1)
    found, place = prepare(pool, 0), pool.tasks.index(task)
    labels = pool.examples.targets[found.validation, place].double().numpy() + task.origin
    constant = float(found.constants[place].for_metric) + task.origin
    expected = np.mean(np.abs(labels - constant) / labels)
    assert found.trivial_metric[place].item() == pytest.approx(expected, rel=1e-4)


def test_tasks_of_one_head_bank_are_judged_each_from_its_own_origin(tmp_path: Path) -> None:
    columns, curves = {"y": FAR, "z": 4e6 + NUMBERS[3]}, {}
    for metric in (OWN, "mae"):
        pool = built(tmp_path, columns, ("y", "z"), metrics={"y": metric, "z": metric}).development
        (run,) = fit(Recipe(depth=1, epochs=2, width=4), pool, [ReplicaConfig("one", 0, {"learning_rate": 1e-3})])
        curves[metric] = run.curves["validation_metric"][-1]
    assert curves["mae"] / curves[OWN] == pytest.approx([1e6, 4e6], rel=1e-4)


@pytest.mark.parametrize("metric", ["mse", "rmse"])
def test_a_target_whose_squared_errors_float32_loses_is_refused(tmp_path: Path, metric: str) -> None:
    with pytest.raises(UserError, match=r"column 'y': differs by about 1e-24.* write metrics: {y: mae}"):
        built(tmp_path, {"y": TINY}, metrics={"y": metric})
    task_set = built(tmp_path, {"y": TINY}, metrics={"y": "mae"})
    assert prepare(task_set.development, 0).trivial_metric.item() == pytest.approx(1e-24, rel=0.5)


def test_the_smallest_target_that_is_judged_has_a_metric_that_is_exact(tmp_path: Path) -> None:
    values = 2 * SMALLEST_DEVIATION * NUMBERS[2]
    pool = built(tmp_path, {"y": values}).development
    found = prepare(pool, 0)
    labels = pool.examples.targets[found.validation, 0].double().numpy()
    expected = np.square(labels - float(found.target_shift[0])).mean()
    assert found.trivial_metric.item() == pytest.approx(expected, rel=1e-4, abs=0)


def test_differences_are_judged_by_all_metrics_of_numbers_but_those_of_counts() -> None:
    assert all(map(may_have_origin, ("mse", "rmse", "mae", "r2", "spearman")))
    assert not may_have_origin("poisson_deviance")
    assert may_have_origin(OWN)

"""Metrics see targets in their own unit, and with errors whose squares float32 holds, or the target is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtl_core.data.preprocessing import prepare
from mtl_core.data.tabular.judged_numbers import SMALLEST_DEVIATION, may_have_origin
from mtl_core.errors import UserError
from tests.mtl_core.data.tabular.files import NUMBERS, built

OWN = "tests.mtl_core.data.metrics.own.functions:pinball"
FAR = 1e6 + NUMBERS[2]
TINY = 1e-24 * NUMBERS[2]


def test_a_metric_of_the_users_own_never_sees_numbers_less_an_origin(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="judges numbers as they are, and those of 'y' differ too little"):
        built(tmp_path, {"y": FAR}, metrics={"y": OWN})
    assert built(tmp_path, {"y": FAR}).development.target_origin is not None
    assert built(tmp_path, {}, metrics={"y": OWN}).development.target_origin is None


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


def test_differences_are_judged_by_all_metrics_of_numbers_but_those_of_counts_and_of_ones_own() -> None:
    assert all(map(may_have_origin, ("mse", "rmse", "mae", "r2", "spearman")))
    assert not may_have_origin("poisson_deviance")
    assert not may_have_origin(OWN)

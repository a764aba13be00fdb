"""The shipped contract, put to every task set in the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

from mtl_core.registry import entries
from mtl_core.testing.tasks import check_task_set


@pytest.mark.parametrize("name", entries("tasks"))
def test_it_keeps_its_promises(name: str, tmp_path: Path) -> None:
    check_task_set(name, **OWN[name](tmp_path) if name in OWN else {})


def table(folder: Path) -> dict[str, Any]:
    """The options of a table of 200 rows with a number and a class to predict."""
    draw = np.random.default_rng(0).normal(size=(200, 3))
    columns = {
        "x0": draw[:, 0],
        "x1": draw[:, 1],
        "y": draw.sum(axis=1),
        "sign": np.where(draw[:, 2] > 0, "up", "down"),
    }
    csv.write_csv(pa.table(columns), folder / "table.csv")
    return {"path": folder / "table.csv", "targets": ("y", "sign")}


def arrays(folder: Path) -> dict[str, Any]:
    """The options of 200 small images with a number and a class to predict."""
    images = np.random.default_rng(0).integers(0, 256, size=(200, 4, 4)).astype(np.uint8)
    means = images.mean(axis=(1, 2))
    np.savez(folder / "arrays.npz", x=images, y=means, y_bright=means > 128)
    return {"path": folder / "arrays.npz"}


def dataset(folder: Path) -> dict[str, Any]:
    """The options of a small torch data set."""
    return {"call": "tests.mtl_core.tasks.plain_datasets:Images"}


OWN = {"table": table, "arrays": arrays, "dataset": dataset}
"""Options of the task sets that need some."""

"""Several columns, or lists, that one task predicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from mtl_core.errors import UserError
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.trainer import fit
from tests.mtl_core.tasks.test_table import GOOD, N, built

CHANCE = np.random.default_rng(1)
IMAGE = {f"y_img_{place}": GOOD["age"] * place + CHANCE.normal(size=N) for place in range(3)}
UNEQUAL = pa.array([[1.0] * (1 + row % 2) for row in range(N)])
VECTOR: dict[str, Any] = {"image": ("y_img_*",)}
SPREAD = {"y_a": GOOD["y_price"], "y_img_0": IMAGE["y_img_0"], "y_b": GOOD["age"] * 2, "y_img_1": IMAGE["y_img_1"]}


def test_columns_of_a_vector_become_one_task_and_stand_together(tmp_path: Path) -> None:
    task_set = built(tmp_path, SPREAD, vectors=VECTOR, targets=("y_a", "y_b"), ignore=("fold", "y_price", "age"))
    assert [(task.name, task.num_targets) for task in task_set.tasks] == [("y_a", 1), ("image", 2), ("y_b", 1)]
    rows = torch.cat([task_set.development.examples.targets, task_set.test.targets]).sort(dim=0).values
    for column, name in enumerate(("y_a", "y_img_0", "y_img_1", "y_b")):
        np.testing.assert_allclose(rows[:, column], np.sort(SPREAD[name]), rtol=1e-6)
    assert not {"y_img_0", "y_img_1"} & {one.name for one in task_set.columns if one.role != "target"}


def test_lists_are_vectors_too(tmp_path: Path) -> None:
    lists = pa.array([[float(row), row * 0.5, -row * 1.5 + row % 3] for row in range(N)])
    task_set = built(tmp_path, {"y_img": lists}, vectors={"image": ("y_img",)})
    (image,) = [task for task in task_set.tasks if task.name == "image"]
    assert image.num_targets == 3
    assert task_set.development.examples.targets.shape[1] == 3 + 3


def test_an_incomplete_vector_is_no_label_and_needs_no_weight(tmp_path: Path) -> None:
    hole = np.where(np.arange(N) % 10 == 0, np.nan, IMAGE["y_img_1"])
    weights = np.where(np.arange(N) % 10 == 0, np.nan, 1.0 + np.arange(N) % 2)
    task_set = built(tmp_path, IMAGE | {"y_img_1": hole, "w": weights}, vectors=VECTOR, weights={"image": "w"})
    place = [task.name for task in task_set.tasks].index("image")
    labels = task_set.development.labels
    assert 0 < labels[:, place].sum() < len(labels)
    assert task_set.development.examples.weights is not None
    assert task_set.development.examples.weights.shape == (len(labels), len(task_set.tasks))
    assert set(task_set.development.examples.weights[labels[:, place], place].tolist()) == {1.0, 2.0}


def test_a_vector_trains_beside_other_tasks(tmp_path: Path) -> None:
    data = built(tmp_path, IMAGE, vectors=VECTOR, metrics={"y_img*": "mae"}).development
    recipe = Recipe(epochs=15, batch_size=16, sharing="hard", depth=1, stages=1, width=8)
    (outcome,) = fit(recipe, data, [ReplicaConfig("only", 0, {"learning_rate": 0.03, "weight_decay": 0.0})])
    place = [task.name for task in data.tasks].index("image")
    assert outcome.curves["train_loss"][-1, place] < 0.7 * outcome.curves["train_loss"][0, place]


def test_whole_numbers_of_a_vector_are_numbers(tmp_path: Path) -> None:
    pixels = {f"y_img_{place}": np.arange(N) // (place + 1) % 4 for place in range(3)}
    task_set = built(tmp_path, pixels, vectors=VECTOR)
    assert {task.kind for task in task_set.tasks if task.name == "image"} == {"regression"}


@pytest.mark.parametrize(
    ("changes", "options", "found"),
    [
        ({}, {"vectors": {"image": ("y_img_*",)}}, "'y_img_*' matches no column"),
        (IMAGE, {"vectors": {"image": ("y_img_1",)}}, "stand for 1 columns"),
        (IMAGE, {"vectors": {"age": ("y_img_*",)}}, "has a column of that name"),
        (IMAGE, {"vectors": {"one": ("y_img_*",), "two": ("y_img_0", "y_img_1")}}, "belongs to 'one' already"),
        (IMAGE, {"vectors": VECTOR, "kinds": {"y_img_1": "multiclass"}, }, "classes in"),
        (IMAGE, {"vectors": VECTOR, "metrics": {"y_img_1": "mae"}}, "mse judges 'y_img_0', and mae judges 'y_img_1'"),
        (IMAGE, {"vectors": VECTOR, "metrics": {"y_img_*": "r2"}}, "r2 judges single numbers"),
        ({"y_l": UNEQUAL}, {"vectors": {"v": ("y_l",)}}, "different lengths"),
        ({"y_l": pa.array([["a", "b"]] * N)}, {"vectors": {"v": ("y_l",)}}, "holds lists of string"),
    ],
)  # fmt: skip
def test_what_is_unfit_is_refused(changes: Any, options: Any, found: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        built(tmp_path, changes, **options)
    assert found in refused.value.found
    assert refused.value.where
    assert refused.value.remedy

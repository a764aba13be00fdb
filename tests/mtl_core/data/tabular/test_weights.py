"""Weights of a table's rows and classes: what becomes of them, and one line of refusal for every unsound one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_core.data.outer_folds import with_outer_folds
from mtl_core.data.preprocessing import prepare
from mtl_core.errors import UserError
from tests.mtl_core.tasks.test_table import N, built

HEAVY = np.arange(N) % 4 * 0.5
BY_ROW = {"w": HEAVY, "w_price": np.ones(N)}


def test_a_weight_column_weighs_every_task_and_is_no_input(tmp_path: Path) -> None:
    plain, task_set = built(tmp_path), built(tmp_path, BY_ROW, weight="w", ignore=("fold", "w_*"))
    weights = task_set.development.examples.weights
    assert weights is not None
    assert weights.shape == (96, 3)
    assert set(weights.unique().tolist()) == {0.0, 0.5, 1.0, 1.5}
    assert task_set.test.weights is not None
    assert task_set.development.num_inputs == plain.development.num_inputs
    (facts,) = [one for one in task_set.columns if one.name == "w"]
    assert (facts.role, facts.treatment) == ("weight", "weighs rows in the loss of 'y_price', 'y_sick', 'y_stage'")
    assert not task_set.development.weights_judge
    assert plain.fingerprint() != task_set.fingerprint()


def test_a_task_may_have_a_column_of_its_own_and_others_none(tmp_path: Path) -> None:
    both = built(tmp_path, BY_ROW, weight="w", weights={"y_pr*": "w_price"}, weights_in="loss_and_metric")
    weights = both.development.examples.weights
    assert weights is not None
    assert set(weights[:, 0].tolist()) == {1.0}
    assert both.development.weights_judge
    own = built(tmp_path, BY_ROW, weights={"y_sick": "w"}, ignore=("fold", "w_price"))
    assert own.development.examples.weights is not None
    assert set(own.development.examples.weights[:, [0, 2]].flatten().tolist()) == {1.0}


def test_weights_lie_with_their_rows_in_outer_folds_too(tmp_path: Path) -> None:
    task_set = built(tmp_path, {"w": np.arange(N) + 1.0, "age": np.arange(N) + 1.5}, weight="w")
    for part in (task_set.development.examples, task_set.test, with_outer_folds(task_set, 3).test):
        assert part.weights is not None
        assert (part.inputs[:, 0] - part.weights[:, 0]).unique().tolist() == [0.5]


def test_classes_are_weighed_by_name_by_pattern_or_all(tmp_path: Path) -> None:
    def weights(asked: Any) -> list[Any]:
        return [task.class_weight for task in built(tmp_path, class_weight=asked).tasks]

    assert weights("balanced") == weights({"y_*": "balanced"}) == [None, "balanced", "balanced"]
    assert weights({"y_s*": "balanced", "y_stage": {"II": 3}}) == [None, "balanced", (1.0, 3.0, 1.0)]
    table = prepare(built(tmp_path, class_weight={"y_stage": {"III": 0.5}}).development, 0).class_weights
    assert table is not None
    assert table.tolist() == [[1, 1, 1], [1, 1, 1], [1, 1, 0.5]]


@pytest.mark.parametrize(
    ("changes", "options", "found"),
    [
        ({"w": HEAVY - 1}, {"weight": "w"}, "row 1 holds -1 (60 such rows)"),
        ({"w": HEAVY * 0}, {"weight": "w"}, "leaves 'y_price' 0 labels to develop on with a weight above 0"),
        ({"w": (np.arange(N) < 10) * 1.0}, {"weight": "w"}, "labels to develop on with a weight above 0"),
        ({"w": np.where(np.arange(N) == 7, np.nan, 1.0)}, {"weight": "w"}, "row 8 has a label and no weight (1 such"),
        ({"w": np.where(np.arange(N) == 7, np.inf, 1.0)}, {"weight": "w"}, "row 8 holds inf"),
        ({"w": np.full(N, 1e9)}, {"weight": "w"}, "row 1 holds 1e+09"),
        ({"w": ["much"] * N}, {"weight": "w"}, "gives weights, but holds no numbers"),
        ({"w": (np.arange(N) % 5 > 0) * 1.0, "fold": np.arange(N) % 5 == 0}, {"weight": "w", "test": "fold",
          "groups": None, "ignore": ("person",)}, "gives every label of 'y_price' to test on the weight 0"),
        ({}, {"weight": "w"}, "has no column 'w'"),
        ({"w": HEAVY, "w2": HEAVY}, {"weight": "w*"}, "'w*' stands for 2 columns"),
        ({"w": HEAVY}, {"weights": {"y_x": "w"}}, "'y_x' matches no column of the targets"),
        ({"w": HEAVY}, {"weights": {"y_sick": "ww"}}, "has no column 'ww'"),
        ({"w": HEAVY, "v": HEAVY}, {"weights": {"y_*": "w", "*_sick": "v"}}, "for column 'y_sick', 'y_*' says 'w'"),
        ({}, {"weights_in": "loss_and_metric"}, "no column gives weights to rows"),
        ({"w": HEAVY}, {"weight": "w", "weights_in": "loss_and_metric", "metrics": {"y_sick": "auroc"}},
         "'auroc' judges 'y_sick', and counts every example alike"),
        ({}, {"class_weight": {"y_price": "balanced"}}, "'y_price' is regression and has no classes"),
        ({}, {"class_weight": {"y_p*": "balanced"}}, "the targets that it names have no classes"),
        ({}, {"class_weight": {"y_stage": {"IV": 2}}}, "'IV' is no class of it"),
        ({}, {"class_weight": {"y_stage": {"II": 0}}}, "'II' has 0"),
        ({}, {"class_weight": {"y_stage": {"II": -2}}}, "'II' has -2"),
        ({}, {"class_weight": {"y_stage": {"II": float("nan")}}}, "'II' has nan"),
        ({}, {"class_weight": {"y_x": "balanced"}}, "'y_x' matches no column of the targets"),
    ],
)  # fmt: skip
def test_unsound_weights_are_refused(changes: Any, options: Any, found: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        built(tmp_path, changes, **options)
    assert found in refused.value.found
    assert refused.value.where
    assert refused.value.remedy


def test_rows_without_a_label_need_no_weight(tmp_path: Path) -> None:
    absent = np.arange(N) % 9 == 0
    price = np.where(absent, np.nan, np.arange(N) * 1.7)
    weights = np.where(absent, np.nan, 2.0)
    task_set = built(tmp_path, {"y_price": price, "w": weights}, weights={"y_price": "w"})
    assert task_set.development.examples.weights is not None
    assert not task_set.development.examples.weights.isnan().any()

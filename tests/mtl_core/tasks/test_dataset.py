"""Task sets of torch data sets: labels of every kind, parts, images, and what breaks the contract."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mtl_core.data.arrays.array_options import ArrayOptions
from mtl_core.errors import UserError
from mtl_core.registry import entries
from mtl_core.tasks.arrays import Arrays
from mtl_core.tasks.dataset import Dataset
from tests.mtl_core.tasks import plain_datasets

MODULE = "tests.mtl_core.tasks.plain_datasets"


def test_items_become_tasks_and_missing_labels_stay_missing() -> None:
    task_set = Dataset(call=f"{MODULE}:Rows", arguments={"size": 80}).build()
    tasks = {task.name: (task.kind, task.num_targets) for task in task_set.tasks}
    assert tasks == {
        "y_sum": ("regression", 1),
        "y_sign": ("binary", 1),
        "y_side": ("binary", 1),
        "y_pair": ("regression", 2),
    }
    targets = torch.cat([task_set.development.examples.targets, task_set.test.targets])
    assert (~targets.isnan()).sum(dim=0).tolist() == [71, 80, 60, 60, 60]
    assert task_set.tasks[2].classes == ("left", "right")
    assert task_set.test_is_drawn


def test_a_data_set_a_function_and_parts_are_named_alike() -> None:
    assert len(Dataset(call=f"{MODULE}:whole").build().test) == 18
    task_set = Dataset(call=f"{MODULE}:in_parts", targets=("y_sum", "y_sign")).build()
    assert task_set.development.validates is not None
    assert task_set.development.validates.tolist() == [False] * 40 + [True] * 20
    assert torch.equal(task_set.test.inputs, torch.tensor(plain_datasets.NUMBERS[60:], dtype=torch.float32))


def test_images_keep_their_shape_and_every_item_is_read_once_beside_the_probe() -> None:
    task_set = Dataset(call=f"{MODULE}:Images").build()
    assert task_set.development.image == (3, 5, 6)
    assert [task.name for task in task_set.tasks] == ["y_mean", "y_bright"]
    plain_datasets.READ.clear()
    Dataset(call=f"{MODULE}:Rows").build()
    assert len(plain_datasets.READ) == 90 + 2 * 16
    assert np.bincount(plain_datasets.READ).min() == 1


@pytest.mark.parametrize(
    ("call", "arguments", "found"),
    [
        ("plain", {}, "is no path to a module"),
        ("no_such_module:Rows", {}, "cannot be imported"),
        (f"{MODULE}:Nothing", {}, "has no Nothing"),
        (f"{MODULE}:broken", {}, r"raised FileNotFoundError: data\.bin"),
        (f"{MODULE}:Rows", {"sizes": 3}, "raised TypeError"),
        (f"{MODULE}:nothing", {}, "int has no length"),
        (f"{MODULE}:empty", {}, "is empty"),
        (f"{MODULE}:Augmented", {}, "another each time"),
        *(
            (f"{MODULE}:Odd", {"item": item}, found)
            for item, found in {
                "error": "item 45: reading it raised RuntimeError: the disk is gone",
                "lone": "item 45: it is Tensor",
                "three": "item 45: it is a tuple of 3",
                "no mapping": "item 45: it is a tuple of 2",
                "no task": "item 45: it is a tuple of 2",
                "shape": r"item 45: x has shape \[2\]",
                "text": "its x is str",
                "type": "y_sum: labels are of these types: float, object",
                "mixed": "y_sum: labels are of these types: float, str",
                "vector": "y_pair: labels have shapes",
                "name": "a task is called 'sum_test'",
            }.items()
        ),
    ],
)
def test_what_breaks_the_contract_is_refused(call: str, arguments: dict[str, Any], found: str) -> None:
    with pytest.raises(UserError, match=found):
        Dataset(call=call, arguments=arguments).build()


def test_its_options_are_those_of_arrays_beside_the_call() -> None:
    of_arrays, of_data_set = (entries("tasks")[name].options for name in ("arrays", "dataset"))
    assert (
        set(of_arrays) - {"path"} == set(of_data_set) - {"call", "arguments"} == set(ArrayOptions.__dataclass_fields__)
    )
    assert [name for name, option in of_data_set.items() if option.required] == ["call"]
    for source, where in ((Arrays, "arrays"), (Dataset, "dataset")):
        with pytest.raises(UserError, match=rf"{where}: test_share: is 1\.0\."):
            source(**{"path" if source is Arrays else "call": "a.npz"}, test_share=1.0)

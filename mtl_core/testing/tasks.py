"""What every task set promises: the same data each time, targets of the declared kinds, splits that can be trained on.

``check_task_set("mine", num_examples=200)`` checks all of it, with the options given.
"""

from __future__ import annotations

from typing import Any

import torch

from mtl_core.data.kinds import kind_named
from mtl_core.data.preprocessing import prepare
from mtl_core.data.target_columns import columns_of
from mtl_core.data.task_set import TaskSet
from mtl_core.recipe import Recipe
from mtl_core.registry import find
from mtl_core.testing.replicas import varied_replicas
from mtl_core.training.trainer import fit


def check_task_set(name: str, **options: Any) -> None:
    """Check the whole contract of a task set.

    Args:
        name: the task set's name in the registry.
        options: its options; a small number of examples saves time.

    Raises:
        AssertionError: naming the promise that is not kept.
    """
    source = find("tasks", name).cls
    task_set, again = source(**options).build(), source(**options).build()
    same = task_set.fingerprint() == again.fingerprint()
    assert same, f"{name}: built twice with the same options it has two fingerprints: draw from a seeded generator"
    for check in (check_shapes, check_targets, check_groups, check_fit):
        check(task_set)


def check_shapes(task_set: TaskSet) -> None:
    """Check that both splits have float32 inputs of one width, and the columns of the tasks."""
    names = [task.name for task in task_set.tasks]
    assert len(set(names)) == len(names) > 0, f"{task_set.name}: task names must differ, found {names}"
    width = task_set.development.num_inputs
    targets = sum(task.num_targets for task in task_set.tasks)
    for split, examples in _splits(task_set):
        found = (tuple(examples.inputs.shape), tuple(examples.targets.shape))
        expected = ((len(examples), width), (len(examples), targets))
        assert found == expected, f"{task_set.name}: {split} inputs and targets have shapes {found}, not {expected}"
        kinds = (examples.inputs.dtype, examples.targets.dtype)
        assert kinds == (torch.float32,) * 2, f"{task_set.name}: {split} tensors must be float32, found {kinds}"
        assert not examples.inputs.isinf().any(), f"{task_set.name}: {split} inputs are infinite somewhere"
    assert len(task_set.test) > 0, f"{task_set.name}: the test split is empty"


def check_targets(task_set: TaskSet) -> None:
    """Check that every task has labels in both splits, and none that its kind does not admit."""
    for task, columns in zip(task_set.tasks, columns_of(task_set.tasks), strict=True):
        for split, examples in _splits(task_set):
            values = examples.targets[:, columns]
            values = values[~values.isnan()]
            assert len(values), f"{task_set.name}: task {task.name!r} has no label in {split}"
            kind = kind_named(task.kind)
            odd = values[~kind.admits(task, values)].unique()
            assert not len(odd), (
                f"{task_set.name}: labels of the {task.kind} task {task.name!r} are {kind.labels_in_words(task)}; "
                f"{split} holds {odd[:5].tolist()}"
            )


def check_groups(task_set: TaskSet) -> None:
    """Check that no group of examples stands in both splits."""
    groups = [examples.groups for _, examples in _splits(task_set)]
    if all(group is not None for group in groups):
        both = set(groups[0].tolist()) & set(groups[1].tolist())
        assert not both, f"{task_set.name}: groups {sorted(both)[:5]} are in development and in test"


def check_fit(task_set: TaskSet) -> None:
    """Check that a small network trains for an epoch to finite losses, on three seeds' splits."""
    sharing = "hard" if len(task_set.tasks) > 1 else "single_task"
    recipe = Recipe(sharing=sharing, depth=1, stages=2, width=8, epochs=1)
    for seed in range(3):
        prepare(task_set.development, seed)
    for outcome in fit(recipe, task_set.development, varied_replicas(recipe, len(task_set.tasks), 2)):
        assert outcome.status == "finished", f"{task_set.name}: a small network ended as {outcome.status}"
        losses = torch.as_tensor(outcome.curves["validation_loss"])
        assert losses.isfinite().all(), f"{task_set.name}: validation losses after an epoch are {losses[-1].tolist()}"


def _splits(task_set: TaskSet) -> list[tuple[str, Any]]:
    return [("development", task_set.development.examples), ("test", task_set.test)]

"""Labels of the tasks, as ``check`` prints them: classes with their counts, numbers with range, mean and deviation."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from study.cli.console import say_prose

if TYPE_CHECKING:
    from mtl_core.data.task import Task
    from mtl_core.data.task_set import Examples, TaskSet

MOST_TASKS = 40
MOST_CLASSES = 12
SPLITS = {"development": "to develop on", "test": "to test on", "all": "all rows"}


def splits_of(task_set: TaskSet) -> dict[str, Examples]:
    """Return the examples to develop on and to test on; with outer folds all rows, which are both in their turn."""
    if task_set.development.folds is not None:
        return {"all": task_set.test}
    return {"development": task_set.development.examples, "test": task_set.test}


def class_counts(task_set: TaskSet, task: Task) -> dict[str, list[int]]:
    """Return the examples of every named class in each split; nothing for a task without classes."""
    from mtl_core.data.target_columns import columns_of_only

    (column, *_) = columns_of_only(task_set.tasks, [task.name])
    parts = [part.targets[:, column] for part in splits_of(task_set).values()]
    return {name: [int((part == code).sum()) for part in parts] for code, name in enumerate(task.classes)}


def number_facts(task_set: TaskSet, task: Task) -> dict[str, dict[str, float]]:
    """Return smallest, largest, mean and standard deviation of a regression target in each split, in its own unit.

    Other tasks, tasks with several targets, and splits without a label have none.
    """
    from mtl_core.data.target_columns import columns_of_only

    if task.has_classes or task.num_targets != 1:
        return {}
    (column,) = columns_of_only(task_set.tasks, [task.name])
    origin = task_set.development.target_origin
    shift = 0.0 if origin is None else float(origin[column])
    found = {}
    for split, part in splits_of(task_set).items():
        values = part.targets[:, column].double()
        values = values[~values.isnan()]
        if len(values):
            found[split] = {
                "smallest": _as_written(float(values.min())) + shift,
                "largest": _as_written(float(values.max())) + shift,
                "mean": float(values.mean()) + shift,
                "standard_deviation": float(values.std(correction=0)),
            }
    return found


def _as_written(value: float) -> float:
    """The shortest decimal number that float32 keeps as ``value``: 7.93 and not 7.929999828."""
    import numpy as np

    return float(str(np.float32(value)))


def say_targets(tasks: list[dict[str, Any]]) -> None:
    """Print classes with their counts and shares, and range, mean and deviation of numbers, of the first tasks."""
    for fact in itertools.islice((fact for fact in tasks if fact["classes"]), MOST_TASKS):
        totals = [sum(part) for part in zip(*fact["classes"].values(), strict=True)]
        shown = [f"{name!r} {_counts(counts, totals)}" for name, counts in fact["classes"].items()]
        where = "all rows" if len(next(iter(fact["classes"].values()))) == 1 else "to develop on/to test on"
        more = f" and {len(shown) - MOST_CLASSES} more" if len(shown) > MOST_CLASSES else ""
        say_prose(f"  Classes of {fact['task']!r} ({where}): {', '.join(shown[:MOST_CLASSES])}{more}")
    for fact in itertools.islice((fact for fact in tasks if fact["numbers"]), MOST_TASKS):
        shown = [f"{SPLITS[split]} {_numbers(numbers)}" for split, numbers in fact["numbers"].items()]
        say_prose(f"  Values of {fact['task']!r}: {'; '.join(shown)}")


def _counts(counts: list[int], totals: list[int]) -> str:
    """The examples of a class in each split, and in brackets their shares of the split's labels."""
    shares = (f"{count / total:.1%}" if total else "–" for count, total in zip(counts, totals, strict=True))
    return f"{'/'.join(f'{count:,}' for count in counts)} ({'/'.join(shares)})"


def _numbers(numbers: dict[str, float]) -> str:
    span = f"{numbers['smallest']:.10g} to {numbers['largest']:.10g}"
    return f"{span}, mean {numbers['mean']:.8g}, standard deviation {numbers['standard_deviation']:.3g}"

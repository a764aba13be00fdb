"""Which labels stand together, as ``check`` prints it: rows that have labels of both of two tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from study.cli.check_targets import splits_of
from study.cli.console import say, say_prose, say_table

if TYPE_CHECKING:
    from mtl_core.data.task_set import TaskSet

MOST_TASKS = 12
"""Largest number of tasks of which every pair is printed."""
MOST_PATTERNS = 5


def facts_of_coverage(task_set: TaskSet) -> dict[str, Any]:
    """Return the label coverage of all rows, those to develop on and those to test on.

    Returns:
        ``rows``, their number; ``together``, for every task and other task the rows with labels of both (a task with
        itself: of the task); and ``patterns``, the sets of tasks that rows have labels of, the most frequent first,
        each with ``tasks`` and ``rows``.
    """
    import numpy as np

    from mtl_core.data.target_columns import labels

    parts = splits_of(task_set).values()
    has = np.concatenate([labels(task_set.tasks, part.targets).numpy() for part in parts])
    names = [task.name for task in task_set.tasks]
    counts = has.astype(np.float64).T @ has
    packed, rows = np.unique(np.packbits(has, axis=1), axis=0, return_counts=True)
    order = np.argsort(-rows, kind="stable")
    sets = np.unpackbits(packed[order], axis=1, count=len(names)).astype(bool)
    return {
        "rows": len(has),
        "together": {
            name: dict(zip(names, map(int, line), strict=True)) for name, line in zip(names, counts, strict=True)
        },
        "patterns": [
            {"tasks": [name for name, one in zip(names, own, strict=True) if one], "rows": int(number)}
            for own, number in zip(sets, rows[order], strict=True)
        ],
    }


def say_coverage(coverage: dict[str, Any]) -> None:
    """Print which labels stand together; nothing where every row has a label of every task.

    Of few tasks whose labels are missing in many ways every pair is printed, of many tasks the pair with fewest rows.
    """
    together, rows = coverage["together"], coverage["rows"]
    names = list(together)
    if len(names) < 2 or all(together[name][name] == rows for name in names):
        return
    if len(coverage["patterns"]) > 1 and all(len(one["tasks"]) <= 1 for one in coverage["patterns"]):
        say_prose("  Labels: every row has a label of one task at most.")
        return
    if len(coverage["patterns"]) > MOST_PATTERNS and len(names) <= MOST_TASKS:
        say("")
        cells = ((name, *(f"{together[name][other]:,}" for other in names)) for name in names)
        say_table(("rows with labels of both", *names), cells)
        say("")
    elif len(names) > MOST_TASKS:
        fewest, first, second = min((together[a][b], a, b) for a in names for b in names if a < b)
        say_prose(f"  Labels of two tasks at once: fewest of {first!r} and {second!r}, {fewest:,} of {rows:,} rows.")
    shown = [f"{_named(one['tasks'], names)} {one['rows']:,}" for one in coverage["patterns"][:MOST_PATTERNS]]
    more = len(coverage["patterns"]) - len(shown)
    say_prose(f"  Rows by the labels that they have: {', '.join(shown)}{f' and {more:,} more sets' * (more > 0)}")


def _named(tasks: list[str], names: list[str]) -> str:
    if not tasks:
        return "none"
    if len(tasks) == len(names):
        return "all"
    missing = [name for name in names if name not in tasks]
    if len(missing) < len(tasks):
        return f"all but {_few(missing)}"
    return f"only {_few(tasks)}"


def _few(names: list[str]) -> str:
    return " + ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

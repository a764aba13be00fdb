"""Labels on the command line: classes with counts, numbers in their own unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from mtl_core.data.task_set import TaskSet
from mtl_core.tasks.table import Table
from study.cli.check import facts_of_tasks
from study.cli.check_targets import class_counts, number_facts, say_targets

ROWS = 200
NUMBERS = 1e9 + np.random.default_rng(0).normal(size=ROWS)
CLASSES = np.array(["no", "yes"])[np.arange(ROWS) % 2]
FOLD = np.arange(ROWS) >= 150


@pytest.fixture
def task_set(tmp_path: Path) -> TaskSet:
    columns = {"x": np.random.default_rng(1).normal(size=ROWS), "y": NUMBERS, "z": CLASSES, "fold": FOLD}
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    return Table(path=tmp_path / "t.parquet", targets=("y", "z"), test="fold").build()


def test_numbers_are_in_their_own_unit_in_both_splits(task_set: TaskSet) -> None:
    found = number_facts(task_set, task_set.tasks[0])
    for split, rows in (("development", NUMBERS[~FOLD]), ("test", NUMBERS[FOLD])):
        wanted = {"smallest": rows.min(), "largest": rows.max(), "mean": rows.mean()}
        assert {name: found[split][name] for name in wanted} == pytest.approx(wanted, rel=0, abs=1e-5)
        assert found[split]["standard_deviation"] == pytest.approx(rows.std(), rel=1e-5)
    assert number_facts(task_set, task_set.tasks[1]) == {}


def test_classes_are_counted_in_both_splits(task_set: TaskSet) -> None:
    assert class_counts(task_set, task_set.tasks[1]) == {"no": [75, 25], "yes": [75, 25]}
    assert class_counts(task_set, task_set.tasks[0]) == {}


def test_both_are_printed(task_set: TaskSet, capsys: pytest.CaptureFixture[str]) -> None:
    say_targets(facts_of_tasks(task_set))
    shown = " ".join(capsys.readouterr().out.split())
    assert "Classes of 'z' (to develop on/to test on): 'no' 75/25 (50.0%/50.0%), 'yes' 75/25 (50.0%/50.0%)" in shown
    assert "Values of 'y': to develop on 99999999" in shown


def test_a_number_is_shown_as_it_stands_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = np.linspace(7.93, 36.04, ROWS).round(2)
    columns = {"x": np.random.default_rng(1).normal(size=ROWS), "y": numbers, "fold": FOLD}
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    say_targets(facts_of_tasks(Table(path=tmp_path / "t.parquet", targets=("y",), test="fold").build()))
    assert "to develop on 7.93 to 28.98, mean" in " ".join(capsys.readouterr().out.split())

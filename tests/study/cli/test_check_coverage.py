"""``check`` says which labels stand together, and how classes are balanced."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from study.cli.app import app
from study.cli.check_coverage import say_coverage

NAMES = "abcdef"


def write(path: Path, has: np.ndarray) -> Path:
    """A table with a binary label of every task where ``has`` says so."""
    chance = np.random.default_rng(0)
    lines = [",".join(["x", *(f"y_{name}" for name in NAMES[: has.shape[1]])])]
    for row in has:
        cells = [str(chance.integers(2)) if one else "" for one in row]
        lines.append(",".join([f"{chance.normal():.6f}", *cells]))
    path.write_text("\n".join(lines) + "\n")
    return path


def check(path: Path, *more: str) -> str:
    done = CliRunner().invoke(app, ["check", str(path), "--targets", "y_*", *more])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_counts_of_every_pair_are_those_of_the_table(tmp_path: Path) -> None:
    has = np.random.default_rng(1).random((300, 4)) < [0.9, 0.7, 0.8, 1.0]
    coverage = json.loads(check(write(tmp_path / "t.csv", has), "--json"))["label_coverage"]
    counts = has.astype(int).T @ has
    assert coverage["rows"] == 300
    for place, name in enumerate(NAMES[:4]):
        assert list(coverage["together"][f"y_{name}"].values()) == counts[place].tolist()
    assert sum(one["rows"] for one in coverage["patterns"]) == 300
    most = coverage["patterns"][0]
    assert most["tasks"] == [f"y_{name}" for name in NAMES[:4]]
    assert most["rows"] == has.all(axis=1).sum()
    printed = check(tmp_path / "t.csv")
    assert "rows with labels of both" in printed
    assert f"Rows by the labels that they have: all {has.all(axis=1).sum()}" in printed


def test_few_sets_of_labels_take_one_line(tmp_path: Path) -> None:
    has = np.ones((200, 3), dtype=bool)
    has[:40, 0] = False
    printed = check(write(tmp_path / "t.csv", has))
    assert "rows with labels of both" not in printed
    assert "Rows by the labels that they have: all 160, all but y_a 40" in printed


def test_complete_labels_take_none(tmp_path: Path) -> None:
    assert "labels that they have" not in check(write(tmp_path / "t.csv", np.ones((200, 3), dtype=bool)))


def test_of_many_tasks_the_pair_with_fewest_rows_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"t{number:02d}" for number in range(20)]
    together = {a: {b: 5 if {a, b} == {"t03", "t11"} else 9 for b in names} for a in names}
    say_coverage({"rows": 10, "together": together, "patterns": [{"tasks": names[:3], "rows": 10}]})
    assert "fewest of 't03' and 't11', 5 of 10 rows" in capsys.readouterr().out


def test_classes_have_their_share_in_each_split(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [
        f"{number / 7:.3f},{'yes' if number % 4 == 0 else 'no'},{number % 3},{int(number >= 160)}"
        for number in range(200)
    ]
    path.write_text("\n".join(["x,y_a,y_b,later", *(f"{row}" for row in rows)]) + "\n")
    printed = check(path, "--set", "tasks.test=later", "--set", "evaluation.design=holdout")
    assert "'yes' 40/10 (25.0%/25.0%)" in printed

"""Kinds, weights, importance and labels that cannot be meant: exit 2, place, remedy, and nothing written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from study.cli.app import app

ROWS = 120
APART = ["tags", "neg", "zero", "word", "hole", "good"]
"""Columns that some cases use and the others ignore."""


@pytest.fixture(autouse=True)
def _table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chance = np.random.default_rng(0)
    row = np.arange(ROWS)
    frame = pd.DataFrame(chance.normal(size=(ROWS, 3)), columns=["a", "b", "y_p"])
    frame["y_two"], frame["y_pain"] = np.array(["no", "yes"])[row % 2], np.array(["none", "mild", "strong"])[row % 3]
    frame["y_n"], frame["tags"] = row % 11, np.array(["x;y", "y;z", "x;z"])[chance.integers(0, 3, ROWS)]
    frame["neg"], frame["zero"], frame["word"] = row - 5.0, 0.0, "w"
    frame["hole"] = np.where(row == 3, np.nan, 1.0)
    frame["good"] = 1.0 + row % 3
    frame.to_csv("t.csv", index=False)


@pytest.mark.parametrize(
    ("flags", "place", "found"),
    [
        (["--kind", "y_x*=count"], "table: kinds", "'y_x*' matches no column"),
        (["--kind", "y_*=regression", "--kind", "*_n=count"], "table: kinds", "'y_*' says 'regression'"),
        (["--kind", "y_n=ratio"], "table: kinds.y_n", "no kind of column"),
        (["--metric", "y_p=auroc"], "table: metrics", "does not judge"),
        (["--kind", "y_two=ordinal"], "column 'y_two'", "ordinal"),
        (["--kind", "y_pain=ordinal"], "column 'y_pain'", "nothing says where"),
        (["--kind", "y_p=count"], "column 'y_p'", "is a count, and row"),
        (["--set", "tasks.weight=neg"], "column 'neg'", "row 1 holds -5"),
        (["--set", "tasks.weight=zero"], "column 'zero'", "0 labels with a weight above 0"),
        (["--set", "tasks.weight=hole"], "column 'hole'", "row 4 has a label and no weight"),
        (["--set", "tasks.weight=word"], "column 'word'", "holds no numbers"),
        (["--set", "tasks.weights={y_p: nope}"], "table: weights", "no column 'nope'"),
        (["--set", "tasks.class_weight={y_p: balanced}"], "table: class_weight", "no classes"),
        (["--set", "tasks.class_weight={y_two: {maybe: 2}}"], "table: class_weight.y_two", "'maybe' is no class"),
        (["--set", "tasks.class_weight={y_two: {yes: -2}}"], "table: class_weight.y_two", "'yes' has -2"),
        (["--set", "tasks.class_weight=much"], "tasks.class_weight", "much"),
        (["--set", "tasks.weight=good", "--set", "tasks.weights_in=metric"], "tasks.weights_in", "metric"),
        (["--set", "tasks.weights_in=loss_and_metric"], "table: weights_in", "no column gives weights"),
        (["--set", "tasks.labels={tags: {separator: '|'}}"], "table: labels.tags", "no cell holds '|'"),
        (["--set", "importance={y_q: 3}"], "importance", "'y_q' matches no column"),
        (["--set", "importance={y_p: -3}"], "importance", "-3"),
        (["--set", "importance={y_p: .nan}"], "importance", "nan"),
        (["--set", "importance={'y_*': 2, '*_p': 3}"], "importance", "'y_*' says 2.0"),
    ],
)  # fmt: skip
def test_it_is_refused_with_its_place_and_a_remedy(flags: list[str], place: str, found: str, tmp_path: Path) -> None:
    unused = [name for name in APART if not any(name in flag for flag in flags)]
    ignored = ["--set", f"tasks.ignore={unused}"]
    result = CliRunner().invoke(app, ["run", "t.csv", "--targets", "y_*", "--out", "out", *ignored, *flags])
    said = " ".join(result.output.split())
    assert result.exit_code == 2, said
    assert place in said
    assert found in said
    for word in ("where", "found", "do"):
        assert word in said
    assert not (tmp_path / "out").exists()

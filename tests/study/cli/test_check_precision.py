"""What ``check`` says of the precision of a planned verdict."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from study.cli.app import app


@pytest.fixture
def table(tmp_path: Path) -> Path:
    numbers = np.random.default_rng(0)
    frame = pd.DataFrame(numbers.normal(size=(200, 3)), columns=["u", "y_a", "y_b"])
    frame.assign(v=numbers.normal(size=200)).to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path / "rows.csv"


def check(*words: str) -> str:
    result = CliRunner().invoke(app, ["check", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_outer_folds_are_told_beside_what_a_test_split_would_give(table: Path) -> None:
    printed = check(str(table), "--targets", "y_*")
    assert "200 rows, each to develop on and, in its outer fold, to judge" in printed
    assert "all rows judge, in 5 outer folds" in printed
    assert "a test split of 20% instead" in printed
    facts = json.loads(check(str(table), "--targets", "y_*", "--json"))
    precision = facts["precision"]
    assert precision["holdout"]["mean"] > 2 * precision["cross_fit"]["mean"]
    assert set(precision["cross_fit"]["tasks"]) == {"y_a", "y_b"}
    assert set(facts["tasks"][0]["numbers"]) == {"all"}


def test_a_test_split_of_its_own_stands_alone(table: Path) -> None:
    printed = check(str(table), "--targets", "y_*", "--set", "evaluation.design=holdout")
    assert "160 examples to develop on, 40 to test on" in printed
    assert "the test split judges" in printed
    assert "outer folds" not in printed

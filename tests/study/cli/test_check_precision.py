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


def test_an_automatic_band_is_printed_with_its_rule_and_a_number_without(table: Path) -> None:
    printed = check(str(table), "--targets", "y_*", "--set", "band=auto", "--set", "evaluation.design=holdout")
    assert "band: ± 2.3 points by auto, a tenth of half the interval of a single-task skill" in printed
    facts = json.loads(check(str(table), "--targets", "y_*", "--set", "band=auto", "--json"))
    assert facts["band"] == {"points": 1.0, "rule": "auto"}, "200 rows judge, in folds"
    assert "(band: ± 1 point)" in check(str(table), "--targets", "y_*")


def test_small_data_are_warned_of(tmp_path: Path) -> None:
    rows = 120
    frame = pd.DataFrame({"u": np.random.default_rng(1).normal(size=rows), "y_a": [1.5] * 6 + [0.5] * (rows - 6)})
    frame = frame.assign(y_a=["rare"] * 6 + ["usual"] * (rows - 6), y_b=np.random.default_rng(2).normal(size=rows))
    frame.to_csv(tmp_path / "few.csv", index=False)
    printed = check(str(tmp_path / "few.csv"), "--targets", "y_*")
    assert "warning: 96 rows to develop on are few" in printed
    assert "warning: y_a: too few positives to judge" in printed
    assert "by task: y_b ± " in printed
    assert "y_a cannot be judged (too few positives)" in printed
    assert "the mean over the tasks that can be judged" in printed
    facts = json.loads(check(str(tmp_path / "few.csv"), "--targets", "y_*", "--json"))
    assert facts["precision"]["cross_fit"]["tasks"]["y_a"] is None
    assert facts["shortages"] == {"y_a": "too few positives"}
    assert len(facts["size_warnings"]) == 2


def test_where_no_task_can_be_judged_no_number_is_given(tmp_path: Path) -> None:
    rows = pd.DataFrame({"u": np.random.default_rng(1).normal(size=200), "y_a": ["rare"] * 6 + ["usual"] * 194})
    rows.assign(y_b=np.roll(rows["y_a"], 7)).to_csv(tmp_path / "few.csv", index=False)
    printed = check(str(tmp_path / "few.csv"), "--targets", "y_*")
    assert "no task's gain can be judged" in printed
    assert "nan" not in printed


def test_enough_data_are_not_warned_of(table: Path) -> None:
    assert "warning" not in check(str(table), "--targets", "y_*")


def test_every_task_is_told_and_of_many_the_ends(table: Path, tmp_path: Path) -> None:
    printed = check(str(table), "--targets", "y_*")
    precision = json.loads(check(str(table), "--targets", "y_*", "--json"))["precision"]["cross_fit"]["tasks"]
    assert f"y_a ± {precision['y_a']:.1f}, y_b ± {precision['y_b']:.1f}" in printed
    numbers = np.random.default_rng(3).normal(size=(200, 14))
    frame = pd.DataFrame(numbers, columns=["u", *(f"y_{place}" for place in range(13))])
    frame.loc[:99, "y_7"] = np.nan
    frame.to_csv(tmp_path / "many.csv", index=False)
    printed = check(str(tmp_path / "many.csv"), "--targets", "y_*")
    assert "by task: from y_7 ± 3.3 to " in printed

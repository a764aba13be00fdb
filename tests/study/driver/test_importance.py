"""A study with stated importance of its tasks, from the study file to the report, on a fake engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import analysis
from analysis.recommendation.recommend import recommend
from mtl_core.errors import UserError
from study.config.load import read_spec
from tests.study.conftest import tiny
from tests.study.driver.test_run import events


def run(out: Path, **changes: Any) -> Path:
    from study.driver.run import run as run_study

    return run_study(tiny(**changes), out=out, backend="inline")


def test_importance_reaches_the_choice_of_the_arm_and_the_report(fake: Path, tmp_path: Path) -> None:
    plain = run(tmp_path / "plain")
    names = [str(task) for task in analysis.load(plain).tasks["task"]]
    out = run(tmp_path / "run", importance={f"{names[0][:-1]}?": 50.0})
    assert read_spec(out / "study.yaml").importance[names[0]] == 50.0
    chosen = [events(folder, "frozen") for folder in (plain, out)]
    skills = [next(event["value"]["validation"] for event in each if event["choice"] == "arm") for each in chosen]
    assert skills[0] != skills[1]
    before, after = (recommend(analysis.load(folder)) for folder in (plain, out))
    assert before.options[0].equal is None
    assert after.options[0].equal is not None
    page = analysis.write_report(out).read_text()
    assert "by the importance that the study states" in page
    assert "stated importance" not in analysis.write_report(plain).read_text()


def test_the_same_pattern_resumes_and_another_importance_is_another_study(fake: Path, tmp_path: Path) -> None:
    names = [str(task) for task in analysis.load(run(tmp_path / "plain")).tasks["task"]]
    pattern = {f"*{names[0][1:]}": 3.0}
    out = run(tmp_path / "run", importance=pattern)
    assert run(tmp_path / "run", importance=pattern) == out
    with pytest.raises(UserError, match=r"importance\..*3\.0 there"):
        run(tmp_path / "run", importance={names[0]: 4.0})
    with pytest.raises(UserError, match="matches no column of the tasks"):
        run(tmp_path / "new", importance={"none": 4.0})
    assert not (tmp_path / "new").exists()

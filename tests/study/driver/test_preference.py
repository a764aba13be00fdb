"""A preference that is written down: report, export and predictions take the same option, and there is a way back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import analysis
from analysis.recommendation.recommend import recommend
from mtl_core.errors import UserError
from study.cli.app import app
from study.config.load import read_spec
from study.driver.export.finished_study import read_option
from study.driver.preference import set_preference
from tests.study.finished_studies import Finished


@pytest.fixture
def run(shop: Finished, tmp_path: Path) -> Path:
    return shutil.copytree(shop.run, tmp_path / "run")


def test_what_the_report_prefers_is_what_is_exported(run: Path) -> None:
    before = (run / "study.yaml").read_bytes()
    begun = read_spec(run / "study.yaml")
    done = CliRunner().invoke(app, ["report", str(run), "--prefer", "accuracy"])
    assert done.exit_code == 0, done.output
    assert "prefer: accuracy" in (run / "report.html").read_text()
    assert recommend(analysis.load(run)).prefer == "accuracy"
    _, recommendation, option = read_option(run, None)
    assert (recommendation.prefer, option) == ("accuracy", recommendation.choice)
    assert read_spec(run / "study.yaml").digest() == begun.digest(), "it goes on all the same"
    set_preference(run, "balanced")
    assert (run / "study.yaml").read_bytes() == before


def test_where_there_is_no_study_there_is_no_preference(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no study here"):
        set_preference(tmp_path, "cost")
    done = CliRunner().invoke(app, ["report", str(tmp_path), "--prefer", "cost"])
    assert done.exit_code == 2
    assert list(tmp_path.iterdir()) == []

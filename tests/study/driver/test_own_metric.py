"""A study judged by a function of the user's own, and a run directory from elsewhere, whose code never runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import analysis
import study
from mtl_core.data.metrics.own import own_metric
from study.cli.app import app
from tests.study.finished_studies import FILE, write_table

METRIC = '''"""Written by the user."""

import numpy as np


def pinball(targets, predictions):
    error = targets - predictions
    return np.maximum(0.75 * error, -0.25 * error).mean()


pinball.perfect = 0.0
'''


def mtl_study(*words: str, expected: int = 0) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == expected, done.output
    return done.output


def forget() -> None:
    sys.modules.pop("shop_metrics", None)
    own_metric._function.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table, and a study file whose first task is judged by a function beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    write_table(tmp_path / "shop.csv")
    (tmp_path / "shop_metrics.py").write_text(METRIC)
    tasks = "{set: table, path: shop.csv, targets: ['y_*'], metrics: {y_price: 'shop_metrics:pinball', y_sold: auroc}}"
    file = FILE.format(name="shop", tasks=tasks, backbone="mlp") + "evaluation: {design: holdout}\n"
    (tmp_path / "shop.yaml").write_text(file)
    yield tmp_path
    forget()


def test_it_judges_a_study_and_its_code_runs_in_no_command_that_only_reads(folder: Path) -> None:
    assert "shop_metrics:pinball" in mtl_study("check", "shop.yaml")
    run = study.run(study.load_spec("shop.yaml"), out="runs/shop")
    scores = analysis.load(run).scores
    priced = scores[scores.task == "y_price"]
    assert set(priced.metric) == {"shop_metrics:pinball"}
    assert (priced.test_metric > 0).all()
    assert (priced.perfect_metric == 0).all()
    for row in priced.itertuples():
        known = row.example_scores[row.example_scores == row.example_scores]
        assert known.mean() == pytest.approx(row.test_metric, rel=1e-4)

    forget()
    (folder / "shop_metrics.py").write_text("open('ran', 'w').close()\nraise SystemExit('foreign code ran')\n")
    mtl_study("status", "runs/shop")
    mtl_study("report", "runs/shop")
    mtl_study("export", "runs/shop", "--out", "model")
    mtl_study("runs", "runs")
    assert not (folder / "ran").exists()
    card = json.loads((folder / "model" / "card.json").read_text())
    assert "shop_metrics:pinball" in json.dumps(card)


def test_a_function_that_cannot_judge_ends_with_exit_status_2_and_writes_nothing(folder: Path) -> None:
    (folder / "shop_metrics.py").write_text(METRIC.replace(".mean()", ""))
    said = mtl_study("run", "shop.yaml", expected=2)
    assert "shop_metrics:pinball" in said
    assert "returned an array of shape" in said
    assert not (folder / "runs").exists()
    (folder / "shop_metrics.py").unlink()
    forget()
    assert "shop_metrics cannot be imported" in mtl_study("check", "shop.yaml", expected=2)
    assert "or a path such as my_metrics:name" in mtl_study(
        "check", "shop.csv", "--targets", "y_*", "--metric", "y_price=pinbal", expected=2
    )

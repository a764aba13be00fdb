"""A study trained by a loss of the user's own: it is resumed by the same code only, and reading it runs none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import analysis
import study
from mtl_core.data.metrics.own import own_metric
from mtl_core.data.own_losses import own_loss
from study.cli.app import app
from tests.study.finished_studies import FILE, write_table

CODE = '''"""Written by the user."""

import numpy as np
import torch


def low(outputs, targets):
    error = targets - outputs
    return torch.maximum(0.1 * error, -0.9 * error)


def pinball(targets, predictions):
    error = targets - predictions
    return np.maximum(0.1 * error, -0.9 * error).mean()


pinball.perfect = 0.0
'''
TASKS = "{set: table, path: shop.csv, targets: ['y_*'], losses: {y_price: 'shop_losses:low'}"


def mtl_study(*words: str, expected: int = 0) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == expected, done.output
    return " ".join(done.output.split())


def forget() -> None:
    """Make the next import read the file anew, as a new process would."""
    sys.modules.pop("shop_losses", None)
    own_metric._function.cache_clear()
    own_loss.own_function.cache_clear()
    own_loss.runs_as_one.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table, a study file, and the loss and metric of its first task."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    write_table(tmp_path / "shop.csv")
    (tmp_path / "shop_losses.py").write_text(CODE)
    tasks = TASKS + ", metrics: {y_price: 'shop_losses:pinball'}}"
    file = FILE.format(name="shop", tasks=tasks, backbone="mlp") + "evaluation: {design: holdout}\n"
    (tmp_path / "shop.yaml").write_text(file)
    yield tmp_path
    forget()


def test_the_study_is_resumed_by_the_same_code_only_and_no_code_runs_in_commands_that_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = mtl_study("check", "shop.yaml")
    assert "shop_losses:low" in said
    assert "of the kind" in said
    run = study.run(study.load_spec("shop.yaml"), out="runs/shop")
    tasks = json.loads((run / "tasks.json").read_text())["tasks"]
    assert [task.get("loss") for task in tasks] == ["shop_losses:low", None, None]
    assert set(json.loads((run / "manifest.json").read_text())["code"]) == {"shop_losses:low", "shop_losses:pinball"}
    assert np.isfinite(analysis.load(run).replicas["trivial_loss"]).all()

    forget()
    (folder / "shop_losses.py").write_text("# a remark\n" + CODE)
    with monkeypatch.context() as patch:
        patch.setattr(analysis, "write_report", lambda records: records.path / "report.html", raising=False)
        mtl_study("run", "shop.yaml", "--out", "runs/shop")
    forget()
    (folder / "shop_losses.py").write_text(CODE.replace("0.9 * error)\n\n\ndef", "0.8 * error)\n\n\ndef"))
    said = mtl_study("run", "shop.yaml", "--out", "runs/shop", expected=2)
    assert "the file that defines shop_losses:pinball and shop_losses:low has changed since this study began" in said

    forget()
    (folder / "shop_losses.py").write_text("open('ran', 'w').close()\nraise SystemExit('foreign code ran')\n")
    mtl_study("status", "runs/shop")
    mtl_study("report", "runs/shop")
    assert "shop_losses:low" in (run / "report.html").read_text()
    mtl_study("export", "runs/shop", "--out", "model")
    mtl_study("predict", "model", "shop.csv", "--out", "answers.csv")
    assert not (folder / "ran").exists()
    assert len(pd.read_csv("answers.csv")) == 150


def test_a_loss_that_cannot_train_ends_with_exit_status_2_and_writes_nothing(folder: Path) -> None:
    (folder / "shop_losses.py").write_text(CODE.replace("-0.9 * error)\n\n\ndef", "-0.9 * error).mean()\n\n\ndef"))
    said = mtl_study("run", "shop.yaml", expected=2)
    assert "loss shop_losses:low of 'y_price'" in said
    assert "it returned float32 of shape [] for outputs [107] and targets [107]" in said
    assert "Return a tensor with one loss for each of the n examples" in said
    assert not (folder / "runs").exists()
    (folder / "shop_losses.py").unlink()
    forget()
    assert "shop_losses cannot be imported" in mtl_study("check", "shop.yaml", expected=2)
    said = mtl_study("check", "shop.csv", "--targets", "y_*", "--loss", "y_price=shop_losses.low", expected=2)
    assert "'shop_losses.low', for 'y_price', is no path to a function." in said
    assert "Write it as package.module:name, as in shop_losses:low." in said

"""What a study would be, from Python: the plan of a run, without a file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import study
from mtl_core.errors import UserError
from study.driver.dataset import prepare_with_data
from tests.study.conftest import tiny
from tests.study.driver.test_frame import SECTIONS, data


def test_it_is_the_plan_of_the_run_and_nothing_is_written(fake: Path, tmp_path: Path) -> None:
    planned = study.check(tiny(), out=tmp_path / "run")
    assert list(tmp_path.glob("run*")) == []
    begun = prepare_with_data(tiny(), tmp_path / "run", None)
    assert (planned.plan.arms, planned.plan.counts()) == (begun.plan.arms, begun.plan.counts())
    assert planned.forecast.seconds > 0


def test_a_frame_is_checked_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    planned = study.check(SECTIONS, data=study.frame(data(), targets="y_*"))
    assert planned.plan.tasks == ("y_a", "y_b")
    assert list(tmp_path.iterdir()) == []


def test_there_has_to_be_a_study(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="neither a study nor data"):
        study.check(out=tmp_path)


def test_a_precision_of_gpus_is_refused_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"training\.precision: bf16"):
        study.check(tiny(training={"epochs": 2, "precision": "bf16"}), out=tmp_path)
    elsewhere = study.check(tiny(training={"epochs": 2, "precision": "bf16"}, device="cuda"), out=tmp_path)
    assert elsewhere.plan.spec.training.precision == "bf16"

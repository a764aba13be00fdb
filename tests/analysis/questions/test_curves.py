"""Learning curves: means and ranges over seeds, and the tasks that are drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.questions import curves
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN


def test_curves_are_means_over_seeds(records_of: StudyOf) -> None:
    records = records_of(PLAIN)
    rows = curves.table(curves.score(records))
    mine = records.replicas.query("arm == @PLAIN.chosen and phase == 'confirm' and task == 'odd'")
    expected = np.mean([np.asarray(curve) for curve in mine["validation_loss"]], axis=0)
    found = rows[(rows["model"] == "chosen") & (rows["task"] == "odd")].sort_values("epoch")["validation"]
    assert found.to_numpy() == pytest.approx(expected)
    assert set(rows["model"]) == {"single", "chosen", "full"}


def table_of(**validation: tuple[float, float]) -> pd.DataFrame:
    """A table of two models, by task their best validation losses."""
    rows = [
        {"order": place, "task": task, "model": model, "validation": loss}
        for place, (task, losses) in enumerate(validation.items())
        for model, loss in zip(("single", "full"), losses, strict=True)
    ]
    return pd.DataFrame(rows)


def test_the_tasks_whose_losses_differ_most_are_drawn_in_the_order_of_the_task_set() -> None:
    rows = table_of(a=(0.5, 0.9), b=(0.5, 0.51), c=(0.9, 0.4), d=(0.7, 0.5))
    assert curves.telling(rows) == ["a", "c", "d"]
    assert curves.telling(rows.assign(validation=np.nan)) == ["a", "b", "c"], "without losses the first ones"


def test_the_title_counts_the_trainings_in_which_validation_loss_turns_up(records_of: StudyOf) -> None:
    rows = curves.table(curves.score(records_of(PLAIN)))
    seen = rows.assign(onset_seeds=rows["model"].map({"single": 4, "chosen": 3, "full": 1}))
    n = int(rows["n"].iloc[0])
    assert curves.title(seen) == (
        f"Validation loss turns up in 3 of {3 * n} trainings of full sharing, in 12 of single-task networks"
    )
    assert curves.title(rows.assign(onset_seeds=2)) == "Training and validation loss by epoch"
    assert curves.title(rows[rows["model"] != "single"]) == "Training and validation loss by epoch"


def test_losses_are_in_units_of_the_trivial_predictor(records_of: StudyOf) -> None:
    records = records_of(PLAIN)
    twice = replace(records, replicas=records.replicas.assign(trivial_loss=2 * records.replicas["trivial_loss"]))
    one, half = curves.score(records), curves.score(twice)
    assert half["validation"].to_numpy() == pytest.approx(one["validation"].to_numpy() / 2)
    assert half["onset"].equals(one["onset"])

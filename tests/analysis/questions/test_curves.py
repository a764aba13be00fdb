"""Learning curves: means and ranges over seeds, and the tasks that are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.questions import curves
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN


def test_curves_are_means_over_seeds(records_of: StudyOf) -> None:
    records = records_of(PLAIN)
    rows = curves.table(curves.score(records))
    mine = records.replicas.query("arm == @PLAIN.chosen and phase == 'confirm' and task == 'odd'")
    expected = np.mean([np.asarray(curve) for curve in mine["validation_loss"]], axis=0)
    found = rows[(rows["model"] == "recommended") & (rows["task"] == "odd")].sort_values("epoch")["validation"]
    assert found.to_numpy() == pytest.approx(expected)
    assert set(rows["model"]) == {"single", "recommended", "full"}

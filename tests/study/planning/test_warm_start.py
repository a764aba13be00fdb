"""What an earlier run selected, as the points to try first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import analysis
from mtl_core.errors import UserError
from study.driver.run import run
from study.planning.strategies.joint import beginning
from study.planning.warm_start import selected_in
from tests.study.conftest import tiny
from tests.study.planning.strategies.played import space


def test_selected_draws_come_first_best_first(fake: Path, tmp_path: Path) -> None:
    earlier = run(tiny(), out=tmp_path / "earlier", backend="inline")
    among = space(factors={"stages": [2], "width": [4], "depth": [1, 2]}, search={"warm_start": str(earlier)})
    found = selected_in(str(earlier), among.candidates)
    records = analysis.load(earlier)
    draws, rows = records.frozen("draws"), records.replicas
    assert {arm for arm, _ in found} == set(among.candidates)
    for arm, values in found:
        own = rows[(rows["arm"] == arm.label) & (rows["draw"] == next(iter(draws[arm.label].values())))]
        assert values == json.loads(own["hyperparameters"].iloc[0])
    (first, *_) = [(arm, values) for arm, values in found if arm in among.open_candidates]
    assert beginning(among, 2)[0] == first


def test_what_is_no_finished_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="warm_start"):
        selected_in(str(tmp_path / "nothing"), space().candidates)

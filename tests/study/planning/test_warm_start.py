"""What an earlier run selected, as the points to try first."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import analysis
from mtl_core.errors import UserError
from study.driver.run import run
from study.planning.prepare import prepare
from study.planning.strategies.joint import beginning
from study.planning.warm_start import selected_in
from tests.study.conftest import tiny
from tests.study.planning.strategies.played import space


def test_selected_draws_come_first_best_first(fake: Path, tmp_path: Path) -> None:
    earlier = run(tiny(), out=tmp_path / "earlier", backend="inline")
    among = space(factors={"stages": [2], "width": [4], "depth": [1, 2]})
    found = selected_in(str(earlier), among.candidates)
    records = analysis.load(earlier)
    draws, rows = records.frozen("draws"), records.replicas
    assert {arm for arm, _ in found} == set(among.candidates)
    for arm, values in found:
        own = rows[(rows["arm"] == arm.label) & (rows["draw"] == next(iter(draws[arm.label].values())))]
        assert values == json.loads(own["hyperparameters"].iloc[0])
    known = [(arm, values) for arm, values in found if arm in among.open_candidates]
    assert beginning(replace(among, known=known), 2)[0] == known[0]


@pytest.mark.parametrize("strategy", ["grid", "optuna", "successive_halving", "population"])
def test_a_strategy_that_reads_no_earlier_run_refuses_one(strategy: str, fake: Path, tmp_path: Path) -> None:
    spec = tiny(search={"strategy": strategy, "warm_start": str(tmp_path)})
    with pytest.raises(UserError, match=f"{strategy} does not start from an earlier run") as refused:
        prepare(spec, out=tmp_path / "run")
    assert refused.value.where == "search.warm_start"


def test_a_new_study_needs_its_earlier_run_before_anything_is_written_and_a_begun_one_does_not(
    fake: Path, tmp_path: Path
) -> None:
    spec = tiny(search={"strategy": "joint", "warm_start": str(tmp_path / "none")})
    with pytest.raises(UserError, match="warm_start"):
        run(spec, out=tmp_path / "run", backend="inline")
    assert not (tmp_path / "run").exists()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "ledger.jsonl").touch()
    (tmp_path / "run" / "tasks.json").write_text('{"tasks": []}')
    prepare(spec, out=tmp_path / "run", stored=spec)


def test_what_is_no_finished_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="warm_start"):
        selected_in(str(tmp_path / "nothing"), space().candidates)

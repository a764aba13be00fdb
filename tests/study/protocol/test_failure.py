"""A study whose networks of one phase all failed, or whose records are damaged, tries them again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import analysis
from mtl_core.errors import UserError
from mtl_core.training import trainer
from study.driver.run import run
from study.planning.phase_seeds import FIRST_SEED
from tests.faults.lab import SHORT
from tests.study import fake_engine
from tests.study.conftest import tiny
from tests.study.driver.test_run import tables


@pytest.mark.parametrize("phase", ["search", "confirm", "verdict"])
@pytest.mark.parametrize("unshared", [False, True])
def test_it_could_not_judge_and_goes_on_when_that_is_mended(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phase: str, unshared: bool
) -> None:
    last = {"search": FIRST_SEED["confirm"], "confirm": FIRST_SEED["verdict"], "verdict": 10**9}[phase]

    def fit(recipe: Any, development: Any, rows: Any, **options: Any) -> Any:
        if FIRST_SEED[phase] <= rows[0].seed < last and (recipe.sharing in ("single_task", "independent")) == unshared:
            raise RuntimeError("no such kernel")
        return fake_engine.fit(recipe, development, rows, **options)

    spec = tiny(**SHORT)
    whole = run(spec, out=tmp_path / "whole", backend="inline")
    monkeypatch.setattr(trainer, "fit", fit)
    with pytest.raises(UserError, match="no such kernel"):
        run(spec, out=tmp_path / "run", backend="inline")
    assert analysis.verdict_text(tmp_path / "run").headline.startswith("No verdict")
    monkeypatch.setattr(trainer, "fit", fake_engine.fit)
    assert tables(run(spec, out=tmp_path / "run", backend="inline")) == tables(whole)


@pytest.mark.parametrize("phase", ["search", "confirm", "verdict"])
def test_a_damaged_part_of_a_finished_study_is_trained_again(fake: Path, tmp_path: Path, phase: str) -> None:
    spec = tiny(**SHORT)
    out = run(spec, out=tmp_path / "run", backend="inline")
    before = tables(out)
    (out / "records" / f"merged-{phase}.parquet").write_bytes(b"")
    run(spec, out=out, backend="inline")
    assert tables(out) == before

"""A study whose networks of one phase all failed, or whose records are damaged, tries them again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import analysis
from analysis.records.unshared import UNSHARED
from mtl_core.errors import UserError
from mtl_core.training import trainer
from study.driver.run import run
from study.planning.phase_seeds import FIRST_SEED
from study.protocol.confirm import choose
from study.protocol.context import StudyContext
from study.protocol.failure import refuse_without_verdict
from tests.faults.lab import SHORT
from tests.study import fake_engine
from tests.study.conftest import install, tiny
from tests.study.driver.test_run import tables
from tests.study.protocol.conftest import Opener, frozen


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed short study."""
    with pytest.MonkeyPatch.context() as patch:
        install(patch)
        return run(tiny(**SHORT), out=tmp_path_factory.mktemp("failure") / "run", backend="inline")


@pytest.mark.parametrize("phase", ["search", "confirm", "verdict"])
@pytest.mark.parametrize("unshared", [False, True])
def test_it_could_not_judge_and_goes_on_when_that_is_mended(
    fake: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phase: str, unshared: bool
) -> None:
    last = {"search": FIRST_SEED["confirm"], "confirm": FIRST_SEED["verdict"], "verdict": 10**9}[phase]

    def fit(recipe: Any, development: Any, rows: Any, **options: Any) -> Any:
        if FIRST_SEED[phase] <= rows[0].seed < last and (recipe.sharing in ("single_task", "independent")) == unshared:
            raise RuntimeError("no such kernel")
        return fake_engine.fit(recipe, development, rows, **options)

    spec = tiny(**SHORT)
    monkeypatch.setattr(trainer, "fit", fit)
    with pytest.raises(UserError, match="no such kernel"):
        run(spec, out=tmp_path / "run", backend="inline")
    assert analysis.verdict_text(tmp_path / "run").headline.startswith("No verdict")
    monkeypatch.setattr(trainer, "fit", fake_engine.fit)
    assert tables(run(spec, out=tmp_path / "run", backend="inline")) == tables(whole)


@pytest.mark.parametrize("phase", ["search", "confirm", "verdict"])
def test_a_damaged_part_of_a_finished_study_is_trained_again(
    fake: Path, whole: Path, tmp_path: Path, phase: str
) -> None:
    spec = tiny(**SHORT)
    out = shutil.copytree(whole, tmp_path / "run")
    before = tables(out)
    (out / "records" / f"merged-{phase}.parquet").write_bytes(b"")
    run(spec, out=out, backend="inline")
    assert tables(out) == before


def lost(context: StudyContext, monkeypatch: pytest.MonkeyPatch, arms: set[str], one: str) -> None:
    """Let all replicas of ``arms`` have failed but for one of them, of which the status is ``one``."""
    plainly = StudyContext.of_phase

    def of_phase(self: StudyContext, phase: str) -> pd.DataFrame:
        rows = plainly(self, phase)
        hit = rows.index[rows["arm"].isin(arms)]
        rows.loc[hit, "status"] = "failed"
        rows.loc[hit[:1], "status"] = one
        return rows

    monkeypatch.setattr(StudyContext, "of_phase", of_phase)


def sharing_arms(context: StudyContext) -> set[str]:
    return {arm.label for arm in context.plan.arms if arm.sharing not in UNSHARED}


def test_failures_are_not_taken_for_divergence_because_one_network_diverged(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failed networks are tried again; a study that has ended as diverged would never try them."""
    context = opened(until=frozen("arm"))
    lost(context, monkeypatch, sharing_arms(context), "diverged")
    with pytest.raises(UserError, match="could not be judged"):
        choose(context)
    assert not context.ledger.of("ended")
    assert context.ledger.of("stopped")


def test_a_verdict_without_the_chosen_arm_is_no_verdict_even_if_another_arm_is_left(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = opened()
    chosen = context.frozen("judged")["arms"][0]
    lost(context, monkeypatch, {chosen}, "diverged")
    with pytest.raises(UserError, match="could not be judged"):
        refuse_without_verdict(context)


def test_a_verdict_goes_on_while_a_network_of_the_chosen_arm_is_left(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = opened()
    lost(context, monkeypatch, {context.frozen("judged")["arms"][0]}, "finished")
    refuse_without_verdict(context)
    assert not context.ledger.of("stopped")

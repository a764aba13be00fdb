"""Additions that are refused with place and remedy, and a table that lies elsewhere now."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import analysis
from mtl_core.errors import UserError
from study.config.spec import Spec
from study.driver.extend import extend, prepare_extension
from study.driver.run import run
from study.planning import prepare
from study.planning.options import build_task_set
from study.protocol.addition import Asked
from study.store import ledger
from tests.study.conftest import install, small_task_set, tiny


def spec_of(table: Path) -> Spec:
    tasks = {"set": "table", "path": str(table), "targets": ["y_*"]}
    return tiny(tasks=tasks, verdict={"seeds": 5, "max_seeds": 5}, evaluation={"design": "cross_fit", "folds": 2})


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of a table in two outer folds, on the fake engine; the table lies beside it."""
    folder = tmp_path_factory.mktemp("study")
    numbers = np.random.default_rng(0).normal(size=(60, 4))
    pd.DataFrame(numbers, columns=["u", "v", "y_a", "y_b"]).to_csv(folder / "rows.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        install(patch)
        patch.setattr(prepare, "build_task_set", build_task_set)
        run(spec_of(folder / "rows.csv"), out=folder / "run")
    return folder


@pytest.fixture
def folder(fake: Path, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to add to; its study file names the copied table."""
    monkeypatch.setattr(prepare, "build_task_set", build_task_set)
    copy = shutil.copytree(finished, tmp_path / "copy")
    file = copy / "run" / "study.yaml"
    file.write_text(file.read_text().replace(str(finished), str(copy)))
    return copy


def refused(run_directory: Path, asked: Asked | None = None, data: Path | None = None) -> UserError:
    with pytest.raises(UserError) as caught:
        extend(run_directory, **vars(asked or Asked(seeds=20)), data=data)
    return caught.value


def test_a_table_that_is_gone_is_asked_for_and_found_at_its_new_place(folder: Path) -> None:
    before = len(ledger.read(folder / "run" / ledger.NAME))
    moved = (folder / "rows.csv").rename(folder / "moved.csv")
    error = refused(folder / "run")
    assert error.where == str(folder / "rows.csv")
    assert "--data PATH" in error.remedy
    assert len(ledger.read(folder / "run" / ledger.NAME)) == before, "a refusal leaves no trace"
    extend(folder / "run", seeds=10, data=moved)
    records = analysis.load(folder / "run")
    judged = records.replicas[records.replicas["phase"] == "verdict"]
    assert set(judged[judged["arm"] == judged["arm"].iloc[0]]["seed"]) == set(range(2000, 2010))


def test_data_that_changed_are_refused(folder: Path) -> None:
    table = pd.read_csv(folder / "rows.csv")
    table.loc[3, "y_a"] += 1
    table.to_csv(folder / "rows.csv", index=False)
    error = refused(folder / "run")
    assert error.where == str(folder / "run")
    assert "the data have changed" in error.found
    assert "as they were" in error.remedy


def test_another_engine_is_refused(folder: Path) -> None:
    file = folder / "run" / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"engine_version": "0"}))
    assert "another engine began here: version 0" in refused(folder / "run").found


def test_what_is_no_finished_study_is_refused(folder: Path, tmp_path: Path) -> None:
    assert "no study here" in refused(tmp_path / "nowhere").found
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "suite.yaml").touch()
    assert "Name that of one of its studies" in refused(tmp_path / "suite").remedy
    path = folder / "run" / ledger.NAME
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if '"test_opened"' not in line))
    assert refused(folder / "run").found == "the study is not finished."
    path.write_text("".join(lines))
    next((folder / "run" / "scores").glob("*.parquet")).unlink()
    assert "not scored to its end" in refused(folder / "run").found


def test_another_place_is_no_answer_for_a_task_set_without_a_table(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "build_task_set", lambda spec: small_task_set())
    out = run(tiny(verdict={"seeds": 5}), out=tmp_path / "run")
    assert "does not read a table" in refused(out, data=tmp_path / "rows.csv").found


def test_outer_folds_add_an_arm_in_every_fold(folder: Path) -> None:
    records = analysis.load(folder / "run")
    label = next(
        arm for arm in ("hard d1 w4 l2 equal adamw", "hard d2 w4 l2 equal adamw")
        if arm not in records.frozen("judged")["arms"]
    )  # fmt: skip
    extend(folder / "run", arms=(label,))
    records = analysis.load(folder / "run")
    assert records.num_folds == 2
    assert all(records.frozen("judged", fold)["roles"]["added 1.0"] == label for fold in (None, 0, 1))
    rows = records.replicas[(records.replicas["arm"] == label) & (records.replicas["phase"] == "verdict")]
    fresh = {seed for seed in rows["seed"] if seed >= 2006}
    assert fresh == set(range(2006, 2012)), "three of each fold, behind the study's own six"
    from analysis.questions import transfer

    table = transfer.table(transfer.score(records))
    added = table[(table["role"] == "added") & (table["baseline"] == "each")]
    assert set(added["n"]) == {6}
    assert set(added["scope"]) == {"task", "mean"}


def test_what_a_budget_took_stays_told(folder: Path) -> None:
    path = folder / "run" / ledger.NAME
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    shrunk = [line | ({"shrunk": ["draws: 4 instead of 8"]} if line["event"] == "planned" else {}) for line in lines]
    path.write_text("".join(json.dumps(line) + "\n" for line in shrunk))
    prepared, _ = prepare_extension(folder / "run", Asked(seeds=20))
    assert prepared.plan.shrunk == ("draws: 4 instead of 8",)

"""A study is read again only with its own data, and its networks only where they are kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import analysis
from mtl_core.errors import UserError
from study.driver.export.finished_study import read_option, read_study
from tests.study.finished_studies import Finished, write_table


def test_recipes_and_parameters_are_those_of_the_verdict(shop: Finished) -> None:
    records = analysis.load(shop.run)
    study = read_study(shop.run, records)
    rows = records.replicas.query("phase == 'verdict'")
    chosen = records.frozen("judged", 0)["arms"][0]
    row = rows[rows["arm"] == chosen].iloc[0]
    recipe = study.recipe(chosen)
    assert (recipe.sharing, recipe.width, recipe.epochs) == ("hard", row["width"], 2)
    assert recipe.patience is None
    parameters = study.parameters(row["replica"])["parameters"]
    assert parameters.numel() == row["parameters_total"]
    assert study.parameters(row["replica"])["parameters"] is parameters


def test_models_that_are_gone_are_named(shop: Finished, tmp_path: Path) -> None:
    run = shutil.copytree(shop.run, tmp_path / "run")
    shutil.rmtree(run / "models")
    records = analysis.load(run)
    replica = records.replicas.query("phase == 'verdict'")["replica"].iloc[0]
    with pytest.raises(UserError, match="not kept"):
        read_study(run, records).parameters(replica)


def test_other_data_are_refused_and_moved_data_found(shop: Finished, tmp_path: Path) -> None:
    records = analysis.load(shop.run)
    other = tmp_path / "other.csv"
    write_table(other, rows=151)
    with pytest.raises(UserError, match="the data have changed"):
        read_study(shop.run, records, other)
    moved = shutil.copy(shop.table, tmp_path / "shop.csv")
    assert read_study(shop.run, records, Path(moved)).task_set.development.num_folds == 5
    with pytest.raises(UserError, match="table is not there"):
        read_study(shop.run, records, tmp_path / "nowhere.csv")


def test_an_unfinished_study_and_no_study_are_told_apart(shop: Finished, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no study here"):
        read_option(tmp_path, None)
    run = shutil.copytree(shop.run, tmp_path / "run")
    lines = (run / "ledger.jsonl").read_text().splitlines(keepends=True)
    end = next(place for place, line in enumerate(lines) if '"choice": "arm"' in line)
    (run / "ledger.jsonl").write_text("".join(lines[:end]))
    shutil.rmtree(run / "scores")
    with pytest.raises(UserError, match="nothing can be exported yet") as error:
        read_option(run, None)
    assert error.value.remedy.startswith("Finish it first: ")

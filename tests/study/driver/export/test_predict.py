"""Predictions of a run directory and of a folder are the same, and are those of the recommended option as it is now."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mtl_core.errors import UserError
from study.driver.export import predict
from study.driver.export.predict import load_predictor, predict_file
from study.driver.export.write import export
from tests.study.finished_studies import Finished


@pytest.fixture
def run(shop: Finished, tmp_path: Path) -> Path:
    return shutil.copytree(shop.run, tmp_path / "run")


def test_a_run_directory_is_exported_once_and_again_when_it_has_changed(
    run: Path, shop: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def counted(*arguments: object, **options: object) -> Path:
        made.append(arguments)
        return export(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(predict, "export", counted)
    first = predict_file(load_predictor(run), shop.table)
    again = predict_file(load_predictor(run), shop.table)
    assert len(made) == 1
    assert first == again
    assert first == predict_file(load_predictor(run / "model"), shop.table)
    assert set(first.ignored) == {"y_price", "y_sold", "y_grade"}
    with (run / "ledger.jsonl").open("a") as ledger:
        ledger.write(json.dumps({"event": "looked", "look": 1}) + "\n")
    load_predictor(run)
    assert len(made) == 2
    (run / "model" / "card.json").write_text("damaged")
    load_predictor(run)
    assert len(made) == 3


def test_predictions_are_a_table_with_a_row_for_each(run: Path, shop: Finished) -> None:
    found = predict_file(load_predictor(run), shop.table)
    rows = list(csv.DictReader(io.StringIO(found.text())))
    assert len(rows) == found.num_rows == 150
    assert list(rows[0]) == list(found.columns)
    assert float(rows[3]["y_price"]) == pytest.approx(found.columns["y_price"][3], rel=1e-11)
    total = sum(float(rows[3][f"y_grade={grade}"]) for grade in range(3))
    assert total == pytest.approx(1, abs=1e-6)


def test_arrays_are_predicted(digits: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((4, 1, 8, 8)))
    folder = export(digits, tmp_path / "model", option="chosen", seeds=[2000])
    found = predict_file(load_predictor(folder), tmp_path / "x.npy")
    assert (found.num_rows, found.networks, found.ignored) == (4, 1, ())
    np.save(tmp_path / "wrong.npy", np.zeros((4, 9)))
    with pytest.raises(UserError, match="examples of 1 x 8 x 8 numbers"):
        predict_file(load_predictor(folder), tmp_path / "wrong.npy")


def test_mistakes_name_the_file_the_column_and_the_row(run: Path, tmp_path: Path) -> None:
    model, new = load_predictor(run), tmp_path / "new.csv"
    new.write_text("age,since\n1,2020-01-01\n")
    with pytest.raises(UserError, match=r"lacks the columns 'city', 'member'") as error:
        predict_file(model, new)
    assert error.value.where == str(new)
    new.write_text("age,city,since,member\n1,Ulm,tomorrow,yes\n")
    with pytest.raises(UserError, match=r"column 'since'.*row 1 holds 'tomorrow'") as error:
        predict_file(model, new)
    assert error.value.where == f"{new}: column 'since'"


def test_neither_a_study_nor_a_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="neither a study nor an exported model"):
        load_predictor(tmp_path)
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(UserError, match="cannot be read"):
        load_predictor(tmp_path)


def test_code_of_a_foreign_folder_does_not_run(run: Path, shop: Finished, tmp_path: Path) -> None:
    folder = export(run, tmp_path / "model", option="chosen", seeds=[2000])
    (folder / "model.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    predict_file(load_predictor(folder), shop.table)
    assert not (tmp_path / "ran").exists()

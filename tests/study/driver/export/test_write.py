"""The folder: complete, usable without this project, replaced as a whole, and never in the place of something else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mtl_core.errors import UserError
from mtl_core.network.portable.model import Predictor
from study.driver.export.write import export
from tests.study.finished_studies import Finished, rows_of

FILES = ["README.md", "card.json", "model.json", "model.py", "parameters.safetensors"]
FIVE_LINES = """
import csv
from model import Predictor
model = Predictor.load(".")
with open("new.csv", newline="") as file: rows = list(csv.DictReader(file))
print(model.predict(rows)["y_price"])
"""


@pytest.fixture(scope="module")
def folder(shop: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(shop.run, tmp_path_factory.mktemp("exported") / "model", option="chosen")


def test_a_person_with_the_folder_and_pytorch_predicts_in_five_lines(
    shop: Finished, folder: Path, tmp_path: Path
) -> None:
    alone = shutil.copytree(folder, tmp_path / "alone")
    lines = shop.table.read_text().splitlines()
    (alone / "new.csv").write_text("\n".join(lines[:4]))
    script = f"{FIVE_LINES}\nimport sys; print([name for name in sys.modules if name.split('.')[0] in sys.argv[1:]])"
    ours = ["mtl_core", "study", "analysis", "safetensors", "pandas", "pyarrow", "pydantic", "jaxtyping", "ray"]
    run = {"cwd": alone, "capture_output": True, "text": True, "env": {}}
    done = subprocess.run([sys.executable, "-c", script, *ours], check=True, **run)
    answers, modules = done.stdout.splitlines()
    assert json.loads(answers) == pytest.approx(Predictor.load(folder).predict(rows_of(shop.table)[:3])["y_price"])
    assert modules == "[]"
    table = subprocess.run([sys.executable, "-I", "model.py", "new.csv"], check=True, **run).stdout.splitlines()
    assert table[0].startswith("y_price,y_price spread,y_sold,y_sold=kept,y_sold=sold,y_sold spread,y_grade")
    assert len(table) == 4


def test_the_folder_holds_numbers_text_and_one_file_of_code(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == FILES
    card = json.loads((folder / "card.json").read_text())
    assert (card["networks"], card["folds"], len(card["seeds"])) == (10, 5, 10)
    assert [task["task"] for task in card["tasks"]] == ["y_price", "y_sold", "y_grade"]


def test_one_seed_is_one_network_without_a_spread(shop: Finished, tmp_path: Path) -> None:
    one = Predictor.load(export(shop.run, tmp_path / "one", option="chosen", seeds=[2003]))
    assert len(one.networks) == 1
    answers = one.predict(rows_of(shop.table)[:2])
    assert not any(name.endswith("spread") for name in answers)
    with pytest.raises(UserError, match="no network of that seed; it has 2000, 2001"):
        export(shop.run, tmp_path / "two", seeds=[7])
    assert not (tmp_path / "two").exists()


def test_a_second_export_replaces_the_first_and_a_failing_one_leaves_it(
    shop: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = export(shop.run, tmp_path / "model", option="chosen", seeds=[2003])
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def fails(folder: Path, formats: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("study.driver.export.write.write_extras", fails)
        with pytest.raises(OSError, match="No space"):
            export(shop.run, out, option="alone", seeds=[2003])
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    export(shop.run, out, option="alone", seeds=[2003])
    assert len(Predictor.load(out).networks) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_folder_that_holds_something_else_is_refused(shop: Finished, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="something else"):
        export(shop.run, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_code_that_a_run_directory_names_is_imported_only_where_it_is_trusted(
    shop: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from study.driver.export.finished_study import FinishedStudy

    recipe = FinishedStudy.recipe
    options = {"modules": ("evil:Module",)}
    monkeypatch.setattr(
        FinishedStudy,
        "recipe",
        lambda self, arm: replace(recipe(self, arm), backbone="custom", backbone_options=options),
    )
    with pytest.raises(UserError, match=r"have to be imported: \('evil:Module',\)") as error:
        export(shop.run, tmp_path / "model")
    assert "--trust-code" in error.value.remedy
    with pytest.raises(UserError, match="evil"):
        export(shop.run, tmp_path / "model", trust_code=True)

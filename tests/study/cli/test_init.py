"""``init``: the file that it writes is the study that the table alone would be, and replaces nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from study.cli.app import app
from study.config.load import load_spec


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        f"{row * 7 % 31},{'red' if row % 3 else 'blue'},{row * 5 % 17},{'yes' if row % 2 else 'no'},{row // 4},p{row}"
        for row in range(120)
    ]
    Path("broken.npz").write_bytes(b"PK no arrays")
    np.savez("images.npz", x=np.zeros((60, 3, 5, 4)), y_a=np.arange(60.0), y_b=np.arange(60.0) ** 2)
    Path("shop.csv").write_text("\n".join(["x: one,colour,y_a,y_b,person,name", *rows]) + "\n")


SQUARED = "tests.mtl_core.data.own_losses.functions:squared"


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_the_file_is_the_study_of_the_table_with_its_kinds_and_metrics_said() -> None:
    result = invoke("init", "shop.csv", "--targets", "y_*", "--groups", "person", "--metric", "y_a=mae")
    assert result.exit_code == 0, result.output
    written, plain = load_spec("shop.yaml"), load_spec("shop.csv", ["y_*"])
    assert written.model_copy(update={"tasks": plain.tasks}) == plain
    options = written.tasks.options
    assert options["kinds"] == {"y_a": "regression", "y_b": "binary"}
    assert options["metrics"] == {"y_a": "mae", "y_b": "accuracy"}
    assert options["groups"] == "person"
    text = Path("shop.yaml").read_text()
    assert "# text with 2 different values" in text
    assert "# left out: name" in text
    assert max(map(len, text.splitlines())) < 180
    checked = invoke("check", "shop.yaml")
    assert checked.exit_code == 0, checked.output


def test_a_long_table_keeps_its_column_of_tasks() -> None:
    result = invoke("init", "shop.csv", "--targets", "y_a", "--task", "colour", "--out", "long.yaml")
    assert result.exit_code == 0, result.output
    assert load_spec("long.yaml").tasks.options["task"] == "colour"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("shop.csv", "--targets", "y_*", "--out", "shop.csv"), "there is a file already"),
        (("demo",), "reads no data of yours"),
        (("shop.csv", "--targets", "y_*", "--loss", "y_a=mine.low"), "is no path to a function"),
        (("strokes:Strokes",), "is code, not data in a file"),
        (("broken.npz",), "cannot be read as .npz"),
        (("images.npz",), "either end could be the channels"),
        (("shop.csv", "--targets", "z"), "matches no column"),
    ],
)
def test_nothing_is_written_over_and_mistakes_are_named(arguments: tuple[str, ...], found: str) -> None:
    before = {path: path.read_bytes() for path in Path().iterdir()}
    result = invoke("init", *arguments)
    assert result.exit_code == 2
    assert found in result.stderr
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def test_a_loss_that_the_command_names_is_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    result = invoke("init", "shop.csv", "--targets", "y_*", "--loss", f"y_a={SQUARED}")
    assert result.exit_code == 0, result.output
    assert load_spec("shop.yaml").tasks.options["losses"] == {"y_a": SQUARED}

"""Data in memory: what a data frame becomes, that the run goes on from it, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet

import analysis
import study
from analysis.records.run_command import run_path, started_with
from mtl_core.errors import UserError
from study.driver.frame import DATA, Frame, spec_of_frame

SECTIONS: dict[str, Any] = {
    "factors": {"depth": 1, "stages": 1, "width": 8, "weighting": "equal"},
    "training": {"epochs": 2, "batch_size": 16},
    "search": {"seeds": 1, "rungs": []},
    "tuning": {"draws": 1},
    "confirm": {"seeds": 2},
    "verdict": {"seeds": 5, "max_seeds": 5, "follow_up": False},
    "evaluation": {"design": "holdout"},
}


def data(rows: int = 60) -> pd.DataFrame:
    chance = np.random.default_rng(0)
    return pd.DataFrame({name: chance.normal(size=rows) for name in ("x", "y_a", "y_b")})


def test_a_frame_is_a_study_that_the_same_call_resumes_and_the_command_line_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    frame = study.frame(data(), targets="y_*")
    run = study.run({"name": "shop"} | SECTIONS, data=frame, backend="inline")
    assert run == tmp_path / "runs" / "shop", "the study's name names its directory"
    records = analysis.load(run)
    assert (run_path(records), started_with(records).split("  ")[0]) == ("runs/shop", "study.run(…, out='runs/shop')")
    assert list(records.tasks["task"]) == ["y_a", "y_b"]
    assert pd.read_parquet(run / DATA).equals(data())
    number = len(records.ledger)
    again = study.run({"name": "shop"} | SECTIONS, data=study.frame(data(), targets="y_*"), backend="inline")
    assert again == run
    assert "finished" not in {event["event"] for event in analysis.load(run).ledger[number:]}
    answer = analysis.answer(run)
    assert set(answer.verdicts["task"]) == {"y_a", "y_b", ""}
    assert answer.recommendation.headline in str(answer)
    assert "<table" in answer._repr_html_()


def test_other_data_are_refused_and_leave_the_run_as_it_was(tmp_path: Path) -> None:
    spec_of_frame(study.frame(data(), targets="y_*"), None, tmp_path / "run")
    with pytest.raises(UserError, match="other data"):
        spec_of_frame(study.frame(data(61), targets="y_*"), None, tmp_path / "run")
    assert len(pd.read_parquet(tmp_path / "run" / DATA)) == 60
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("text")
    with pytest.raises(UserError, match="something else"):
        spec_of_frame(study.frame(data(), targets="y_*"), None, tmp_path / "full")
    assert not (tmp_path / "full" / DATA).exists()


@pytest.mark.parametrize(
    "made",
    [
        lambda: data().assign(k=pd.Categorical(["a", "b"] * 30)),
        lambda: {"x": np.array([np.nan, *range(59)]), "y_a": np.arange(60.0)},
        lambda: pa.table({"x": pa.array([float("nan")] * 2 + [1.0] * 58), "y_a": np.arange(60.0)}),
    ],
)
def test_the_same_call_is_let_in_with_categories_and_with_nan(made: Any, tmp_path: Path) -> None:
    specs = [spec_of_frame(study.frame(made(), targets="y_*"), None, tmp_path / "run") for _ in range(2)]
    assert specs[0] == specs[1]


class Polars:
    """What this project asks of a data frame of polars."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    @property
    def columns(self) -> list[str]:
        return self._table.column_names

    def __len__(self) -> int:
        return len(self._table)

    def to_arrow(self) -> pa.Table:
        return self._table


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(pa.Table.from_pandas(data()), id="arrow"),
        pytest.param(Polars(pa.Table.from_pandas(data(), preserve_index=False)), id="polars"),
        pytest.param({name: values.to_numpy() for name, values in data().items()}, id="arrays"),
        pytest.param({name: torch.tensor(values.to_numpy()) for name, values in data().items()}, id="tensors"),
        pytest.param(data().set_index(pd.Index(range(7, 67))), id="an index"),
    ],
)
def test_every_kind_of_table_is_the_same_data(same: Any) -> None:
    assert study.frame(same, targets=["y_a"]).table.equals(pa.Table.from_pandas(data()).replace_schema_metadata(None))


def test_tasks_may_store_words_in_different_ways_and_other_types_are_refused() -> None:
    words = pd.DataFrame({"x": ["u", "v"], "y": [0.1, 0.2]})
    codes = words.assign(x=pd.Categorical(["w", "v"]))
    table = study.frame({"a": words, "b": codes}, targets="y").table
    assert table.column("x").to_pylist() == ["u", "v", "w", "v"]
    with pytest.raises(UserError, match="a column holds other types in the data of one task than of another"):
        study.frame({"a": words, "b": words.assign(x=[1, 2])}, targets="y")


def test_a_frame_per_task_is_a_long_table(tmp_path: Path) -> None:
    north, south = data(30), data(40)[["y_b", "x", "y_a"]].drop(columns="y_b")
    frame = study.frame({"north": north.drop(columns="y_b"), "south": south}, targets="y_a")
    assert frame.options == {"targets": ["y_a"], "task": "task"}
    assert frame.table.column("task").to_pylist() == ["north"] * 30 + ["south"] * 40
    spec = spec_of_frame(frame, SECTIONS, tmp_path / "run")
    assert spec.tasks.options["task"] == "task"
    assert len(parquet.read_table(tmp_path / "run" / DATA)) == 70


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (lambda: study.frame([1, 2], targets="y"), "a list is no table"),
        (lambda: study.frame({"x": [1, 2], "y": [1]}, targets="y"), "this is no table"),
        (lambda: study.frame({"a": data(), "b": data()[["x"]]}, targets="y_a"), "other columns"),
        (lambda: study.frame({"a": data().assign(task=1)}, targets="y_a"), "a column 'task'"),
        (study.run, "neither a study nor data"),
    ],
)
def test_what_is_no_table_is_refused(made: Any, found: str) -> None:
    with pytest.raises(UserError, match=found):
        made()


def test_a_wrong_section_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="factors"):
        spec_of_frame(Frame(pa.table({"x": [1]}), "frame"), {"factors": {"widht": 3}}, tmp_path / "run")
    assert not (tmp_path / "run").exists()


SCRIPT = """
import pandas as pd, study
data = study.frame(pd.read_parquet({data!r}), targets="y_*")
study.run({sections!r}, data=data, out={out!r}, backend={backend!r}, workers=1)
"""


@pytest.mark.parametrize("backend", ["inline", pytest.param("ray", marks=pytest.mark.slow)])
def test_a_script_needs_no_main_guard(tmp_path: Path, backend: str) -> None:
    data().to_parquet(tmp_path / "d.parquet")
    script = tmp_path / "script.py"
    facts = {"data": str(tmp_path / "d.parquet"), "sections": SECTIONS, "out": str(tmp_path / "run")}
    script.write_text(SCRIPT.format(backend=backend, **facts))
    done = subprocess.run(
        [sys.executable, script], check=False, cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert analysis.answer(tmp_path / "run").options is not None

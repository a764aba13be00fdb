"""Cells become the numbers that they were in training, whatever the table, and predictions are what they say."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file

from mtl_core.data.task_set import TaskSet
from mtl_core.network.portable import model
from mtl_core.network.portable.model import InputError, Predictor
from mtl_core.tasks.table import Table
from study.driver.export.new_rows import read_new_rows

ROWS = 60
CHANCE = np.random.default_rng(7)


def number(k: int) -> str:
    return f"{CHANCE.normal() * 10**k:.4f}"


def cells(*values: Any) -> list[str]:
    return [str(values[k]) for k in CHANCE.integers(len(values), size=ROWS)]


def sparse(column: list[str], word: str = "", share: float = 0.2) -> list[str]:
    return [word if gap else cell for cell, gap in zip(column, CHANCE.random(ROWS) < share, strict=True)]


Y = [number(0) for _ in range(ROWS)]
COLUMNS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "numbers": ([number(2) for _ in range(ROWS)], {}),
    "gaps": (sparse([number(0) for _ in range(ROWS)]), {}),
    "words for missing": (sparse([number(0) for _ in range(ROWS)], "NA"), {}),
    "hexadecimal": (cells("0x10", "0x1F", "3"), {}),
    "far from 0": ([f"{1.7e9 + CHANCE.normal():.5f}" for _ in range(ROWS)], {}),
    "whole": (cells(1, 2, 3, 40), {}),
    "a code": (sparse(cells(1, 2, 3), "-999"), {"missing": [-999]}),
    "a code of its own": (sparse(cells(1, 2, 3), "-1"), {"missing": {"x": [-1]}}),
    "text": (cells("red", "green", " blue", "Größe"), {}),
    "text with gaps": (sparse(cells("red", "green")), {}),
    "NA is a region": (cells("NA", "EU"), {"missing": {"x": []}}),
    "text code": (sparse(cells("red", "green"), "unknown"), {"missing": ["unknown"]}),
    "leading zeros": (cells("01", "1", "002"), {}),
    "zip": (cells("01234", "53111", "53113"), {"kinds": {"x": "categorical"}}),
    "classes in numbers": (cells("1", "2", "3"), {"kinds": {"x": "categorical"}}),
    "halves": (cells("0.5", "1.0", "2"), {"kinds": {"x": "categorical"}}),
    "truth": (cells("true", "false"), {}),
    "truth with gaps": (sparse(cells("True", "False")), {}),
    "yes": (cells("yes", "no"), {"kinds": {"x": "boolean"}}),
    "0 and 1": (cells("0", "1"), {"kinds": {"x": "boolean"}}),
    "truth as category": (sparse(cells("true", "false")), {"kinds": {"x": "categorical"}}),
    "dates": (sparse([f"20{k:02d}-03-0{k % 9 + 1}" for k in CHANCE.integers(10, 24, size=ROWS)]), {}),
    "moments": ([f"2021-03-01 {k:02d}:00:01" for k in CHANCE.integers(24, size=ROWS)], {}),
    "dates as categories": (cells("2024-03-01", "2024-03-02"), {"kinds": {"x": "categorical"}}),
    "a date code": (sparse(cells("2021-01-02", "2022-02-03"), "9999-12-31"), {"missing": ["9999-12-31"]}),
    "decimal comma": ([number(1).replace(".", ",") for _ in range(ROWS)], {"csv": {"decimal": {"x": ","}}}),
    "categories with a decimal comma": (
        sparse(cells("0,5", "1,0", "2")),
        {"csv": {"decimal": {"x": ","}}, "kinds": {"x": "categorical"}},
    ),
    "many": ([f"v{k}" for k in (*range(51), *range(9))], {}),
    "constant": (["3"] * ROWS, {}),
    "blanks around": (cells(" 01", "1", "2"), {"kinds": {"x": "categorical"}}),
}


def built(tmp_path: Path, cells: list[str], options: dict[str, Any]) -> tuple[TaskSet, list[dict[str, str]]]:
    other = [number(0) for _ in range(ROWS)]
    rows = [{"x": x, "other": o, "y": y} for x, o, y in zip(cells, other, Y, strict=True)]
    path = tmp_path / "t.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["x", "other", "y"])
        writer.writeheader()
        writer.writerows(rows)
    return Table(path=path, targets=("y",), test_share=0.2, **options).build(), rows


def encoder(task_set: TaskSet) -> Predictor:
    columns = [column.facts() for column in task_set.input_columns]
    facts = {"tasks": [], "inputs": {"shape": [1], "columns": columns}, "programs": [], "networks": []}
    predictor = Predictor(json.loads(json.dumps(facts)), {})
    predictor.register_buffer("place", torch.zeros(1))
    return predictor


def same(found: torch.Tensor, task_set: TaskSet) -> None:
    """Rows as training had them, in whatever order its split put them."""
    parts = [task_set.development.examples.inputs, task_set.test.inputs]
    expected = torch.cat(parts).nan_to_num(-12345.0)
    assert found.dtype == torch.float32
    assert sorted(map(tuple, found.nan_to_num(-12345.0).tolist())) == sorted(map(tuple, expected.tolist()))


@pytest.mark.parametrize("name", list(COLUMNS))
def test_cells_of_a_text_file_become_what_they_were_in_training(tmp_path: Path, name: str) -> None:
    cells, options = COLUMNS[name]
    task_set, rows = built(tmp_path, cells, options)
    predictor = encoder(task_set)
    same(predictor.encode(rows), task_set)
    same(predictor.encode({"x": [row["x"] for row in rows], " other": [row["other"] for row in rows]}), task_set)


FRAMES: dict[str, Any] = {
    "floats": CHANCE.normal(size=ROWS),
    "singles": CHANCE.normal(size=ROWS).astype(np.float32),
    "gaps": np.where(CHANCE.random(ROWS) < 0.3, np.nan, CHANCE.normal(size=ROWS)),
    "whole": CHANCE.integers(5, size=ROWS),
    "text": np.array(["a", "b", None], dtype=object)[CHANCE.integers(3, size=ROWS)],
    "truth": CHANCE.random(ROWS) < 0.5,
    "dates": pd.to_datetime("2021-01-01") + pd.to_timedelta(CHANCE.integers(999, size=ROWS), unit="h"),
    "zones": pd.to_datetime("2021-01-01", utc=True) + pd.to_timedelta(CHANCE.integers(99, size=ROWS), unit="D"),
    "categories": pd.Categorical(np.array(["u", "v"])[CHANCE.integers(2, size=ROWS)]),
    "nullable": pd.array([None if k == 0 else k for k in CHANCE.integers(4, size=ROWS)], dtype="Int64"),
}


@pytest.mark.parametrize("name", list(FRAMES))
@pytest.mark.parametrize("as_category", [False, True])
def test_a_data_frame_is_read_like_the_file_that_it_was_stored_in(tmp_path: Path, name: str, as_category: bool) -> None:
    if as_category and name in ("floats", "gaps"):
        pytest.skip("every row would be a category of its own")
    if as_category and name == "singles":
        values: Any = np.array([0.1, 0.7, 2.0], np.float32)[CHANCE.integers(3, size=ROWS)]
    else:
        values = FRAMES[name]
    frame = pd.DataFrame({"x": values, "y": [float(y) for y in Y]})
    frame.to_parquet(tmp_path / "t.parquet")
    kinds: dict[str, Any] = {"kinds": {"x": "categorical"}} if as_category else {}
    task_set = Table(path=tmp_path / "t.parquet", targets=("y",), test_share=0.2, **kinds).build()
    same(encoder(task_set).encode(frame), task_set)


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        (np.array(["a", "b", None], dtype=object)[CHANCE.integers(3, size=ROWS)], {}),
        (np.array([1.0, 2.0, np.nan])[CHANCE.integers(3, size=ROWS)], {"x": "categorical"}),
        (np.array([True, False, None], dtype=object)[CHANCE.integers(3, size=ROWS)], {"x": "categorical"}),
        (pd.to_datetime(["2024-03-01", "2024-03-02", None])[CHANCE.integers(3, size=ROWS)], {"x": "categorical"}),
        (np.array(["a", "", "b"])[CHANCE.integers(3, size=ROWS)], {}),
    ],
    ids=["text", "numbers", "truth", "dates", "empty text is a category"],
)
def test_a_model_of_a_data_frame_takes_an_empty_cell_of_text_for_a_missing_one(
    tmp_path: Path, values: Any, kinds: dict[str, str]
) -> None:
    frame = pd.DataFrame({"x": values, "y": [float(y) for y in Y]})
    frame.to_parquet(tmp_path / "t.parquet")
    task_set = Table(path=tmp_path / "t.parquet", targets=("y",), kinds=kinds).build()
    same(encoder(task_set).encode(list(csv.DictReader(io.StringIO(frame.to_csv(index=False))))), task_set)


@pytest.mark.parametrize("stored", [np.float64, np.float32, np.float16])
def test_a_code_is_missing_in_the_precision_that_its_column_is_stored_in(tmp_path: Path, stored: Any) -> None:
    values = np.where(CHANCE.random(ROWS) < 0.3, -99.9, CHANCE.normal(size=ROWS)).astype(stored)
    pq.write_table(pa.table({"x": values, "y": [float(y) for y in Y]}), tmp_path / "t.parquet")
    task_set = Table(path=tmp_path / "t.parquet", targets=("y",), missing=(-99.9,)).build()
    assert task_set.development.examples.inputs[:, 0].isnan().any()
    same(encoder(task_set).encode({"x": values}), task_set)
    same(encoder(task_set).encode({"x": [str(value) for value in values]}), task_set)


def test_what_training_never_saw_is_what_it_would_have_been(tmp_path: Path) -> None:
    task_set, _ = built(tmp_path, sparse(cells("red", "green")), {})
    x = encoder(task_set).encode([{"x": cell, "other": ""} for cell in ("red", "violet", "", "NA")])
    assert x[:, :3].tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 1], [0, 0, 1]]
    assert x[:, 3].isnan().all()


@pytest.mark.parametrize(
    ("column", "cell", "found"),
    [
        ("numbers", "abc", "row 1 holds 'abc', where a number belongs"),
        ("numbers", "1e16", "row 1 holds '1e16'"),
        ("numbers", "inf", "row 1 holds 'inf'"),
        ("dates", "yesterday", "where a date such as 2024-03-01 belongs"),
        ("truth", "2", "where 0 or 1 belongs"),
        ("numbers", "y", "where a number belongs"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(tmp_path: Path, column: str, cell: str, found: str) -> None:
    task_set, _ = built(tmp_path, *COLUMNS[column])
    with pytest.raises(InputError, match="column 'x'") as error:
        encoder(task_set).encode([{"x": cell, "other": "1"}])
    assert found in str(error.value)


def test_columns_that_lack_are_named_and_others_do_not_matter(tmp_path: Path) -> None:
    predictor = encoder(built(tmp_path, *COLUMNS["numbers"])[0])
    with pytest.raises(InputError, match="lacks the column 'x'"):
        predictor.encode([{"other": 1.0, "more": 2}])
    assert predictor.encode([{"other": 1.0, "more": 2, "x": "3"}]).shape == (1, 2)
    assert predictor.encode({"other": [], "x": []}).shape == (0, 2)


def test_columns_that_the_model_does_not_know_are_ignored_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = encoder(built(tmp_path, *COLUMNS["numbers"])[0])
    monkeypatch.setattr(Predictor, "ensembles", lambda self, x: {})
    monkeypatch.setattr(predictor, "tasks", {})
    with pytest.warns(UserWarning, match="ignored, since the model does not know it: the columns 'more', 'y'"):
        predictor.predict({"other": [1.0], "x": [2.0], "more": [1], "y": [0]})
    predictor.predict({"other": [1.0], "x": [2.0]})  # without: any warning is an error here


def test_a_row_of_text_with_another_number_of_cells_than_the_header_is_refused(tmp_path: Path) -> None:
    predictor = encoder(built(tmp_path, *COLUMNS["numbers"])[0])
    shifted = "x,other\n1,2\n1,5,2\n"
    for read in (lambda text: list(csv.DictReader(text)), lambda text: model.columns_of_text(text, ",")):
        with pytest.raises(InputError, match=r"row 2 has (more|3) cells"):
            predictor.encode(read(io.StringIO(shifted)))
    with pytest.raises(InputError, match="row 1 has 1 cells, and the header 2"):
        model.columns_of_text(["x,other", "1"], ",")
    with pytest.raises(InputError, match="is there twice"):
        model.columns_of_text(["x,x ", "1,2"], ",")
    assert model.columns_of_text([" x ,other"], ",") == {"x": [], "other": []}


def test_no_rows_and_tables_of_arrow_are_tables(tmp_path: Path) -> None:
    predictor = encoder(built(tmp_path, *COLUMNS["moments"])[0])
    assert predictor.encode([]).shape == (0, 2)
    values = {"other": [1.5, None], "x": pd.to_datetime(["2021-03-01 05:00:01", None])}
    table = pa.table({name: pa.array(column) for name, column in values.items()})
    expected = predictor.encode(pd.DataFrame(values))
    assert torch.equal(predictor.encode(table).nan_to_num(7.0), expected.nan_to_num(7.0))


def test_images_may_have_their_channels_last_and_are_refused_in_another_shape() -> None:
    facts = {"tasks": [], "inputs": {"shape": [3, 4, 5]}, "programs": [], "networks": []}
    predictor = Predictor(facts, {})
    predictor.register_buffer("place", torch.zeros(1))
    images = np.arange(120.0, dtype=np.float32).reshape(2, 3, 4, 5)
    expected = torch.from_numpy(images).flatten(1)
    for same in (images, images.reshape(2, -1), np.moveaxis(images, 1, 3)):
        assert torch.equal(predictor.encode(same), expected)
    for wrong in (np.moveaxis(images, 1, 2), images.reshape(2, 5, 4, 3), images.reshape(2, 12, 5)):
        with pytest.raises(InputError, match=r"no array of examples of 3 x 4 x 5 numbers \(its examples are"):
            predictor.encode(wrong)


def test_moments_of_numpy_are_moments(tmp_path: Path) -> None:
    predictor = encoder(built(tmp_path, *COLUMNS["moments"])[0])
    texts = ["2021-03-01 05:00:01", "2021-03-02 06:07:08"]
    own = np.array(texts, dtype="datetime64[ns]")
    expected = predictor.encode({"x": texts, "other": [1, 2]})
    assert torch.equal(predictor.encode({"x": own, "other": [1, 2]}), expected)
    assert predictor.encode({"x": np.array(["NaT"], dtype="datetime64[ns]"), "other": [1]})[:, 0].isnan().all()


def test_columns_that_are_there_twice_or_too_short_are_refused(tmp_path: Path) -> None:
    predictor = encoder(built(tmp_path, *COLUMNS["numbers"])[0])
    twice = pd.DataFrame([[1, 2, 3]], columns=["x", "x", "other"])
    for table in (twice, {"x": [1], "x ": [2], "other": [3]}, [{"x": 1, " x": 2, "other": 3}]):
        with pytest.raises(InputError, match="column 'x': is there twice"):
            predictor.encode(table)
    with pytest.raises(InputError, match="different lengths"):
        predictor.encode({"x": [1, 2], "other": [1]})


# --- predictions -----------------------------------------------------------------------------------------------------

PROGRAM = {
    "nodes": [
        ["mean", "mean.dim", [{"value": "x"}, [1]], {}],
        ["moved", "add.Tensor", [{"value": "mean"}, {"value": "shift"}], {}],
        ["wide", "unsqueeze.default", [{"value": "x"}, 2], {}],
        ["logits", "squeeze.dims", [{"value": "wide"}, [2]], {}],
    ],
    "outputs": ["moved", "moved", "logits"],
    "parameters": ["shift"],
    "constants": [],
}
TASKS = [
    {"name": "price", "kind": "regression", "classes": [], "num_targets": 1, "temperature": 1.0},
    {"name": "sold", "kind": "binary", "classes": ["no", "yes"], "num_targets": 1, "temperature": 2.0},
    {"name": "colour", "kind": "multiclass", "classes": ["r", "g", "b"], "num_targets": 1, "temperature": 1.0},
]


def saved(folder: Path, shifts: tuple[float, ...] = (0.0, 2.0)) -> Path:
    names = [task["name"] for task in TASKS]
    facts = {
        "format": model.FORMAT,
        "tasks": TASKS,
        "inputs": {"shape": [3]},
        "programs": [PROGRAM],
        "networks": [{"program": 0, "tasks": names} for _ in shifts],
    }
    folder.mkdir(exist_ok=True)
    (folder / model.MODEL).write_text(json.dumps(facts))
    save_file({f"{k}/shift": torch.tensor([shift]) for k, shift in enumerate(shifts)}, folder / model.PARAMETERS)
    return folder


def test_an_ensemble_answers_with_its_mean_and_its_spread(tmp_path: Path) -> None:
    predictor = Predictor.load(saved(tmp_path / "model"))
    answers = predictor.predict(np.array([[0.0, 3.0, 0.0], [4.0, 0.0, -1.0]]))
    assert answers["price"] == [2.0, 2.0]
    assert answers["price spread"] == pytest.approx([2**0.5] * 2)
    assert answers["sold"] == ["yes", "yes"]
    sigmoid = [1 / (1 + np.exp(-z / 2)) for z in (1.0, 3.0)]
    assert answers["sold=yes"] == pytest.approx([np.mean(sigmoid)] * 2)
    assert answers["sold spread"] == pytest.approx([np.std(sigmoid, ddof=1)] * 2)
    assert answers["colour"] == ["g", "r"]
    assert answers["colour spread"] == [0.0, 0.0]
    probabilities = np.array([answers[f"colour={name}"] for name in "rgb"])
    assert probabilities.sum(axis=0) == pytest.approx([1, 1])
    assert list(Predictor.load(saved(tmp_path / "one", (1.0,))).predict(np.zeros((1, 3)))) == [
        *("price", "sold", "sold=no", "sold=yes", "colour", "colour=r", "colour=g", "colour=b"),
    ]


def test_a_task_may_be_called_like_a_column_of_another(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    text = (folder / model.MODEL).read_text().replace('"colour"', '"price spread"')
    (folder / model.MODEL).write_text(text)
    answers = Predictor.load(folder).predict(np.zeros((1, 3)))
    assert answers["price spread"] == pytest.approx([2**0.5])
    assert answers["price spread_"] == ["r"]


def test_a_model_that_cannot_be_run_says_so(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    text = (folder / model.MODEL).read_text().replace('"x"}, [1]', '"x"}, [7]')
    (folder / model.MODEL).write_text(text)
    with pytest.raises(InputError, match="the model: cannot compute 'mean'"):
        Predictor.load(folder).predict(np.zeros((1, 3)))


@pytest.mark.parametrize("rows", [0, 1, model.CHUNK, model.CHUNK + 1])
def test_any_number_of_rows_has_as_many_answers(tmp_path: Path, rows: int) -> None:
    x = torch.randn(rows, 3, generator=torch.Generator().manual_seed(0))
    answers = Predictor.load(saved(tmp_path / "model")).predict(x)
    assert {len(column) for column in answers.values()} == {rows}
    assert {"price spread", "sold spread", "colour spread"} <= set(answers), "the columns are those of any number"
    assert answers["price"] == pytest.approx((x.mean(dim=1) + 1).tolist(), abs=1e-6)


def test_examples_of_another_shape_are_refused(tmp_path: Path) -> None:
    predictor = Predictor.load(saved(tmp_path / "model"))
    for wrong in (np.zeros((2, 4)), "text", None):
        with pytest.raises(InputError, match="no array of examples of 3 numbers"):
            predictor.predict(wrong)


def test_a_damaged_folder_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no exported model"):
        Predictor.load(tmp_path)
    folder = saved(tmp_path / "model")
    whole, text = (folder / model.PARAMETERS).read_bytes(), (folder / model.MODEL).read_text()
    for damaged in (whole[:4], whole[:-2], b"\xff" * 8 + whole[8:], b""):
        (folder / model.PARAMETERS).write_bytes(damaged)
        with pytest.raises(InputError, match="cannot be read"):
            Predictor.load(folder)
    (folder / model.PARAMETERS).write_bytes(whole)
    for old, new in (
        ('"shift"', '"drift"'),
        ("mtl-study model 1", "mtl-study model 9"),
        ("mean.dim", "from_file.x"),
        ("{", ""),
    ):
        (folder / model.MODEL).write_text(text.replace(old, new, 1))
        with pytest.raises(InputError, match="cannot be read"):
            Predictor.load(folder)


def test_tensors_are_read_as_safetensors_reads_them(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    tensors = {
        **{str(dtype): torch.arange(6).reshape(2, 3).to(dtype) for dtype in model.DTYPES.values()},
        "empty": torch.zeros(0, 4),
        "scalar": torch.tensor(3.5),
    }
    save_file(tensors, tmp_path / "t.safetensors", {"note": "ignored"})
    found = model.read_tensors(tmp_path / "t.safetensors")
    assert found.keys() == tensors.keys()
    for name, value in load_file(tmp_path / "t.safetensors").items():
        assert found[name].dtype == value.dtype
        assert torch.equal(found[name], value)


def test_the_file_needs_nothing_but_pytorch(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model")
    (folder / "model.py").write_text(Path(model.__file__).read_text())
    script = """
import sys
from model import Predictor
model = Predictor.load(".")
print(model.predict([[0, 3, 0]])["price"])
print(sorted(name for name in sys.modules if name.split(".")[0] in
             ("mtl_core", "study", "analysis", "pandas", "safetensors", "pyarrow", "ray", "jaxtyping")))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env={}, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[2.0]", "[]"]
    assert io.StringIO(done.stderr).read() == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'\xef\xbb\xbf"a","b","c"\n0,3,0\n', "2.0"),
        (b"a,b,c,note\n0,3,0," + b"x" * 200_000 + b"\n", "2.0"),
        (b"a,b,c\n", ""),
        (b"a,b,c\n0,1,5,0\n", "the table: row 1 has 4 cells, and the header 3."),
    ],
    ids=["mark before quotes", "long text", "no rows", "decimal comma"],
)
def test_the_file_predicts_a_table_of_text_as_the_command_does(tmp_path: Path, content: bytes, said: str) -> None:
    folder = saved(tmp_path / "model")
    facts = json.loads((folder / model.MODEL).read_text())
    column = {"kind": "numeric", "stored": "number", "decimal": ".", "missing_words": [""], "missing_numbers": []}
    column |= {"trim": False, "origin": 0.0, "categories": [], "rest": [], "indicator": False}
    facts["inputs"]["columns"] = [column | {"name": name} for name in "abc"]
    (folder / model.MODEL).write_text(json.dumps(facts))
    (folder / "model.py").write_text(Path(model.__file__).read_text())
    (tmp_path / "new.csv").write_bytes(content)
    done = subprocess.run(
        [sys.executable, str(folder / "model.py"), str(tmp_path / "new.csv")],
        capture_output=True,
        text=True,
        check=False,
    )
    rows = done.stdout.splitlines()[1:]
    assert "Traceback" not in done.stderr
    assert (rows[0].split(",")[0] if rows else done.stderr).startswith(said)
    command = read_new_rows(tmp_path / "new.csv", Predictor.load(folder)) if not done.returncode else {}
    assert {len(cells) for cells in command.values()} <= {len(rows)}

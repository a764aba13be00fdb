"""New rows from files of every kind that training reads, and refusals that name the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from mtl_core.errors import UserError
from mtl_core.network.portable.model import Predictor
from study.driver.export.new_rows import read_new_rows

COLUMN = {
    "kind": "numeric", "stored": "number", "decimal": ".", "missing_words": [""], "missing_numbers": [], "trim": False,
    "origin": 0.0, "categories": [], "rest": [], "indicator": False,
}  # fmt: skip


def reads(**inputs: Any) -> Predictor:
    facts = {"tasks": [], "inputs": {"shape": [2], **inputs}, "programs": [], "networks": []}
    predictor = Predictor(facts, {})
    predictor.register_buffer("place", torch.zeros(1))
    return predictor


TABLE = reads(columns=[COLUMN | {"name": "age"}, COLUMN | {"name": "height"}])
ARRAY = reads()


def test_a_table_in_every_format_is_one_table(tmp_path: Path) -> None:
    frame = pd.DataFrame({"height": [1.5, 2.5], " age ": [3.0, 4.0], "note": ["a,b", "c"]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_feather(tmp_path / "t.feather")
    frame.to_csv(tmp_path / "bom.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    for name in ("t.csv", "t.tsv", "t.parquet", "t.feather", "bom.csv"):
        x = TABLE.encode(read_new_rows(tmp_path / name, TABLE))
        assert x.tolist() == [[3.0, 1.5], [4.0, 2.5]], name
    (tmp_path / "header.csv").write_text("age,height\n")
    assert TABLE.encode(read_new_rows(tmp_path / "header.csv", TABLE)).shape == (0, 2)


def test_text_is_read_as_the_study_file_said(tmp_path: Path) -> None:
    other = reads(columns=[COLUMN | {"name": "größe", "decimal": ","}], delimiter=";", encoding="latin-1")
    (tmp_path / "t.csv").write_bytes("größe;x\n1,5;2\n".encode("latin-1"))
    assert other.encode(read_new_rows(tmp_path / "t.csv", other)).tolist() == [[1.5]]


def test_arrays(tmp_path: Path) -> None:
    x = np.arange(6.0).reshape(3, 2)
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "one.npz", anything=x)
    np.savez(tmp_path / "two.npz", inputs=x, labels=x[:, 0])
    for name in ("x.npy", "one.npz", "two.npz"):
        assert ARRAY.encode(read_new_rows(tmp_path / name, ARRAY)).tolist() == x.tolist()


def refused(path: Path, predictor: Predictor) -> str:
    with pytest.raises(UserError) as error:
        read_new_rows(path, predictor)
    assert error.value.where.startswith(str(path))
    return str(error.value)


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "nothing.csv", TABLE)
    cases = {
        "ragged.csv": b"age,height\n1,2,3\n",
        "twice.csv": b"age,age \n1,2\n",
        "empty.csv": b"",
        "binary.csv": b"age,height\n\x00\x01,2\n",
        "broken.parquet": b"PAR1",
    }
    found = {"ragged.csv": "row 1 has 3 cells, and the header 2", "twice.csv": "is there twice", "empty.csv": "empty"}
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        assert found.get(name, "") in refused(tmp_path / name, TABLE)
    np.savez(tmp_path / "several.npz", a=np.zeros(2), b=np.zeros(2))
    assert "holds 2 arrays: a, b" in refused(tmp_path / "several.npz", ARRAY)
    (tmp_path / "broken.npy").write_bytes(b"not an array")
    assert "cannot be read as .npy" in refused(tmp_path / "broken.npy", ARRAY)
    (tmp_path / "t.csv").write_text("age\n1\n")
    assert "was trained on arrays of 2 numbers" in refused(tmp_path / "t.csv", ARRAY)
    assert "was trained on a table" in refused(tmp_path / "broken.npy", TABLE)


def test_a_pickle_in_an_array_file_is_not_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert "cannot be read as .npy" in refused(tmp_path / "objects.npy", ARRAY)


def test_another_delimiter_is_answered_by_what_the_model_was_trained_on(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("age,height\n1,2\n3,4\n")
    with pytest.raises(UserError) as refused:
        read_new_rows(tmp_path / "t.csv", reads(columns=[COLUMN | {"name": "age"}], delimiter=";"))
    assert refused.value.remedy == "Separate them by ';', as the table that the model was trained on."
    (tmp_path / "t.csv").write_bytes("age;höhe\n1;2\n".encode("latin-1"))
    with pytest.raises(UserError) as refused:
        read_new_rows(tmp_path / "t.csv", reads(columns=[COLUMN | {"name": "age"}], delimiter=";"))
    assert refused.value.remedy == "Save it as UTF-8."

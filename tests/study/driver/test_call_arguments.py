"""Calls from Python that are given something else than a study or data say so, and what to give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import study
from mtl_core.errors import UserError

RANDOM = np.random.default_rng(0)
TABLE = pd.DataFrame(RANDOM.standard_normal((120, 3)).round(3), columns=["x_0", "y_a", "y_b"])


@pytest.mark.parametrize("call", ["run", "check"])
@pytest.mark.parametrize(
    ("arguments", "found", "remedy"),
    [
        ({"data": TABLE}, "data is of type DataFrame", "study.frame"),
        ({"spec": "shop.yaml"}, "the study is of type str", "load_spec"),
        ({"spec": TABLE}, "the study is of type DataFrame", "study.frame"),
        ({"spec": {"factors": {"width": [8]}}}, "the study is of type dict", "study.frame"),
        ({}, "there is neither a study nor data", "load_spec"),
    ],
)
def test_what_was_given_is_named(call: str, arguments: dict[str, Any], found: str, remedy: str) -> None:
    with pytest.raises(UserError, match=found) as error:
        getattr(study, call)(**{"spec": None} | arguments)
    assert error.value.where == f"study.{call}"
    assert remedy in error.value.remedy


@pytest.mark.parametrize("wrong", [{"backend": "rey"}, {"device": "gpu"}, {"workers": 0}])
def test_a_refused_call_leaves_no_data_behind(tmp_path: Path, wrong: dict[str, Any]) -> None:
    data, out = study.frame(TABLE, targets=["y_*"]), tmp_path / "run"
    with pytest.raises(UserError):
        study.run({}, data=data, out=out, **wrong)
    assert not (out / "data.parquet").exists()


def test_a_refused_section_leaves_no_data_behind(tmp_path: Path) -> None:
    data, out = study.frame(TABLE, targets=["y_*"]), tmp_path / "run"
    with pytest.raises(UserError, match="y_c"):
        study.run({"importance": {"y_c": 2.0}}, data=data, out=out)
    assert not (out / "data.parquet").exists()


def test_public_names_are_listed() -> None:
    assert {"run", "check", "extend", "frame", "export", "load_spec"} <= set(dir(study))

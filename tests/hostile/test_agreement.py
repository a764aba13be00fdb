"""A small study answers alike however its table is written down: test skills agree to 0.02."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import analysis
from study.config.spec import Spec
from study.driver.run import run
from tests.hostile.formats import FORMATS, Columns, options_of

ROWS = 240
TOLERANCE = 0.02
RANDOM = np.random.default_rng(31)
INPUTS = np.round(RANDOM.normal(size=(4, ROWS)) * 256) / 256
TARGETS = np.round(np.stack([INPUTS[0] + INPUTS[1] / 2, INPUTS[0] - INPUTS[2] / 2]) * 256) / 256
TESTED = np.where(np.arange(ROWS) % 4 == 0, "test", "train")
PLAIN: Columns = {
    **{f"x{place}": values for place, values in enumerate(INPUTS)},
    **{f"y_{place}": values for place, values in enumerate(TARGETS)},
    "split": TESTED,
}
ORDER = RANDOM.permutation(ROWS)


def scaled(unit: float) -> Columns:
    """Every number in another unit."""
    return {name: values if name == "split" else values * unit for name, values in PLAIN.items()}


def moved(name: str) -> Columns:
    """One column 1e12 deviations away from zero, on numbers that float64 holds to 1e-4 of a deviation."""
    return {**PLAIN, name: PLAIN[name] + 1e12 * PLAIN[name].std()}


def stored(type_of_numbers: pa.DataType) -> Columns:
    """Every number in another storage type; 1/256 is exact in each."""
    return {name: v if name == "split" else pa.array(v).cast(type_of_numbers) for name, v in PLAIN.items()}


def whole(number_type: pa.DataType) -> Columns:
    """Every number as a whole number of 256ths."""
    return {name: v if name == "split" else pa.array(v * 256).cast(number_type) for name, v in PLAIN.items()}


def renamed() -> Columns:
    """Inputs and targets in the same order, under other names."""
    return {name if name == "split" else f"{name[0]} [{name[1:]}] *": values for name, values in PLAIN.items()}


SAME_ROWS: dict[str, tuple[str, Callable[[], Columns]]] = {
    "renamed columns": ("parquet", renamed),
    "units of 1e-12": ("csv", lambda: scaled(1e-12)),
    "units of 1e12": ("parquet", lambda: scaled(1e12)),
    "an input 1e12 deviations away": ("parquet", lambda: moved("x0")),
    "a target 1e12 deviations away": ("parquet", lambda: moved("y_0")),
    "float32": ("parquet", lambda: stored(pa.float32())),
    "int16": ("parquet", lambda: whole(pa.int16())),
    "int64": ("feather", lambda: whole(pa.int64())),
    **{format_name: (format_name, lambda: PLAIN) for format_name in FORMATS if format_name != "parquet"},
}


def skills(folder: Path, columns: Columns, format_name: str = "parquet", **options: Any) -> np.ndarray:
    """Mean test skill of each task over all networks of a small study of this file."""
    folder.mkdir()
    path = FORMATS[format_name](folder, columns)
    tasks = {"set": "table", "path": str(path), "targets": ["y*"], "test": "split", **options_of(format_name)}
    spec = Spec.model_validate(
        {
            "name": "small",
            "tasks": {**tasks, **options},
            "factors": {"sharing": ["hard"], "depth": [1], "stages": [1], "width": [16], "weighting": ["equal"]},
            "tuning": {"draws": 1, "learning_rate": 0.01},
            "training": {"epochs": 20, "batch_size": 64},
            "search": {"seeds": 1},
            "confirm": {"seeds": 2},
            "verdict": {"seeds": 20, "max_seeds": 20},  # names of tasks seed networks: renamed ones have others
            "backend": "inline",
        }
    )
    scores = analysis.load(run(spec, out=folder / "run", backend="inline")).scores
    return scores.groupby("task")["test_skill"].mean().sort_index().to_numpy()


@pytest.fixture(scope="module")
def plain_skills(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    found = skills(tmp_path_factory.mktemp("plain") / "study", PLAIN)
    assert (found > 0.6).all(), "the small study has to learn something for agreement to mean anything"
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("format_name", "columns"), SAME_ROWS.values(), ids=SAME_ROWS.keys())
def test_skills_agree(
    format_name: str, columns: Callable[[], Columns], plain_skills: np.ndarray, tmp_path: Path
) -> None:
    found = skills(tmp_path / "study", columns(), format_name)
    assert np.abs(found - plain_skills).max() <= TOLERANCE, (found, plain_skills)


@pytest.mark.slow
def test_skills_agree_when_rows_stand_in_another_order(plain_skills: np.ndarray, tmp_path: Path) -> None:
    """The test rows are the same; training splits are drawn by place, so others are drawn from the same pool."""
    permuted = {name: values[ORDER] for name, values in PLAIN.items()}
    found = skills(tmp_path / "study", permuted)
    assert np.abs(found - plain_skills).max() <= TOLERANCE, (found, plain_skills)


@pytest.mark.slow
def test_skills_agree_where_one_test_value_is_a_declared_code(plain_skills: np.ndarray, tmp_path: Path) -> None:
    coded = {**PLAIN, "y_0": np.where(np.arange(ROWS) == 0, -999.0, PLAIN["y_0"])}
    found = skills(tmp_path / "study", coded, missing=[-999])
    assert np.abs(found - plain_skills).max() <= TOLERANCE, (found, plain_skills)

"""The band ``auto``: from the planned rows alone, the same when resumed, and a user's number wins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from study.config.spec import Spec
from study.driver.run import run
from study.planning.band import band_for, band_text, settle_band
from study.planning.options import build_task_set
from study.planning.prepare import prepare
from tests.study.conftest import small_task_set, tiny


def table(folder: Path, rows: int, *, positives: float = 0.5, seed: int = 0) -> Spec:
    numbers = np.random.default_rng(seed)
    frame = pd.DataFrame(numbers.normal(size=(rows, 3)), columns=["u", "v", "w"])
    for name in ("y_a", "y_b"):
        frame[name] = np.where(np.arange(rows) < positives * rows, "yes", "no")
        frame[name] = numbers.permutation(frame[name])
    path = folder / f"rows-{rows}-{positives}-{seed}.csv"
    frame.to_csv(path, index=False)
    tasks = {"set": "table", "path": str(path), "targets": ["y_*"]}
    return tiny(tasks=tasks, band="auto", evaluation={"design": "holdout"})


@pytest.fixture
def built(tmp_path: Path) -> Any:
    return lambda rows, **options: build_task_set(table(tmp_path, rows, **options))


def test_the_band_is_wider_where_rows_or_positives_are_few_and_one_point_at_least(built: Any) -> None:
    # 40 test rows: skill of 50 points at balanced classes, √(0.25 · 0.75) / 0.5 = 0.866 a row
    half = 2.023 * 86.6 / np.sqrt(40)
    assert band_for(built(200)) == pytest.approx(half / 10, abs=0.05)
    assert band_for(built(200, positives=0.1)) > 2 * band_for(built(200))
    assert band_for(built(4000)) == 1.0
    assert band_for(small_task_set()) == pytest.approx(0.1 * 2.093 * 70.7 / np.sqrt(20), abs=0.05)


def test_what_is_predicted_or_measured_plays_no_part(built: Any) -> None:
    one, other = built(200), built(200, seed=1)
    assert one.fingerprint() != other.fingerprint()
    assert band_for(one) == band_for(other), "the same counts, other labels"


def test_a_number_wins_and_a_begun_study_keeps_its_band() -> None:
    data: TaskSet = small_task_set()
    assert settle_band(tiny(band=2), data).band == 2.0
    assert settle_band(tiny(), data).band == 1.0
    assert settle_band(tiny(band="auto"), data).band == band_for(data) == 3.3
    assert settle_band(tiny(band="auto"), data, stored=tiny(band=7)).band == 7.0
    with pytest.raises(ValueError, match="not settled"):
        _ = tiny(band="auto").band_points


def test_a_fixed_band_leaves_the_hash_of_a_study_as_it_was() -> None:
    assert json.loads(tiny().model_dump_json())["band"] == 1.0
    assert tiny(band=1).digest() == tiny(band=1.0).digest() == tiny().digest()


def test_the_band_is_told_in_words() -> None:
    assert band_text(1.0, "given") == "± 1 point"
    assert band_text(2.5, "given") == "± 2.5 points"
    assert "a tenth of half the interval of a single-task skill" in band_text(2.7, "auto")
    assert "the least" in band_text(1.0, "auto")


def test_a_run_keeps_the_number_and_goes_on_with_it(fake: Path, tmp_path: Path) -> None:
    spec = tiny(band="auto")
    assert prepare(spec, out=tmp_path).band == {"points": 3.3, "rule": "auto"}
    out = run(spec, out=tmp_path / "run")
    assert yaml.safe_load((out / "study.yaml").read_text())["band"] == 3.3
    assert json.loads((out / "manifest.json").read_text())["planned"]["band"] == {"points": 3.3, "rule": "auto"}
    run(spec, out=out)  # the same study, whatever auto would come to today
    with pytest.raises(UserError, match=r"band: 3\.3 there, 1\.0 asked"):
        run(tiny(), out=out)

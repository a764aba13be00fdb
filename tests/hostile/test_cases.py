"""Twenty situations that once ended in a wrong number, or in no number, by the names they were given.

Those of the system around a study are tested elsewhere; :data:`ELSEWHERE` says where.
"""

from __future__ import annotations

import html
import importlib
import re
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import analysis
from study.cli.app import app
from tests.hostile.formats import Columns, days_from, write_csv, write_european_csv, write_parquet
from tests.hostile.kinds import USUAL
from tests.study.refused import refused

ROWS = 240
SMALL = (
    "tuning.draws=1",
    "tuning.learning_rate=0.01",
    "training.epochs=20",
    "search.seeds=1",
    "confirm.seeds=2",
    "verdict.seeds=5",
    "factors.sharing=[hard]",
    "factors.stages=1",
    "factors.width=16",
    "factors.depth=1",
)
RANDOM = np.random.default_rng(41)
X1, X2, X3 = (np.round(values, 4) for values in RANDOM.normal(size=(3, ROWS)))
LEARNABLE: Columns = {"x1": X1, "x2": X2, "x3": X3, "y_a": np.round(X1 + X2, 4), "y_b": np.round(X1 - X3, 4)}
TESTED = np.where(np.arange(ROWS) % 4 == 0, "test", "train")
ELSEWHERE = {
    "long-tmpdir": ("tests.study.store.test_scratch", "test_a_folder_in_which_no_socket_of_rays_would_fit_is_not_used"),
    "read-only-run-directory": ("tests.study.cli.test_console", "test_a_disk_that_takes_nothing_is_a_users_error"),
    "status-of-a-dead-driver": (
        "tests.study.cli.test_status",
        "test_a_study_whose_driver_died_is_said_to_stand_still",
    ),
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def checked(path: Path, *targets: str) -> str:
    """What ``check`` prints of a file that it accepts, with single blanks."""
    flags = [part for name in targets or ("y_*",) for part in ("--targets", name)]
    result = CliRunner().invoke(app, ["check", path.name, *flags])
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def refusal(path: Path, *targets: str) -> str:
    """The three sentences of ``check`` for a file that it refuses."""
    flags = [part for name in targets or ("y_*",) for part in ("--targets", name)]
    return " ".join(refused(["check", path.name, *flags], path.parent).values())


def finished(path: Path, *settings: str) -> tuple[dict[str, float], str]:
    """Run a small study of the file to its report: the mean test skill of every task, and the report's text."""
    flags = [part for setting in (*SMALL, *settings) for part in ("--set", setting)]
    out = path.parent / "run"
    result = CliRunner().invoke(
        app, ["run", path.name, "--targets", "y_*", *flags, "--backend", "inline", "--out", "run"]
    )
    assert result.exit_code == 0, result.output
    page = html.unescape(re.sub(r"<[^>]*>", " ", (out / "report.html").read_text(encoding="utf-8")))
    scores = analysis.load(out).scores
    return scores.groupby("task")["test_skill"].mean().to_dict(), " ".join(page.split())


def test_bracket_names_refused(tmp_path: Path) -> None:
    columns = {"a": USUAL["a"], "b": USUAL["b"], "Temp [C]": USUAL["y_1"], "Load [kN]": USUAL["y_2"]}
    printed = checked(write_csv(tmp_path, columns), "Temp [C]", "Load [kN]")
    assert "Temp [C] target regression" in printed
    assert "Load [kN] target regression" in printed


def test_comma_list_of_targets(tmp_path: Path) -> None:
    assert "--targets 'y_1' --targets 'y_2'" in refusal(write_csv(tmp_path, USUAL), "y_1,y_2")


@pytest.mark.parametrize("first", [1000001.0, 1000004.0, 16777216.0])
def test_float_class_codes(first: float, tmp_path: Path) -> None:
    codes = first + np.array([0.0, 1.0, 2.0, 3.0])[np.arange(100) % 4]
    printed = checked(write_csv(tmp_path, {**USUAL, "y_code": codes}))
    assert "y_code target multiclass, 4 different whole numbers" in printed
    assert all(str(int(code)) in printed for code in np.unique(codes))


def test_index_in_parquet(tmp_path: Path) -> None:
    rank = np.argsort(np.argsort(USUAL["y_1"]))
    printed = checked(write_parquet(tmp_path, {**USUAL, "__index_level_0__": rank}))
    assert "Column '__index_level_0__' holds every whole number from 0 to 99" in printed
    assert "orders the rows exactly as the target 'y_1' does" in printed


def test_leading_blank_headers(tmp_path: Path) -> None:
    columns = {"a": USUAL["a"], " b": USUAL["b"], " y_1": USUAL["y_1"], " y_2": USUAL["y_2"]}
    printed = checked(write_csv(tmp_path, columns))
    assert "begins or ends with a blank and is read as" in printed
    assert "y_1 target regression" in printed
    assert "y_2 target regression" in printed


def test_na_is_a_class(tmp_path: Path) -> None:
    regions = [("NA", "EU", "AP")[row % 3] for row in range(100)]
    printed = checked(write_csv(tmp_path, {**USUAL, "y_region": regions}))
    assert "Cells that say 'NA' (34) are taken as missing" in printed
    assert "missing: {y_region: []}" in printed


def test_semicolon_decimal_comma(tmp_path: Path) -> None:
    told = refusal(write_european_csv(tmp_path, USUAL))
    assert "separates its columns by ';'" in told
    assert "decimal: ','" in told


def test_dotted_dates(tmp_path: Path) -> None:
    dotted = [day.strftime("%d.%m.%Y") for day in days_from(date(2024, 2, 1), 100)]
    told = refusal(write_csv(tmp_path, {**USUAL, "day": dotted}))
    assert "'01.02.2024'" in told
    assert "Write dates like 2023-01-31" in told


def test_text_digits_target(tmp_path: Path) -> None:
    path = write_parquet(tmp_path, {**USUAL, "y_1": [str(row % 2) for row in range(100)]})
    assert "declare it binary, count, multiclass, ordinal or regression under kinds" in refusal(path)
    remedy = ["check", path.name, "--targets", "y_*", "--set", "tasks.kinds={y_1: binary}"]
    result = CliRunner().invoke(app, remedy)
    assert result.exit_code == 0, result.output
    assert "Task 'y_1' is binary" in " ".join(result.stdout.split())


def test_unicode_minus(tmp_path: Path) -> None:
    minus = [str(value).replace("-", "\N{MINUS SIGN}") for value in USUAL["a"]]
    assert "write '-'" in refusal(write_csv(tmp_path, {**USUAL, "a": minus}))


def test_minus_999_is_said(tmp_path: Path) -> None:
    coded = np.where(np.arange(100) % 12 == 0, -999.0, USUAL["y_2"])
    printed = checked(write_csv(tmp_path, {**USUAL, "y_2": coded}))
    assert "'y_2' holds -999 in 9 of 100 rows, far from all others" in printed
    assert "missing: {y_2: [-999]}" in printed


def _without_some(name: str) -> Columns:
    return {**LEARNABLE, name: np.where(np.arange(ROWS) % 12 == 1, -999.0, LEARNABLE[name])}


@pytest.mark.slow
def test_minus_999_declared_is_learnt_from_the_other_rows(tmp_path: Path) -> None:
    skills, _ = finished(write_csv(tmp_path, _without_some("y_b")), "tasks.missing=[-999]")
    assert min(skills.values()) > 0.6, skills


@pytest.mark.slow
def test_constant_in_test(tmp_path: Path) -> None:
    flat = np.where(TESTED == "test", 1.5, LEARNABLE["y_a"])
    path = write_csv(tmp_path, {**LEARNABLE, "y_a": flat, "split": TESTED})
    _, told = finished(path, "tasks.test=split")
    assert "'y_a' has one and the same value in all 60 labelled test rows" in told


@pytest.mark.slow
def test_one_wild_test_row(tmp_path: Path) -> None:
    wild = np.where(np.arange(ROWS) == 8, 999999999.0, LEARNABLE["x2"])
    path = write_csv(tmp_path, {**LEARNABLE, "x2": wild, "split": TESTED})
    _, told = finished(path, "tasks.test=split")
    assert "'x2' holds 999999999 in row 9" in told
    assert sum(file.stat().st_size for file in (tmp_path / "run").rglob("*.html")) < 20_000_000


@pytest.mark.slow
def test_labels_at_three_sites(tmp_path: Path) -> None:
    sites = np.array([f"s{row % 10}" for row in range(ROWS)])
    some = np.where(np.isin(sites, ["s3", "s6", "s8"]), LEARNABLE["y_a"], np.nan)
    path = write_csv(tmp_path, {**LEARNABLE, "y_c": some, "site": sites})
    skills, told = finished(path, "tasks.groups=site")
    assert "'y_c' is labelled in 3 groups only" in told
    assert set(skills) == {"y_a", "y_b", "y_c"}
    assert np.isfinite(list(skills.values())).all()
    assert not re.search(r"(?<!\d)0 paired seeds", told)
    assert "Tasks 'y_a' and 'y_c' are one" in told


def _alike(tmp_path: Path, plain: np.ndarray, changed: np.ndarray) -> None:
    """Studies with either column as the main input have the same skills, and it is learnt."""
    found: list[dict[str, Any]] = []
    for name, values in (("plain", plain), ("changed", changed)):
        (tmp_path / name).mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path / name)
            found.append(finished(write_csv(tmp_path / name, {**LEARNABLE, "x1": values}))[0])
    assert min(found[0].values()) > 0.6, found
    assert all(abs(found[0][task] - found[1][task]) <= 0.02 for task in found[0]), found


@pytest.mark.slow
def test_small_unit_input(tmp_path: Path) -> None:
    _alike(tmp_path, X1, 3e-10 + 1e-10 * X1)


@pytest.mark.slow
def test_unix_time_input(tmp_path: Path) -> None:
    _alike(tmp_path, X1, 1.7e9 + 40 * X1)


def test_dead_address(tmp_path: Path) -> None:
    begun = time.monotonic()
    address = ["--backend", "ray", "--workers", "1", "--insecure", "--address", "127.0.0.1:1"]
    result = CliRunner().invoke(app, ["run", "smoke", *address, "--out", "run"])
    assert result.exit_code == 2, result.output
    assert "nobody answers there" in result.stderr
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("case", ELSEWHERE)
def test_cases_of_the_system_are_tested_elsewhere(case: str) -> None:
    module, name = ELSEWHERE[case]
    assert callable(getattr(importlib.import_module(module), name))

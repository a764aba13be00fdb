"""The command line: what it imports, what it says, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mtl_core.errors import UserError
from study.cli.app import app
from study.config.spec import Spec
from study.driver.backend_choice import RunOptions
from study.planning.prepare import Prepared
from tests.study.conftest import on_a_known_machine

HEAVY = ("torch", "ray", "pandas", "matplotlib", "scipy", "optuna", "pyarrow", "numpy", "sklearn", "seaborn")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[tuple[Spec, dict[str, Any]]]]:
    """Replace ``study.driver.run.run_prepared`` and the report; returns the calls that it gets."""

    def install(outcome: Any) -> list[tuple[Spec, dict[str, Any]]]:
        calls = []

        def run_prepared(prepared: Prepared, *, out: Path, options: RunOptions) -> Path:
            calls.append((prepared.plan.spec, {"out": out, **vars(options)}))
            if isinstance(outcome, BaseException):
                raise outcome
            return out

        module = types.ModuleType("study.driver.run")
        module.run_prepared = run_prepared  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "study.driver.run", module)
        import analysis

        monkeypatch.setattr(analysis, "load", lambda path: types.SimpleNamespace(path=path), raising=False)
        monkeypatch.setattr(analysis, "write_report", lambda records: records.path / "report.html", raising=False)
        verdict = types.SimpleNamespace(
            headline="Do not share \x1b[31m.", sentences=["Because."], options=[], option_cells=[], precision=[]
        )
        monkeypatch.setattr(analysis, "verdict_text", lambda records: verdict, raising=False)
        return calls

    return install


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["check", "--help"], ["list", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = f"import sys; from study.cli.app import app\ntry: app({arguments})\nexcept SystemExit: pass\n"
    code += f"print('HEAVY', [name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[3], check=True
    )
    assert "Usage" in done.stdout
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_a_bad_study_file_is_refused_before_torch_loads(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("tasks: {set: digits3}\nfactors: {widht: 8}\n")
    command = ["run", str(tmp_path / "bad.yaml")]
    code = f"import sys; from study.cli.app import app\ntry: app({command})\nexcept SystemExit: pass\n"
    code += "print('torch' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[3], check=True
    )
    assert "Did you mean 'width'?" in done.stderr
    assert done.stdout.split() == ["False", "False"]


def test_python_m_study_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "study", "list", "presets"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=True,
    )
    assert "multidigits" in done.stdout


def test_run_passes_the_study_on(runner: Callable[[Any], list[Any]]) -> None:
    calls = runner(None)
    result = invoke(
        "run", "digits3", "--set", "training.epochs=3", "--backend", "inline", "--workers", "3", "--budget", "2h"
    )
    assert result.exit_code == 0, result.output
    ((spec, options),) = calls
    assert (spec.training.epochs, spec.backend, spec.workers, spec.budget) == (3, "inline", 3, 7200)
    assert options["out"] == Path("runs/digits3")
    assert options["backend"] == "inline"
    assert options["workers"] == 3
    lines = result.stdout.splitlines()
    assert lines.index(r"Do not share \x1b[31m.") < lines.index("report: runs/digits3/report.html")


def test_run_says_what_the_budget_takes(runner: Callable[[Any], list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    runner(None)
    on_a_known_machine(monkeypatch)
    result = invoke("run", "digits3", "--budget", "120s", "--set", "training.epochs=60")
    assert result.exit_code == 0, result.output
    assert "budget: tuning.draws: 4 instead of 8" in result.stderr


def test_out_address_and_json_are_passed_on(runner: Callable[[Any], list[Any]]) -> None:
    calls = runner(None)
    result = invoke("run", "smoke", "--out", "here", "--address", "auto", "--insecure", "--json")
    assert calls[0][1]["out"] == Path("here")
    assert (calls[0][1]["address"], calls[0][1]["insecure"]) == ("auto", True)
    said = json.loads(result.stdout.splitlines()[-1])
    assert (said["report"], said["sentences"]) == ("here/report.html", ["Because."])


def test_demo_is_a_run_of_the_preset(runner: Callable[[Any], list[Any]]) -> None:
    calls = runner(None)
    assert invoke("demo").exit_code == 0
    assert calls[0][0].name == "demo"
    assert calls[0][1]["out"] == Path("runs/demo")


def test_the_smallest_study_runs_and_opens_with_its_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    import analysis

    # tested elsewhere, slow
    monkeypatch.setattr(analysis, "write_report", lambda records: records.path / "report.html", raising=False)
    result = invoke("run", "smoke", "--backend", "inline", "--set", "tasks.seed=1")
    assert result.exit_code == 0, result.output
    headline, *_, last = result.stdout.strip().splitlines()
    assert headline.endswith(".")
    assert last.startswith("report: ")
    status = json.loads(invoke("status", "runs/smoke", "--json").stdout)
    assert (status["phase"], status["state"]) == ("finished", "finished")
    assert all(0 < status["done"][phase] <= status["planned"][phase] for phase in ("search", "confirm", "verdict"))
    other = invoke("run", "smoke", "--backend", "inline")
    assert other.exit_code == 2
    assert "tasks.seed" in other.stderr


def test_gradients_are_compared_from_the_command_line_to_the_report(all_formats: None) -> None:
    options = ("--backend", "inline", "--set", "diagnostics.gradients=3", "--set", "verdict.seeds=1")
    result = invoke("run", "smoke", *options)
    assert result.exit_code == 0, result.output
    import analysis

    records = analysis.load("runs/smoke")
    shared = records.replicas[(records.replicas["sharing"] == "hard") & (records.replicas["phase"] != "search")]
    assert set(records.conflict["replica"]) == set(shared["replica"])
    assert sorted(set(records.conflict["epoch"])) == [0, 2], "fewer than asked: it is a short training"
    found = records.conflict[records.conflict["task"] != records.conflict["other"]]
    assert found["across"].between(-1, 1).all()
    assert found["cosine"].notna().all()
    page = Path("runs/smoke/report.html").read_text("utf-8")
    assert "Gradient conflict" in page
    assert Path("runs/smoke/figures/conflict.png").stat().st_size > 10_000
    assert len(Path("runs/smoke/tables/conflict.csv").read_text("utf-8").splitlines()) > 20
    other = invoke("run", "smoke", "--backend", "inline", "--set", "verdict.seeds=1")
    assert other.exit_code == 2
    assert "diagnostics.gradients: 3 there, 0 asked" in other.stderr


def test_ctrl_c_prints_the_command_that_goes_on(
    runner: Callable[[Any], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    runner(KeyboardInterrupt())
    monkeypatch.setattr(sys, "argv", ["mtl-study", "run", "digits3", "--out", "a b"])
    result = invoke("run", "digits3", "--out", "a b")
    assert result.exit_code == 130
    assert "mtl-study run digits3 --out 'a b'" in result.stderr
    assert "Traceback" not in result.output


def test_a_mistake_is_three_lines(runner: Callable[[Any], list[Any]]) -> None:
    runner(UserError("data.csv: column '\x1b[31m[bold]y'", "it is\nempty.", "Fill it."))
    result = invoke("run", "smoke")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        r" where  data.csv: column '\x1b[31m[bold]y'",
        r" found  it is\x0aempty.",
        "    do  Fill it.",
    ]


def test_an_unreadable_run_is_a_mistake(runner: Callable[[Any], list[Any]]) -> None:
    from analysis.records.schema import UnreadableRun

    runner(UnreadableRun("records/x.parquet is cut short. Run the same command again."))
    result = invoke("run", "smoke")
    assert result.exit_code == 2
    assert "records/x.parquet is cut short" in result.stderr


def test_a_defect_of_the_program_keeps_its_traceback(runner: Callable[[Any], list[Any]]) -> None:
    runner(ZeroDivisionError("defect"))
    result = invoke("run", "smoke")
    assert result.exit_code == 1
    (crash,) = Path().glob("crash-*.txt")
    assert "ZeroDivisionError: defect" in crash.read_text()


def test_out_must_not_be_a_file(runner: Callable[[Any], list[Any]], tmp_path: Path) -> None:
    calls = runner(None)
    (tmp_path / "file").write_text("precious")
    result = invoke("run", "smoke", "--out", "file")
    assert result.exit_code == 2
    assert not calls
    assert (tmp_path / "file").read_text() == "precious"

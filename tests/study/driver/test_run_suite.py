"""A suite from end to end in this process, on a fake engine, and what each command does with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

import analysis
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.errors import UserError
from study.cli.app import app
from study.config.spec import Spec
from study.config.suite import Suite
from study.driver.run import run as run_single
from study.driver.run_suite import prepare_suite, run_suite, split
from study.planning import prepare
from study.store import ledger
from tests.study.conftest import tiny

SETS = ("digits3", "multidigits", "demo")
SLOW = 1e5
"""Multiply-adds per second of a machine on which these studies take half a minute each."""


def data_of(spec: Spec) -> TaskSet:
    """Two regressions on forty examples of the study's own."""
    number = SETS.index(spec.tasks.set)
    tasks = tuple(Task(f"{name} {number}", "regression", "mse") for name in ("rain", "sun"))
    numbers = torch.Generator().manual_seed(number)
    inputs, targets = torch.randn(60, 3, generator=numbers), torch.randn(60, 2, generator=numbers)
    development = Development(tasks, Examples(inputs[:40], targets[:40]), torch.ones(3, dtype=torch.bool))
    return TaskSet(f"small {number}", development, Examples(inputs[40:], targets[40:]))


@pytest.fixture
def journal(fake: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The fake engine on data that differ by study; returns the journal of what was trained."""
    monkeypatch.setattr(prepare, "build_task_set", data_of)
    monkeypatch.chdir(tmp_path)
    return fake


def three(**changes: Any) -> Suite:
    """A suite of three tiny studies with two ways to share."""
    factors = {"sharing": ["hard", "additive"], "depth": [1], "stages": [1]}
    shape = {"factors": factors, "tuning": {"draws": 2}, "confirm": {"seeds": 5}} | changes
    studies = {name: tiny(name=name, tasks={"set": name}, **shape) for name in SETS}
    return Suite("three", studies)


def run(out: Path, suite: Suite | None = None, **options: Any) -> Path:
    return run_suite(suite or three(), out=out, backend="inline", **options)


def trained(journal: Path) -> list[str]:
    return journal.read_text().splitlines()


def test_every_study_is_an_ordinary_run_and_the_report_ranks_over_all(journal: Path, tmp_path: Path) -> None:
    ended = []
    out = run(tmp_path / "out", after=lambda path, part: ended.append((path.name, part.number, part.of)))
    assert ended == [("digits3", 1, 3), ("multidigits", 2, 3), ("demo", 3, 3)]
    for name, spec in three().studies.items():
        records = analysis.load(out / name)
        assert records.spec["tasks"]["set"] == name
        assert records.manifest["suite"] == "three"
        assert records.events("planned")[-1]["spec_hash"] == spec.digest()
    analysis.write_report(out / "demo")
    page = analysis.write_report(out).read_text("utf-8")
    assert "Over 3 task sets, " in page
    assert 'href="demo/report.html"' in page
    assert 'href="digits3/report.html"' not in page, "there is none yet"
    assert "runs/three/demo/study.yaml" in (out / "demo" / "report.html").read_text("utf-8")
    assert list(analysis.load_suite(out).begun) == list(SETS)


def test_the_same_command_trains_only_what_is_missing(journal: Path, tmp_path: Path) -> None:
    class Cut(Exception):
        pass

    def cut(path: Path, part: Any) -> None:
        if part.number == 2:
            raise Cut

    with pytest.raises(Cut):
        run(tmp_path / "out", after=cut)
    assert not (tmp_path / "out" / "demo").exists()
    before = trained(journal)
    run(tmp_path / "out")
    lines = trained(journal)
    assert len(set(lines)) == len(lines) > len(before)
    run(tmp_path / "out")
    assert trained(journal) == lines
    undisturbed = run(tmp_path / "other")
    for name in SETS:
        frames = [analysis.load(out / name).scores for out in (tmp_path / "out", undisturbed)]
        first, second = (frame.sort_values(["replica", "task"]).to_json(orient="records") for frame in frames)
        assert first == second


def test_another_suite_or_something_else_in_the_directory_is_refused(journal: Path, tmp_path: Path) -> None:
    out = run(tmp_path / "out")
    before = sorted(path for path in out.rglob("*"))
    other = three(training={"epochs": 9})
    with pytest.raises(UserError, match=r"digits3: training\.epochs: 8 there, 9 asked"):
        run(out, other)
    fewer = Suite("three", {name: three().studies[name] for name in SETS[:2]})
    with pytest.raises(UserError, match="digits3, multidigits, demo there, digits3, multidigits asked"):
        run(out, fewer)
    assert sorted(path for path in out.rglob("*")) == before
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("precious")
    with pytest.raises(UserError, match="something else"):
        run(tmp_path / "full")
    with pytest.raises(UserError, match="something else"):
        run_single(three().studies["demo"], out=out)


def test_two_drivers_do_not_meet(journal: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    lock = ledger.Lock(tmp_path / "out")
    with pytest.raises(UserError, match="a study is running here"):
        run(tmp_path / "out")
    lock.release()
    run(tmp_path / "out")


def test_the_same_data_under_two_names_are_refused(
    journal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prepare, "build_task_set", lambda spec: data_of(three().studies["demo"]))
    with pytest.raises(UserError, match="its data are those of 'digits3'"):
        run(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_study_cannot_do_is_said_with_its_name_before_anything_trains(journal: Path, tmp_path: Path) -> None:
    studies = dict(three().studies)
    studies["demo"] = tiny(name="demo", tasks={"set": "demo"}, factors={"sharing": ["independent"], "depth": [1]})
    with pytest.raises(UserError, match=r"suite\.demo: factors\.sharing"):
        run(tmp_path / "out", Suite("three", studies))
    assert not journal.exists()


def test_a_budget_is_split_in_proportion_and_adds_up() -> None:
    assert split(100.0, {"a": 30.0, "b": 10.0}) == {"a": 75.0, "b": 25.0}
    shares = split(7200.5, {"a": 1.0, "b": 1.0, "c": 1.0})
    assert sum(shares.values()) == 7200.5
    assert max(shares.values()) - min(shares.values()) < 3
    with pytest.raises(UserError, match="leaves one of them nothing"):
        split(10.0, {"a": 1.0, "b": 1000.0})


def test_a_split_budget_is_kept_when_the_suite_goes_on(
    journal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("study.planning.prepare.machine_rate", lambda: SLOW)
    monkeypatch.setattr("study.planning.prepare.num_cores", lambda: 2)
    suite = Suite("three", three(tuning={"draws": 8}).studies, budget=84.0)
    prepared = prepare_suite(suite, out=tmp_path / "out")
    budgets = [spec.budget for spec in prepared.suite.studies.values()]
    assert sum(budget or 0 for budget in budgets) == 84.0
    assert all(4 <= study.plan.spec.tuning.draws < 8 for study in prepared.studies.values())
    assert [study.plan.spec.budget for study in prepared.studies.values()] == budgets
    out = run(tmp_path / "out", suite)
    lines = trained(journal)
    monkeypatch.setattr("study.planning.prepare.machine_rate", lambda: 1e12)  # another forecast must not split it anew
    run(out, suite)
    assert trained(journal) == lines


def test_the_machine_is_measured_once_and_data_are_built_once_for_all_studies(
    journal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    measured, built = [], []

    def machine_rate() -> float:
        measured.append(SLOW)
        return SLOW * 10 ** (len(measured) - 1)  # another machine whenever it is measured again

    def build_task_set(spec: Spec) -> TaskSet:
        built.append(spec.name)
        return data_of(spec)

    monkeypatch.setattr("study.planning.prepare.machine_rate", machine_rate)
    monkeypatch.setattr("study.planning.prepare.num_cores", lambda: 2)
    monkeypatch.setattr("study.planning.prepare.build_task_set", build_task_set)
    run(tmp_path / "out", Suite("three", three(tuning={"draws": 8}).studies, budget=84.0))
    assert (len(measured), built) == (1, list(SETS))


def test_the_forecast_of_the_whole_adds_time_but_not_memory(journal: Path, tmp_path: Path) -> None:
    prepared = prepare_suite(three(), out=tmp_path)
    each = [study.forecast for study in prepared.studies.values()]
    assert prepared.forecast.seconds == pytest.approx(sum(one.seconds for one in each))
    assert prepared.forecast.memory == max(one.memory for one in each)
    assert prepared.forecast.peak_disk == pytest.approx(each[0].disk + each[1].disk + each[2].peak_disk)


def test_progress_names_the_study_and_what_is_left_of_the_suite(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "out", screen="json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert list(dict.fromkeys(line["study"] for line in lines)) == list(SETS)
    assert {(line["study"], line["number"], line["of"]) for line in lines} == {
        (name, place, 3) for place, name in enumerate(SETS, start=1)
    }
    ends = [[line for line in lines if line["study"] == name][-1]["seconds_left_in_all"] for name in SETS]
    assert ends[0] > ends[1] > ends[2] == 0


# ---- commands

FILE = """\
name: three
suite: {digits3: {tasks: {set: digits3}}, multidigits: {tasks: {set: multidigits}}, demo: {tasks: {set: demo}}}
factors: {sharing: [hard, additive], depth: [1], stages: [1], width: [4]}
tuning: {draws: 2}
training: {epochs: 8, batch_size: 256}
search: {seeds: 1}
confirm: {seeds: 5}
verdict: {seeds: 2}
backend: inline
"""


def invoke(*arguments: str) -> Any:
    Path("three.yaml").write_text(FILE)
    return CliRunner().invoke(app, list(arguments))


def test_check_says_each_plan_and_the_whole(journal: Path, tmp_path: Path) -> None:
    result = invoke("check", "three.yaml")
    assert result.exit_code == 0, result.output
    for name in SETS:
        assert f"{name}: 2 tasks" in result.stdout
    assert "three: 3 studies" in result.stdout
    assert "forecast of the suite" in result.stdout
    facts = json.loads(invoke("check", "three.yaml", "--json").stdout)
    assert list(facts["studies"]) == list(SETS)
    assert facts["replicas"]["search"] == sum(facts["studies"][name]["replicas"]["search"] for name in SETS)
    assert not (tmp_path / "runs").exists()


def test_run_status_and_report(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    original = analysis.write_report

    def report(path: Path) -> Path:
        written.append(Path(path))
        return original(path) if path.name == "three" else path / "report.html"  # of studies: tested elsewhere, slow

    monkeypatch.setattr(analysis, "write_report", report, raising=False)
    result = invoke("run", "three.yaml")
    assert result.exit_code == 0, result.output
    out = Path("runs/three")
    assert [path.name for path in written] == [*SETS, "three"]
    lines = result.stdout.splitlines()
    assert lines[-1] == f"report: {out / 'report.html'}"
    assert any(line.startswith("Over 3 task sets, ") for line in lines)
    status = invoke("status", str(out))
    assert "3 of 3 studies reported, 0 not begun" in status.stdout
    studies = json.loads(invoke("status", str(out), "--json").stdout)["studies"]
    assert {name: study["phase"] for name, study in studies.items()} == dict.fromkeys(SETS, "reported")
    assert "reported" in invoke("status", str(out / "demo")).stdout
    again = invoke("report", str(out), "--json")
    facts = json.loads(again.stdout.splitlines()[-1])
    assert (facts["suite"], facts["headline"]) == ("three", next(line for line in lines if line.startswith("Over 3")))
    other = invoke("run", "three.yaml", "--set", "suite.demo.training.epochs=9")
    assert other.exit_code == 2
    assert "demo: training.epochs: 8 there, 9 asked" in other.stderr


def test_a_suite_half_done_says_so(journal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stop(path: Path, part: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", after=stop)
    lines = invoke("status", "out").stdout.splitlines()
    assert f"{Path('out') / 'demo'}: not begun" in lines
    assert lines[-1].startswith("out: 1 of 3 studies reported, 2 not begun")
    monkeypatch.setattr(analysis, "write_report", lambda path: Path(path) / "report.html", raising=False)
    result = invoke("report", "out")
    assert result.exit_code == 0, result.output
    assert "Over 1 task set, " in result.stdout
    assert "multidigits and demo have not ended" in result.stdout


def test_run_for_programs_names_each_study(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "write_report", lambda path: Path(path) / "report.html", raising=False)
    events = [json.loads(line) for line in invoke("run", "three.yaml", "--json").stdout.splitlines()]
    reported = [event for event in events if event["event"] == "reported"]
    assert [event.get("study") or event.get("suite") for event in reported] == [*SETS, "three"]
    assert all(event["study"] in SETS for event in events if event["event"] == "progress")


def test_a_budget_says_what_it_takes_from_which_study(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "write_report", lambda path: Path(path) / "report.html", raising=False)
    monkeypatch.setattr("study.planning.prepare.machine_rate", lambda: SLOW)
    monkeypatch.setattr("study.planning.prepare.num_cores", lambda: 2)
    result = invoke("run", "three.yaml", "--set", "tuning.draws=8", "--budget", "84s")
    assert result.exit_code == 0, result.output
    for name in SETS:
        assert f"budget: {name}: tuning.draws: " in result.stderr


def test_a_directory_of_a_suite_is_no_single_run(journal: Path, tmp_path: Path) -> None:
    from analysis.records.schema import UnreadableRun

    run(tmp_path / "out")
    with pytest.raises(UnreadableRun, match="load_suite"):
        analysis.load(tmp_path / "out")

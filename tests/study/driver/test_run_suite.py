"""A suite from end to end in this process, on a fake engine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import analysis
from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from study.config.spec import Spec
from study.config.suite import Suite
from study.driver.run import run as run_single
from study.driver.run_suite import prepare_suite, run_suite, split
from study.planning import prepare
from study.store import ledger
from tests.study.conftest import SETS, SLOW, data_of, install, three, tiny


def run(out: Path, suite: Suite | None = None, **options: Any) -> Path:
    return run_suite(suite or three(), out=out, backend="inline", **options)


def trained(journal: Path) -> list[str]:
    return journal.read_text().splitlines()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished suite, which tests may read and add a report to."""
    with pytest.MonkeyPatch.context() as patch:
        install(patch)
        patch.setattr("study.planning.prepare.build_task_set", data_of)
        return run(tmp_path_factory.mktemp("suite") / "out")


def test_every_study_is_an_ordinary_run_and_the_report_ranks_over_all(finished: Path) -> None:
    out = finished
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
    assert f"{out}/demo/study.yaml" in (out / "demo" / "report.html").read_text("utf-8")
    assert list(analysis.load_suite(out).begun) == list(SETS)


def test_the_same_command_trains_only_what_is_missing(journal: Path, finished: Path, tmp_path: Path) -> None:
    class Cut(Exception):
        pass

    ended = []

    def cut(path: Path, part: Any) -> None:
        ended.append((path.name, part.number, part.of))
        if part.number == 2:
            raise Cut

    with pytest.raises(Cut):
        run(tmp_path / "out", after=cut)
    assert not (tmp_path / "out" / "demo").exists()
    before = trained(journal)
    run(tmp_path / "out", after=lambda path, part: ended.append((path.name, part.number, part.of)))
    parts = [(name, place, 3) for place, name in enumerate(SETS, start=1)]
    assert ended == [*parts[:2], *parts]
    lines = trained(journal)
    assert len(set(lines)) == len(lines) > len(before)
    run(tmp_path / "out")
    assert trained(journal) == lines
    for name in SETS:
        frames = [analysis.load(out / name).scores for out in (tmp_path / "out", finished)]
        first, second = (frame.sort_values(["replica", "task"]).to_json(orient="records") for frame in frames)
        assert first == second


def test_another_suite_or_something_else_in_the_directory_is_refused(
    journal: Path, finished: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(finished, tmp_path / "out")
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

    def stop(path: Path, part: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", after=stop)


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
    suite = Suite("three", three(tuning={"draws": 8}).studies, budget=140.0)
    prepared = prepare_suite(suite, out=tmp_path / "out")
    budgets = [spec.budget for spec in prepared.suite.studies.values()]
    assert sum(budget or 0 for budget in budgets) == 140.0
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
    run(tmp_path / "out", Suite("three", three(tuning={"draws": 8}).studies, budget=140.0))
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


def test_a_directory_of_a_suite_is_no_single_run(finished: Path) -> None:
    from analysis.records.schema import UnreadableRun

    with pytest.raises(UnreadableRun, match="load_suite"):
        analysis.load(finished)

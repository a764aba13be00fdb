"""A study from end to end in this process, on a fake engine."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import analysis
import study
from mtl_core.errors import UserError
from mtl_core.training import evaluation, trainer
from study.jobs.job import Data
from study.jobs.train import TrainingJob
from study.store import ledger
from study.store.archive import Archive
from study.store.ledger import Ledger
from tests.study import fake_engine
from tests.study.conftest import install, tiny


def run(out: Path, **changes: Any) -> Path:
    from study.driver.run import run as run_study

    return run_study(tiny(**changes), out=out, backend="inline")


def tables(out: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Records and scores as plain values, without the time that they took."""
    records = analysis.load(out)
    replicas = records.replicas.drop(columns="seconds").sort_values(["replica", "task"])
    scores = records.scores.sort_values(["replica", "task"])
    return [json.loads(frame.to_json(orient="records")) for frame in (replicas, scores)]  # type: ignore[return-value]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed study, for tests that only read it."""
    with pytest.MonkeyPatch.context() as patch:
        install(patch)
        return run(tmp_path_factory.mktemp("study") / "run")


@pytest.fixture
def copied(fake: Path, finished: Path, tmp_path: Path) -> Path:
    """A copy of the undisturbed study, for tests that go on with it."""
    return shutil.copytree(finished, tmp_path / "copy")


def events(out: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in ledger.read(out / ledger.NAME) if event["event"] == kind]


def test_every_network_keeps_the_norm_that_was_best_on_validation(fake: Path, tmp_path: Path) -> None:
    """Every arm, and every single-task network for itself, has both; what is chosen trains in the later phases."""
    frame = analysis.load(run(tmp_path / "run", factors={"norm": ["none", "batch"]})).replicas
    frame["norm"] = [json.loads(values)["norm"] for values in frame["hyperparameters"]]
    frame["network"] = frame["arm"] + frame["task"].where(frame["sharing"] == "single_task", "")
    frame["best"] = [max(curve) for curve in frame["validation_skill"]]
    searched, later = frame[frame["phase"] == "search"], frame[frame["phase"] != "search"]
    tried = searched[searched["network"].isin(set(frame.loc[frame["phase"] == "confirm", "network"]))]
    assert set(tried.groupby("network")["norm"].nunique()) == {2}
    assert set(later.groupby("network")["norm"].nunique()) == {1}
    assert set(later["norm"]) == {"none", "batch"}, "networks differ in what suits them"
    ended = tried[tried["status"] == "finished"]
    means = ended.groupby(["network", "draw", "norm"])["best"].mean().reset_index()
    best = means.sort_values("best").drop_duplicates("network", keep="last").set_index("network")["norm"]
    for network, norm in later.drop_duplicates("network").set_index("network")["norm"].items():
        if network in best.index:
            assert norm == best[network], network


def test_every_phase_leaves_its_records(finished: Path) -> None:
    out = finished
    frame = analysis.load(out).replicas
    arms = {"hard d1", "hard d2", "single_task", "independent"}
    assert {arm.partition(" w4")[0] for arm in frame.loc[frame["phase"] == "confirm", "arm"]} == arms
    assert Counter(frame["phase"].unique()) == Counter(["search", "confirm", "verdict"])
    assert set(frame.loc[frame["phase"] == "search", "status"]) == {"finished", "stopped"}
    assert set(frame.loc[frame["phase"] != "search", "status"]) == {"finished"}
    judged = frame[frame["phase"] != "search"]
    scores = analysis.load(out).scores
    assert set(scores["replica"]) == set(judged["replica"])
    assert not list((out / "checkpoints").iterdir())
    assert len(frame.loc[frame["phase"] == "search"].query("sharing == 'hard'")["draw"].unique()) == 4


def test_halving_keeps_the_better_half_and_single_tasks_keep_draws_of_their_own(finished: Path) -> None:
    out = finished
    for event in events(out, "halved"):
        assert len(event["kept"]) == {2: 2, 4: 1}[event["epochs"]]
    frame = analysis.load(out).replicas.query("phase == 'search'")
    for (_, task), rows in frame[frame["depth"] == 1].groupby(["arm", "task"]):
        assert sorted(rows["epochs"]) == [2, 2, 4, 8], task
    draws = ledger_value(out, "draws")
    alone = next(value for arm, value in draws.items() if arm.startswith("single_task w4"))
    halvings = [event for event in events(out, "halved") if event["arm"].startswith("single_task w4")]
    assert {event["task"] for event in halvings} == set(alone)


def ledger_value(out: Path, choice: str) -> Any:
    with Ledger(out) as book:
        return book.frozen(choice)


def test_the_package_runs_a_study_however_often_it_is_asked(copied: Path, fake: Path) -> None:
    for _ in range(2):
        assert study.run(tiny(), out=copied, backend="inline") == copied


def test_seeds_of_the_phases_never_meet(finished: Path) -> None:
    frame = analysis.load(finished).replicas
    seeds = {phase: set(rows["seed"]) for phase, rows in frame.groupby("phase")}
    assert seeds == {"search": {0}, "confirm": {1000, 1001, 1002}, "verdict": {2000, 2001}}


def test_choices_are_frozen_before_what_they_judge(finished: Path) -> None:
    out = finished
    story = [
        event.get("choice") or event["event"] + event.get("phase", "")
        for event in ledger.read(out / ledger.NAME)
        if event["event"] in ("frozen", "started", "test_opened")
    ]
    assert story.index("draws") < story.index("startedconfirm") < story.index("arm") < story.index("judged")
    assert story.index("judged") < story.index("startedverdict") < story.index("test_openedconfirm")


def test_the_total_baseline_has_the_arms_size_and_is_searched_like_the_others(finished: Path) -> None:
    out = finished
    judged, draws = ledger_value(out, "judged"), ledger_value(out, "draws")
    frame = analysis.load(out).replicas
    for arm, baselines in judged["baselines"].items():
        assert set(baselines) >= {"best"}
        if arm.startswith("hard"):
            assert set(baselines) == {"each", "loop", "total", "total_ratio", "best"}
            assert 0.5 < baselines["total_ratio"] < 2
            verdict = frame.query("phase == 'verdict'")
            for label in (baselines["each"], baselines["loop"], baselines["total"], *baselines["best"].values()):
                assert label in draws
                assert (verdict["arm"] == label).any()


def test_models_of_what_can_be_recommended_are_kept(finished: Path) -> None:
    out = finished
    judged = ledger_value(out, "judged")
    frame = analysis.load(out).replicas.query("phase == 'verdict'")
    archive = Archive(out)
    for arm in (*judged["arms"], judged["baselines"][judged["arms"][0]]["each"]):
        assert all(archive.has_model(key) for key in frame[frame["arm"] == arm]["replica"])
    options = {*judged["arms"], *(found["each"] for found in judged["baselines"].values())}
    options |= {label for found in judged["baselines"].values() for label in found["best"].values()}
    groups = frame[frame["arm"].isin(options)].groupby(["arm", "task"]).ngroups
    assert 0 < len(list((out / "models").iterdir())) <= groups


def test_training_never_receives_the_test_split(fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    original = TrainingJob.run

    def watched(self: TrainingJob, data: Data, *rest: Any) -> Any:
        seen.append(data.test)
        return original(self, data, *rest)

    monkeypatch.setattr(TrainingJob, "run", watched)
    run(tmp_path / "run")
    assert seen
    assert all(test is None for test in seen)


def test_a_finished_study_trains_nothing_again(fake: Path, copied: Path) -> None:
    out = copied
    first = tables(out)
    run(out)
    assert not fake.exists()
    assert tables(out) == first
    assert len(events(out, "test_opened")) == 2


def test_a_lost_record_is_trained_again_and_nothing_else(fake: Path, copied: Path) -> None:
    out = copied
    first = tables(out)
    part = next(path for path in sorted((out / "records").iterdir()) if _phase(path) == "verdict")
    replicas = set(pq.ParquetFile(part).read()["replica"].to_pylist())
    part.write_bytes(part.read_bytes()[:-40])
    run(out)
    assert {line.split()[0] for line in fake.read_text().splitlines()} == replicas
    assert tables(out) == first
    assert events(out, "damaged")


def _phase(path: Path) -> str:
    return pq.ParquetFile(path).read()["phase"][0].as_py()


def test_failing_user_code_costs_its_shard_and_not_the_study(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(recipe: Any, *arguments: Any, **options: Any) -> Any:
        if recipe.depth == 1:
            raise ZeroDivisionError("the user's loss divides by zero")
        return fake_engine.fit(recipe, *arguments, **options)

    monkeypatch.setattr(trainer, "fit", fit)
    frame = analysis.load(run(tmp_path / "run")).replicas
    failed = frame[frame["status"] == "failed"]
    assert set(failed["depth"]) == {1}
    assert failed["reason"].str.contains("ZeroDivisionError: the user's loss").all()
    assert (frame.loc[frame["depth"] == 2, "phase"] == "verdict").any()


def test_a_failure_after_a_rung_keeps_what_was_trained(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(recipe: Any, *arguments: Any, until: int, **options: Any) -> Any:
        if recipe.depth == 1 and until == 8:
            raise ZeroDivisionError("late")
        return fake_engine.fit(recipe, *arguments, until=until, **options)

    monkeypatch.setattr(trainer, "fit", fit)
    frame = analysis.load(run(tmp_path / "run")).replicas
    failed = frame[frame["status"] == "failed"]
    assert set(failed["epochs"]) == {4}
    assert {len(curve) for curve in failed["validation_skill"]} == {4}


def test_most_replicas_failing_stops_early_and_is_tried_again(
    fake: Path, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(trainer, "fit", fit)
    with pytest.raises(UserError, match="8 of 8 replicas failed, most often with: RuntimeError: no such kernel"):
        run(tmp_path / "run")
    monkeypatch.setattr(trainer, "fit", fake_engine.fit)
    out = run(tmp_path / "run")
    assert tables(out) == tables(finished)


def test_want_of_memory_cuts_the_shard_and_changes_no_result(
    fake: Path, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def fit(recipe: Any, development: Any, rows: Any, **options: Any) -> Any:
        if len(rows) > 1:
            raise MemoryError
        sizes.append(len(rows))
        return fake_engine.fit(recipe, development, rows, **options)

    monkeypatch.setattr(trainer, "fit", fit)
    out = run(tmp_path / "cut")
    assert tables(out) == tables(finished)
    assert sizes
    assert events(out, "cut")


def test_memory_for_not_even_one_replica_is_a_failure(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(recipe: Any, *arguments: Any, **options: Any) -> Any:
        if recipe.depth == 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return fake_engine.fit(recipe, *arguments, **options)

    monkeypatch.setattr(trainer, "fit", fit)
    frame = analysis.load(run(tmp_path / "run")).replicas
    assert set(frame.loc[frame["status"] == "failed", "depth"]) == {2}
    assert frame.loc[frame["status"] == "failed", "reason"].str.contains("allocate").all()


def test_a_full_disk_ends_in_one_line_and_the_study_goes_on_later(
    fake: Path, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from study.store import storage

    whole = storage.write_durably
    written = []

    def full(path: Path, content: bytes) -> None:
        if len(written) == 5:
            raise OSError(28, "No space left on device")
        written.append(path)
        whole(path, content)

    monkeypatch.setattr(storage, "write_durably", full)
    with pytest.raises(UserError, match=r"nothing can be written: OSError.*No space left"):
        run(tmp_path / "run")
    monkeypatch.setattr(storage, "write_durably", whole)
    assert tables(run(tmp_path / "run")) == tables(finished)


def test_scores_that_cannot_be_computed_stop_the_study_and_cost_no_training(
    fake: Path, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any) -> Any:
        raise AttributeError("no such layer")

    monkeypatch.setattr(evaluation, "score_examples_on", broken)
    with pytest.raises(UserError, match="the test split cannot be scored: AttributeError: no such layer"):
        run(tmp_path / "run")
    trained = fake.read_text()
    monkeypatch.setattr(evaluation, "score_examples_on", fake_engine.score_examples_on)
    assert tables(run(tmp_path / "run")) == tables(finished)
    assert fake.read_text() == trained


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"factors": {"width": [8]}}, r"factors\.width: \[4\] there, \[8\] asked"),
        ({"tasks": {"set": "multidigits"}}, r"tasks\.set: digits3 there"),
        ({"confirm": {"seeds": 4}}, r"confirm\.seeds: 3 there, 4 asked"),
    ],
)
def test_another_study_in_the_directory_is_refused(
    fake: Path, copied: Path, changes: dict[str, Any], found: str
) -> None:
    out = copied
    before = sorted(path.stat().st_mtime_ns for path in out.rglob("*"))
    with pytest.raises(UserError, match=found):
        run(out, **changes)
    assert sorted(path.stat().st_mtime_ns for path in out.rglob("*")) == before


def test_what_changes_no_result_may_change(fake: Path, copied: Path) -> None:
    before = sorted(path.name for path in (copied / "records").iterdir())
    run(copied, name="other", workers=3)
    assert sorted(path.name for path in (copied / "records").iterdir()) == before


@pytest.mark.parametrize(
    ("name", "found"), [("fingerprint", "data have changed"), ("engine_version", "another engine")]
)
def test_changed_data_or_engine_are_refused(fake: Path, copied: Path, name: str, found: str) -> None:
    out = copied
    manifest = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps(manifest | {name: "0"}))
    with pytest.raises(UserError, match=found):
        run(out)


def test_a_directory_with_something_else_is_refused(fake: Path, tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(UserError, match="something else"):
        run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_all_of_the_description_is_written(finished: Path) -> None:
    out = finished
    tasks = json.loads((out / "tasks.json").read_text())
    assert {"task", "kind", "metric", "num_development", "num_test", "labelled_test"} <= set(tasks["tasks"][0])


@pytest.mark.parametrize("harm", ["lost", "damaged"])
def test_measured_gradients_that_are_lost_are_measured_again(fake: Path, tmp_path: Path, harm: str) -> None:
    asked = {"diagnostics": {"gradients": 2}}
    out = run(tmp_path / "run", **asked)
    first = tables(out)
    parts = sorted((out / "conflict").iterdir())
    assert parts
    part = parts[0]
    content = part.read_bytes()
    rows = [row for path in sorted((out / "records").iterdir()) for row in pq.read_table(path).to_pylist()]
    trained = {row["replica"] for row in rows if row["part"] == part.stem}
    part.unlink() if harm == "lost" else part.write_bytes(content[:-20])
    fake.unlink()
    run(out, **asked)
    assert {line.split()[0] for line in fake.read_text().splitlines()} == trained
    assert part.read_bytes() == content
    assert tables(out) == first

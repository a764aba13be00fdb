"""An addition on the fake engine: fresh seeds, counted looks, grown families, and the study as it was until the end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import analysis
from analysis.questions import transfer
from study.driver.extend import extend
from study.driver.run import run
from study.execution.scheduler import Scheduler
from study.planning import prepare
from study.protocol import extend as protocol
from study.store import ledger
from tests.study.conftest import install, tiny
from tests.study.driver.test_run import tables
from tests.study.protocol.test_follow_up import three_tasks

OTHER = "hard d1 w4 l2 equal adamw"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of three tasks, which follows nothing up by itself."""
    with pytest.MonkeyPatch.context() as patch:
        install(patch)
        patch.setattr(prepare, "build_task_set", lambda spec: three_tasks())
        return run(spec_of(), out=tmp_path_factory.mktemp("extend") / "run")


def spec_of() -> Any:
    return tiny(verdict={"seeds": 5, "max_seeds": 5, "follow_up": False, "judge": []}, factors={"width": [4, 8]})


@pytest.fixture
def study(fake: Path, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to add to."""
    monkeypatch.setattr(prepare, "build_task_set", lambda spec: three_tasks())
    return shutil.copytree(finished, tmp_path / "study")


def against_each(out: Path) -> pd.DataFrame:
    rows = transfer.table(transfer.score(analysis.load(out)))
    return rows[rows["baseline"] == "each"].set_index(["role", "task"])


def events(out: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in ledger.read(out / ledger.NAME) if event["event"] == kind]


def seeds_of(out: Path, arm: str) -> set[int]:
    rows = analysis.load(out).replicas
    return set(rows[(rows["arm"] == arm) & (rows["phase"] == "verdict")]["seed"])


def not_judged(out: Path) -> str:
    """Label of an arm that was searched and not judged."""
    records = analysis.load(out)
    labels = records.frozen("draws")
    return next(arm for arm in labels if arm.startswith("hard") and arm not in records.frozen("judged")["arms"])


def test_more_seeds_narrow_by_seeds_and_pay_for_the_look(study: Path) -> None:
    before, chosen = against_each(study), analysis.load(study).chosen_arm
    extend(study, seeds=12)
    after = against_each(study)
    assert seeds_of(study, str(chosen)) == set(range(2000, 2012))
    assert set(after["n"]) == {12}
    assert set(before["level_divisor"]) == {1}
    assert set(after["level_divisor"]) == {2}
    assert set(after["family"]) == set(before["family"]) == {3}
    assert [event["look"] for event in events(study, "looked")] == [1, 2]
    rows = analysis.load(study)
    verdict = rows.replicas[rows.replicas["phase"] == "verdict"]
    assert verdict["replica"].isin(rows.scores["replica"]).all()


def test_an_added_arm_is_judged_on_fresh_seeds_and_the_family_grows(study: Path) -> None:
    before, label = against_each(study), not_judged(study)
    extend(study, arms=(label,))
    after = against_each(study)
    assert seeds_of(study, label) == set(range(2005, 2010))
    assert set(after.loc["added", "n"]) == {5}
    assert set(after.loc["chosen", "n"]) == {5}
    assert (after.loc["chosen", "gain"] == before.loc["chosen", "gain"]).all(), "it has the seeds it had"
    assert (after.loc["chosen", "half_width"] > before.loc["chosen", "half_width"]).all()
    assert set(after["family"]) == {6}
    records = analysis.load(study)
    assert records.frozen("judged")["roles"]["added 1.0"] == label
    assert {"each", "loop", "total", "best"} <= set(records.frozen("judged")["baselines"][label])
    assert "Added later" in analysis.write_report(study).read_text()


def test_a_task_left_out_is_trained_alone_and_more_seeds_reach_the_added_arm(study: Path) -> None:
    chosen = analysis.load(study).chosen_arm
    extend(study, without=("sun",))
    label = f"{chosen} without sun"
    after = against_each(study)
    assert after.loc[("added", "sun"), "gain"] == 0
    assert set(after.loc["added", "n"]) == {5}, "its own seeds alone"
    assert (after.loc["added"].loc[["rain", "wind"], "gain"] != 0).all()
    rows = analysis.load(study).replicas
    assert set(rows[rows["arm"] == label]["task"]) == {"rain", "wind"}
    assert analysis.load(study).frozen("judged")["alone"] == {label: ["sun"]}
    extend(study, seeds=8)
    assert seeds_of(study, label) == {*range(2005, 2010), *range(2010, 2013)}
    assert seeds_of(study, str(chosen)) == {*range(2000, 2005), *range(2010, 2013)}
    assert set(against_each(study)["level_divisor"]) == {6}
    options = analysis.verdict_text(study).options
    assert any("sun alone" in option["option"] for option in options)


def test_until_the_end_a_report_shows_the_study_as_it_was(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, label = against_each(study), not_judged(study)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(protocol, "count_look", stop)
        with pytest.raises(KeyboardInterrupt):
            extend(study, arms=(label,))
    assert seeds_of(study, label) == set(range(2005, 2010)), "trained, and not looked at"
    pd.testing.assert_frame_equal(against_each(study), before)
    opened = len(events(study, "test_opened"))
    run(spec_of(), out=study)  # the study itself is finished: nothing of the addition is scored or trained for it
    assert len(events(study, "test_opened")) == opened
    pd.testing.assert_frame_equal(against_each(study), before)
    extend(study, arms=(label,))
    assert set(against_each(study)["level_divisor"]) == {2}


def test_stopped_after_any_job_it_ends_in_the_tables_of_an_undisturbed_one(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = shutil.copytree(study, tmp_path / "undisturbed")
    extend(undisturbed, without="sun")
    whole, handed, stopped = Scheduler.next, 0, 0

    def next_or_stop(scheduler: Scheduler) -> Any:
        nonlocal handed
        handed += 1
        if handed == 3:
            raise KeyboardInterrupt
        return whole(scheduler)

    monkeypatch.setattr(Scheduler, "next", next_or_stop)
    while len(events(study, "added_to_verdict")) == 0:
        handed = 0
        try:
            extend(study, without="sun")
        except KeyboardInterrupt:
            stopped += 1
    assert stopped >= 3
    assert tables(study) == tables(undisturbed)
    assert [event["look"] for event in events(study, "looked")] == [1, 2]
    assert len(events(study, "addition")) == 1
    choices = [json.dumps(event["value"], sort_keys=True) for event in events(study, "frozen")]
    assert choices == [json.dumps(event["value"], sort_keys=True) for event in events(undisturbed, "frozen")]


def test_a_study_that_was_added_to_is_resumed_as_it_was(study: Path) -> None:
    extend(study, arms=(not_judged(study),))
    before, started = tables(study), len(events(study, "started"))
    run(spec_of(), out=study)
    assert tables(study) == before
    assert len(events(study, "started")) == started
    assert events(study, "extended") == []


def test_what_cannot_be_trained_ends_the_addition_without_a_look(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mtl_core.errors import UserError

    with monkeypatch.context() as patch:
        patch.setattr(protocol, "with_baselines", _nothing)
        with pytest.raises(UserError, match="no draw of what was to be added"):
            extend(study, without=("sun",))
    assert len(events(study, "looked")) == 1
    extend(study, seeds=6)
    assert [event["look"] for event in events(study, "looked")] == [1, 2]
    assert [event["number"] for event in events(study, "addition")] == [1, 2]


def _nothing(*_: Any) -> Any:
    yield []
    return {"arms": [], "roles": {}, "alone": {}, "baselines": {}}

"""The follow-up on the fake engine: proposed by validation skill, searched like any arm, judged with the others."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import analysis
from analysis.questions import transfer
from analysis.records.schema import Records
from analysis.statistics.candidate import Proposal
from mtl_core.data.task import Task
from mtl_core.data.task_set import TaskSet
from study.driver.run import run
from study.planning import prepare
from study.protocol import follow_up
from study.protocol.follow_up import follow_up as arm_to_follow
from tests.study.conftest import install, small_task_set, tiny
from tests.study.protocol.conftest import Opener

ALONE = ("sun",)


def three_tasks() -> TaskSet:
    """The small task set with a third task."""
    small = small_task_set()
    tasks = (*small.tasks, Task("wind", "regression", "mse"))
    parts = [
        replace(part, targets=part.targets[:, [0, 1, 0]] + part.inputs[:, [0]])
        for part in (small.development.examples, small.test)
    ]
    return replace(small, development=replace(small.development, tasks=tasks, examples=parts[0]), test=parts[1])


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    with pytest.MonkeyPatch.context() as patch:
        install(patch)
        patch.setattr(prepare, "build_task_set", lambda spec: three_tasks())
        label = "hard d1 w4 l2 equal adamw"
        patch.setattr(follow_up, "proposal", lambda *_: Proposal(label, ALONE))
        out = run(tiny(verdict={"seeds": 5}), out=tmp_path_factory.mktemp("follow") / "run", backend="inline")
    return analysis.load(out)


def test_it_is_searched_like_any_arm_and_judged_on_the_same_seeds(records: Records) -> None:
    judged = records.frozen("judged")
    label = judged["roles"]["candidate"]
    assert label == "hard d1 w4 l2 equal adamw without sun"
    assert judged["arms"][-1] == label
    assert judged["alone"] == {label: ["sun"]}
    rows = records.replicas[records.replicas["arm"] == label]
    assert set(rows["task"]) == {"rain", "wind"}
    assert rows[rows["phase"] == "search"]["draw"].nunique() == 4
    assert set(rows[rows["phase"] == "verdict"]["seed"]) == set(range(2000, 2005))
    assert "confirm" not in set(rows["phase"])


def test_the_tasks_alone_are_their_single_task_networks(records: Records) -> None:
    rows = transfer.table(transfer.score(records))
    mine = rows[(rows["role"] == "candidate") & (rows["baseline"] == "each")].set_index("task")
    assert mine.loc["sun", "gain"] == 0
    assert (mine.loc[["rain", "wind"], "gain"] != 0).all()
    assert mine.loc["", "gain"] == pytest.approx(mine.loc[["rain", "sun", "wind"], "gain"].mean())
    loop = rows[(rows["role"] == "candidate") & (rows["baseline"] == "loop")].set_index("task")
    assert loop.loc["sun", "gain"] != 0


def test_nothing_follows_where_it_is_turned_off_or_nothing_is_harmed(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_up, "proposal", lambda *_: pytest.fail("it is turned off"))
    context = opened(verdict={"seeds": 2, "follow_up": False})
    assert arm_to_follow(context, context.frozen("draws")) is None
    monkeypatch.setattr(follow_up, "proposal", lambda *_: None)
    context = replace(context, plan=replace(context.plan, spec=tiny()))
    assert arm_to_follow(context, context.frozen("draws")) is None


def test_all_folds_together_decide_how_many_tasks_a_fold_leaves_out(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = opened(verdict={"seeds": 2})
    whole = replace(context, plan=replace(context.plan, spec=tiny(), folds=2))
    fold, selected = whole.folds[1], whole.frozen("draws")
    seen: list[tuple[set[int], object]] = []

    def proposed(confirmed: pd.DataFrame, *rest: object) -> Proposal:
        seen.append((set(confirmed["seed"]), rest[-1]))
        return Proposal("hard d1 w4 l2 equal adamw", ALONE)

    monkeypatch.setattr(follow_up, "proposal", proposed)
    monkeypatch.setattr(follow_up, "why_infeasible", lambda *_: None)
    arm = arm_to_follow(fold, selected)
    assert arm is not None
    assert arm.without == ALONE
    everything, own = seen
    assert everything == (set(whole.of_phase("confirm")["seed"]), None)
    assert own == ({seed for seed in everything[0] if seed % 2 == 1}, len(ALONE))
    monkeypatch.setattr(follow_up, "proposal", lambda *_: None)
    assert arm_to_follow(fold, selected) is None


def test_an_arm_with_a_weight_for_each_task_is_no_candidate(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[str]] = []
    monkeypatch.setattr(follow_up, "proposal", lambda _, singles, *rest: asked.append(set(singles)))
    context = opened(factors={"weighting": ["equal", "fixed"]}, verdict={"follow_up": True})
    labels = {arm.label: arm.weighting for arm in context.plan.arms if arm.sharing == "hard"}
    selected = {arm.label: {"rain": 0, "sun": 0} for arm in context.plan.arms}
    assert arm_to_follow(context, selected) is None
    assert {labels[label] for label in asked[0]} == {"equal"} < set(labels.values())

"""``tree: affinity``: found when the run starts, frozen in the ledger, and from then on as good as written out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import analysis
from mtl_core.errors import UserError
from mtl_core.task_grouping import affinity
from study.cli.check import check
from study.cli.status import status
from study.config.spec import Spec
from study.driver.run import run
from study.planning import task_trees
from study.planning.arm import Arm
from study.planning.make_plan import make_plan
from study.planning.options import build_task_set
from study.planning.prepare import prepare, with_trees
from study.planning.replica import Replica
from study.planning.task_trees import find_tree, groups_of, is_to_be_found, stand_ins
from study.planning.training_settings import TrainingSettings, recipe_of, settings_of
from study.store import ledger
from tests.study.planted import TREE, planted

APART = [[[task] for task in TREE[0][0]]] * 2
HARD, BRANCH = Arm("hard", 1, 2, 16), Arm("branch", None, 2, 16)


def asking(folder: Path, tree: Any, **factors: Any) -> Spec:
    """The planted study with another way to ask for its tree."""
    spec = planted(folder)
    training = spec.training.model_copy(update={"sharing_options": {"branch": {"tree": tree}}})
    return spec.model_copy(update={"training": training, "factors": spec.factors.model_copy(update=factors)})


def events(out: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in ledger.read(out / ledger.NAME) if event["event"] == kind]


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        ("affinty", "Did you mean 'affinity'"),
        ("found", "There is: affinity"),
        ({"affinity": 1.5}, "groups: 1.5"),
        ({"affinity": {"group": 1.5}}, "groups: 1.5"),
        ({"afinity": {"groups": 1.5}}, "groups: 1.5"),
        ({"affinity": {}}, "groups: 1.5"),
        ({"affinity": {"groups": 1.5, "by": "lookahead"}}, "Did you mean 'look_ahead'"),
        ({"affinity": {"groups": 0.5}}, "it is 0.5, and there are 4 tasks"),
        ({"affinity": {"groups": 5}}, "Choose 1 to 4"),
        ({"affinity": {"groups": True}}, "it is True"),
        ({"affinity": {"groups": "two"}}, "it is 'two'"),
        (7, "it is '7'"),
    ],
)
def test_what_nobody_understands_is_refused(tree: Any, says: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        prepare(asking(tmp_path, tree), out=tmp_path / "run")
    assert says in str(refused.value)
    assert "training.sharing_options.branch.tree" in refused.value.where


def test_a_made_up_word_is_refused_even_where_nothing_branches(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="affinity"):
        prepare(asking(tmp_path, "affinty", sharing=("hard",)), out=tmp_path / "run")


def test_by_default_groups_are_half_way_between_one_and_all_tasks(tmp_path: Path) -> None:
    assert groups_of(asking(tmp_path, "affinity"), 4) == 2.5
    assert groups_of(planted(tmp_path), 4) == 1.5
    assert not is_to_be_found(TREE)


def test_the_affinity_that_is_asked_for_is_the_one_that_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(affinity, "find_tree", lambda *args, by, **options: asked.append(by) or TREE)
    trees = ("affinity", {"affinity": {"groups": 1.5}}, {"affinity": {"by": "look_ahead"}})
    for tree in trees:
        spec = asking(tmp_path, tree)
        find_tree(spec, build_task_set(spec).development, 2, groups_of(spec, 4))
    assert asked == ["representation", "representation", "look_ahead"]
    assert groups_of(asking(tmp_path, trees[2]), 4) == 2.5


def test_nothing_is_to_be_found_where_a_tree_is_written_or_nothing_branches(tmp_path: Path) -> None:
    names = TREE[0][0]
    assert stand_ins(asking(tmp_path, TREE), names) == {}
    assert stand_ins(asking(tmp_path, "affinity", sharing=("hard",)), names) == {}


def test_a_found_tree_counts_as_if_it_were_written_out(tmp_path: Path) -> None:
    asked = planted(tmp_path)
    written = settings_of(asking(tmp_path, TREE), "search")

    def key(arm: Arm, settings: TrainingSettings) -> str:
        return Replica(arm, 0, 0, "search", {}).key("data", settings)

    found = settings_of(asked, "search", {2: TREE, 3: [*TREE, TREE[-1]]})
    assert recipe_of(BRANCH, found) == recipe_of(BRANCH, written)
    assert key(BRANCH, found) == key(BRANCH, written)
    other = replace(found, trees={2: APART})
    assert key(BRANCH, other) != key(BRANCH, found)
    assert key(HARD, other) == key(HARD, found) == key(HARD, written)
    assert recipe_of(replace(BRANCH, stages=3), found).sharing_options["tree"] == [*TREE, TREE[-1]]


def test_until_it_is_found_a_tree_of_as_many_groups_stands_in(tmp_path: Path) -> None:
    spec = asking(tmp_path, {"affinity": {"groups": 1.5}}, stages=(2, 4))
    plan = make_plan(spec, build_task_set(spec).development)
    assert plan.stand_ins == (2, 4)
    assert {stages: sum(map(len, tree)) for stages, tree in plan.trees.items()} == {2: 3, 4: 6}
    assert {arm.stages for arm in plan.candidates} == {2, 4}
    found = make_plan(spec, build_task_set(spec).development, trees={2: TREE})
    assert (found.stand_ins, found.trees[2]) == ((4,), TREE)


def test_a_matched_width_is_that_of_the_tree_that_was_found(tmp_path: Path) -> None:
    spec = asking(tmp_path, {"affinity": {"groups": 1.5}}, match="parameters", width=(64,))
    before = prepare(spec, out=tmp_path / "run")
    after = with_trees(before, {2: APART})
    widths = [prepared.plan.candidates[0].width for prepared in (before, after)]
    assert widths[0] > widths[1]
    assert after.plan.ratios[after.plan.candidates[0]] == pytest.approx(1, abs=0.05)
    assert before.forecast.trees > after.forecast.trees == 0


def test_check_says_that_a_tree_is_to_be_found_and_trains_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_trees, "find_tree", lambda *_: pytest.fail("check trained"))
    check(planted(tmp_path), out=tmp_path / "run", as_json=False)
    said = " ".join(capsys.readouterr().out.split())
    assert "tree: from affinity, found when the run starts (about 1s of training), for stages: 2" in said
    assert "a stand-in with 1.5 groups per stage" in said
    check(planted(tmp_path), out=tmp_path / "run", as_json=True)
    assert json.loads(capsys.readouterr().out)["stand_ins"] == [2]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    return run(planted(folder), out=folder / "run", backend="inline")


def test_the_planted_pairs_are_found_before_anything_else_and_trained(finished: Path) -> None:
    (event,) = events(finished, "tree")
    assert event["tree"] == TREE
    order = [event["event"] for event in ledger.read(finished / ledger.NAME)]
    assert order[:2] == ["tree", "planned"]
    (planned,) = events(finished, "planned")
    assert (planned["trees"], planned["stand_ins"]) == ({"2": TREE}, [])
    rows = analysis.load(finished).replicas
    spec = planted(finished.parent)
    written = make_plan(asking(finished.parent, TREE), build_task_set(spec).development)
    (arm,) = written.candidates
    keys = {
        replica.key(analysis.load(finished).manifest["fingerprint"], written.settings("search"))
        for replica in written.replicas(arm, "search", [0, 1])
    }
    assert set(rows[(rows["sharing"] == "branch") & (rows["phase"] == "search")]["replica"]) == keys
    assert "affinity" in (finished / "study.yaml").read_text()


def test_a_resumed_run_takes_the_tree_from_the_ledger(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_trees, "find_tree", lambda *_: pytest.fail("found again"))
    before = len(events(finished, "started"))
    run(planted(finished.parent), out=finished, backend="inline")
    assert len(events(finished, "started")) == before
    assert len(events(finished, "tree")) == 1
    assert events(finished, "planned")[-1]["trees"] == {"2": TREE}


def test_another_way_to_ask_is_another_study(finished: Path) -> None:
    with pytest.raises(UserError, match="another study was begun here"):
        run(asking(finished.parent, {"affinity": {"groups": 2}}), out=finished, backend="inline")


def test_status_and_report_show_the_tree(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status(finished, watch=False, as_json=False)
    words = "y_low, y_lower | y_high, y_higher"
    assert f"2 stages: y_low, y_lower, y_high, y_higher → {words}" in capsys.readouterr().out
    page = analysis.write_report(finished).read_text()
    assert words in page
    assert words in (finished / "tables" / "trees.csv").read_text()

"""Options of a study file against the signatures of the classes that they are for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_core.data.task import Task
from mtl_core.errors import UserError
from mtl_core.registry import find
from study.config.load import load_spec, load_suite
from study.config.spec import Spec
from study.driver.run_suite import prepare_suite
from study.planning.options import (
    build_task_set,
    check_options,
    check_weightings,
    checked_options,
)
from study.planning.prepare import prepare


def spec(**parts: Any) -> Spec:
    return Spec.model_validate({"tasks": {"set": "digits3"}} | parts)


def test_a_task_set_is_built_with_its_options() -> None:
    first, second = (build_task_set(spec(tasks={"set": "digits3", "seed": seed})) for seed in (0, 1))
    assert [task.name for task in first.tasks] == [task.name for task in second.tasks]
    assert first.fingerprint() != second.fingerprint()


@pytest.mark.parametrize(
    ("parts", "where", "says"),
    [
        ({"tasks": {"set": "digits3", "sed": 1}}, "tasks.sed", "'seed'"),
        ({"tasks": {"set": "digits3", "seed": "one"}}, "tasks.seed", "integer"),
        ({"tasks": {"set": "table"}}, "tasks.", "missing"),
    ],
)
def test_options_of_task_sets_are_checked(parts: dict[str, Any], where: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as refused:
        build_task_set(spec(**parts))
    assert refused.value.where.startswith(where)


def test_a_backbone_must_have_the_options() -> None:
    check_options(spec(training={"backbone_options": {"norm": "layer"}}))
    with pytest.raises(UserError, match="has no such option") as refused:
        check_options(spec(training={"backbone_options": {"nrm": "layer"}}))
    assert refused.value.where == "training.backbone_options.nrm"


def test_named_options_are_checked_but_a_tree_that_is_to_be_found_is_none_yet() -> None:
    check_options(spec(training={"sharing_options": {"branch": {"tree": "affinity"}, "mmoe": {"experts": 4}}}))
    with pytest.raises(UserError, match="integer") as refused:
        check_options(spec(training={"sharing_options": {"mmoe": {"experts": "four"}}}))
    assert refused.value.where == "training.sharing_options.mmoe.experts"
    with pytest.raises(UserError, match="has no such option"):
        check_options(spec(training={"weighting_options": {"gradnorm": {"beta": 1}}}))


def test_a_tuned_option_may_have_a_range_and_others_may_not() -> None:
    check_options(spec(training={"sharing_options": {"mmoe": {"gate_dropout": {"uniform": [0, 0.3]}}}}))
    with pytest.raises(UserError, match=r"tuned between 0 and 0\.5"):
        check_options(spec(training={"sharing_options": {"mmoe": {"gate_dropout": {"uniform": [0, 3]}}}}))
    with pytest.raises(UserError, match="integer"):
        check_options(spec(training={"sharing_options": {"mmoe": {"experts": {"uniform": [2, 4]}}}}))


def test_options_of_weighting_methods_have_to_suit_the_tasks() -> None:
    tasks = tuple(Task(name, "regression", "mse") for name in ("rain", "sun"))
    half = [[0, 0.5, 0.5], [0.5, 0.9, 0.1]]

    def study(pieces: Any, weighting: str = "scheduled") -> Spec:
        training = {"weighting_options": {"scheduled": {"pieces": pieces}}}
        return spec(factors={"weighting": [weighting]}, training=training if pieces else {})

    check_weightings(study(half), tasks)
    check_weightings(study(None, "fixed"), tasks)
    with pytest.raises(UserError, match="3 weights") as refused:
        check_weightings(study(half), (*tasks, Task("wind", "regression", "mse")))
    assert refused.value.where == "training.weighting_options.scheduled"
    with pytest.raises(UserError, match=r"without its pieces.*scheduled\.pieces") as refused:
        check_weightings(study(None), tasks)
    assert refused.value.where == "factors.weighting"


@pytest.mark.parametrize(
    ("name", "options", "where", "says"),
    [
        ("dwa", {"temperature": 0}, ".temperature", "temperature is 0.0; it should be a finite number above 0"),
        ("adatask", {"beta1": 1.0}, ".beta1", "from 0 up and below 1"),
        ("stch", {"preference": {"rain": -3}}, ".preference", "preference of 'rain' is -3"),
    ],
)
def test_numbers_outside_a_domain_are_refused_where_they_stand(
    name: str, options: dict[str, Any], where: str, says: str
) -> None:
    with pytest.raises(UserError, match=says) as refused:
        check_options(spec(training={"weighting_options": {name: options}}))
    assert refused.value.where == f"training.weighting_options.{name}{where}"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("stch", {"preference": {"Rain": 50}}),
        ("stch", {"ideal": {"Rain": 5}}),
        ("worst_case", {"on": "excess", "baseline": {"rain": 0, "sun": 0, "Rain": 1}}),
    ],
)
def test_tasks_that_options_name_have_to_be_among_the_studys(name: str, options: dict[str, Any]) -> None:
    tasks = tuple(Task(name, "regression", "mse") for name in ("rain", "sun"))
    with pytest.raises(UserError, match=r"'Rain' is not one of the tasks\. Did you mean 'rain'\?") as refused:
        check_weightings(spec(training={"weighting_options": {name: options}}), tasks)
    assert refused.value.where == f"training.weighting_options.{name}"
    find("weighting", "stch").cls(tasks[1:], preference={"rain": 50})  # a network may have some of the tasks


@pytest.mark.parametrize(
    ("options", "where", "says"),
    [
        ({"around": "nope"}, "", "'nope' is not one of the weighting methods"),
        ({"around": "dwa", "options": {"temperatur": 3}}, ".options.temperatur", "Did you mean 'temperature'"),
        ({"around": "dwa", "options": {"temperature": "warm"}}, ".options.temperature", "valid number"),
        ({"around": "dwa", "options": {"temperature": 0}}, ".options.temperature", "above 0"),
        ({"options": {"normalise": 3}}, ".options.normalise", "There is: none, l2"),
    ],
)
def test_options_of_a_method_that_is_consulted_are_checked_like_its_own(
    options: dict[str, Any], where: str, says: str
) -> None:
    with pytest.raises(UserError, match=says) as refused:
        check_options(spec(training={"weighting_options": {"cr_mogm": options}}))
    assert refused.value.where == f"training.weighting_options.cr_mogm{where}"
    check_options(spec(training={"weighting_options": {"cr_mogm": {"around": "stch", "options": {"on": "raw"}}}}))


def test_text_becomes_a_path_but_never_a_number() -> None:
    options = checked_options(find("tasks", "table"), {"path": "a.csv", "targets": ["y"]}, "tasks")
    assert options["path"] == Path("a.csv")
    with pytest.raises(UserError):
        checked_options(find("tasks", "digits3"), {"seed": "3"}, "tasks")


def test_all_mistakes_in_options_are_counted_and_the_first_in_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "tasks: {set: digits3}\ntraining:\n  weighting_options:\n    cagrad: {cc: 1}\n    dwa: {temperature: 0}\n"
        "  sharing_options:\n    branch: {tree: affinty}\n    mmoe:\n      experts: four\n"
    )
    with pytest.raises(UserError) as refused:
        prepare(load_spec(tmp_path / "a.yaml"), out=tmp_path)
    assert refused.value.where == f"{tmp_path}/a.yaml, line 4: training.weighting_options.cagrad.cc"
    assert refused.value.found == "cagrad has no such option."
    assert refused.value.remedy.endswith(" (And 3 more.)")
    options = {"overrides": ["training.weighting_options={dwa: {temperature: 0}}"]}
    with pytest.raises(UserError) as refused:
        prepare(load_spec("digits3", **options), out=tmp_path)
    assert refused.value.where == "--set training.weighting_options={dwa: {temperature: 0}}"


def test_a_mistake_in_the_options_of_a_suite_names_the_line_too(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(
        "training:\n  weighting_options: {dwa: {temperature: 0}}\nsuite:\n  a: {tasks: {set: digits3}}\n"
        "  b:\n    tasks: {set: demo, sed: 1}\n"
    )
    with pytest.raises(UserError) as refused:
        prepare_suite(load_suite(tmp_path / "two.yaml"), out=tmp_path)
    assert refused.value.where == f"{tmp_path}/two.yaml, line 2: training.weighting_options.dwa.temperature"
    options = ["training.weighting_options={}"]
    with pytest.raises(UserError) as refused:
        prepare_suite(load_suite(tmp_path / "two.yaml", options), out=tmp_path)
    assert refused.value.where == f"{tmp_path}/two.yaml, line 6: suite.b.tasks.sed"


def test_a_value_that_is_none_of_the_named_ones_has_the_nearest_suggested() -> None:
    with pytest.raises(UserError, match=r"it is 'bacth'\. Did you mean 'batch'\?"):
        check_options(spec(training={"backbone_options": {"norm": "bacth"}}))

"""A study file with several studies: what each becomes, and what is refused where."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_core.errors import UserError
from mtl_core.search_space import LogUniform, Uniform
from study.config.load import as_text, load, load_spec, load_suite, read_spec, read_suite
from study.config.load_suite import merged
from study.config.spec import Spec
from study.config.suite import Suite

TWO = """\
name: two
suite:
  digits: {tasks: {set: digits3}}
  canvas:
    tasks: {set: multidigits}
    training: {epochs: 4, sharing_options: {branch: {tree: [[[left digit]]]}}}
factors: {sharing: [hard, additive], width: [8]}
training: {epochs: 7, batch_size: 32, sharing_options: {mmoe: {experts: 3}}}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def suite(text: str = TWO, *overrides: str, budget: str | None = None) -> Suite:
    Path("two.yaml").write_text(text)
    return load_suite("two.yaml", overrides=overrides, budget=budget)


def mistake(text: str, *overrides: str, budget: str | None = None) -> UserError:
    with pytest.raises(UserError) as caught:
        suite(text, *overrides, budget=budget)
    return caught.value


def test_what_a_study_says_goes_over_what_all_have_in_common() -> None:
    digits, canvas = suite().studies.values()
    assert (digits.name, digits.tasks.set) == ("digits", "digits3")
    assert (canvas.name, canvas.tasks.set) == ("canvas", "multidigits")
    assert (digits.training.epochs, canvas.training.epochs) == (7, 4)
    assert digits.training.batch_size == canvas.training.batch_size == 32
    assert digits.factors == canvas.factors
    assert set(canvas.training.sharing_options) == {"mmoe", "branch"}
    assert set(digits.training.sharing_options) == {"mmoe"}


def test_each_is_the_study_that_a_file_of_its_own_would_be() -> None:
    Path("alone.yaml").write_text(
        "name: other\ntasks: {set: digits3}\nfactors: {sharing: [hard, additive], width: [8]}\n"
        "training: {epochs: 7, batch_size: 32, sharing_options: {mmoe: {experts: 3}}}\n"
    )
    assert load_spec("alone.yaml").digest() == suite().studies["digits"].digest()


def test_lists_and_ranges_are_replaced_whole() -> None:
    below = {"factors": {"width": [1, 2], "depth": [1]}, "tuning": {"dropout": {"uniform": [0, 0.5]}}}
    above = {"factors": {"width": [3]}, "tuning": {"dropout": {"log_uniform": [0.1, 0.2]}}, "training": None}
    assert merged(below, above) == {
        "factors": {"width": [3], "depth": [1]},
        "tuning": {"dropout": {"log_uniform": [0.1, 0.2]}},
        "training": None,
    }
    assert merged(below, {"factors": None}) == below
    text = TWO.replace("digits: {", "digits: {tuning: {dropout: {log_uniform: [0.1, 0.2]}}, ")
    found = suite(f"{text}tuning: {{dropout: {{uniform: [0, 0.5]}}}}\n")
    assert found.studies["digits"].tuning.dropout == LogUniform(0.1, 0.2)
    assert found.studies["canvas"].tuning.dropout == Uniform(0.0, 0.5)


def test_the_command_line_has_the_last_word_for_all_or_for_one() -> None:
    assert [spec.training.epochs for spec in suite(TWO, "training.epochs=9").studies.values()] == [9, 9]
    one = suite(TWO, "training.epochs=9", "suite.canvas.training.epochs=2", "suite.canvas.tasks.seed=5").studies
    assert [spec.training.epochs for spec in one.values()] == [9, 2]
    assert (one["canvas"].tasks.options, one["digits"].tasks.options) == ({"seed": 5}, {})
    assert suite(TWO, "name=three").name == "three"


def test_a_file_without_a_name_has_the_files() -> None:
    assert suite(TWO.replace("name: two\n", "")).name == "two"


def test_a_budget_is_the_whole_suites_or_each_studys_own() -> None:
    whole = suite(budget="2h")
    assert whole.budget == 7200
    assert [spec.budget for spec in whole.studies.values()] == [None, None]
    own = suite(TWO.replace("digits: {", "digits: {budget: 1h, "))
    assert (own.budget, own.studies["digits"].budget, own.studies["canvas"].budget) == (None, 3600, None)


def test_a_written_suite_is_read_back_as_it_was() -> None:
    for asked in (suite(), suite(budget="2h"), suite().with_budgets({"digits": 60.0, "canvas": 30.0})):
        Path("suite.yaml").write_text(as_text(asked))
        assert read_suite(Path("suite.yaml")) == asked


def test_paths_start_from_the_files_folder(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "t.yaml").write_text(
        "suite:\n  a: {tasks: {set: table, path: a.csv, targets: [y]}}\n  b: {tasks: {set: table, path: b.csv}}\n"
    )
    found = load_suite(tmp_path / "sub" / "t.yaml")
    assert found.studies["a"].tasks.options["path"] == str(tmp_path / "sub" / "a.csv")
    assert found.studies["b"].tasks.options["path"] == str(tmp_path / "sub" / "b.csv")


def test_one_is_not_the_other() -> None:
    suite()
    assert isinstance(load("two.yaml"), Suite)
    assert isinstance(load("digits3"), Spec)
    with pytest.raises(UserError, match="suite of studies"):
        load_spec("two.yaml")
    with pytest.raises(UserError, match="single study"):
        load_suite("digits3")
    with pytest.raises(UserError, match="suite of studies"):
        read_spec(Path("two.yaml"))


@pytest.mark.parametrize(
    ("studies", "where", "found"),
    [
        ("{a: {tasks: {set: digits3}}, b: {tasks: {set: digts}}}", "suite.b.tasks.set", "'digts'"),
        ("{a: {tasks: {set: digits3}}, b: {taks: {set: demo}}}", "suite.b.taks", "'taks'"),
        ("{a: {tasks: {set: digits3}}, b: {}}", "suite.b.tasks", "missing"),
        (
            "{a: {tasks: {set: digits3}}, b: {tasks: {set: demo}, training: {epochs: -1}}}",
            "suite.b.training.epochs",
            "-1",
        ),
        ("{a: {tasks: {set: digits3}}, b: {tasks: {set: digits3}}}", "suite.b.tasks", "'a'"),
        ("{a: {tasks: {set: digits3}}}", "suite", "one study"),
        ("{}", "suite", "no study"),
        ("", "suite", "no studies"),
        ("[digits3, demo]", "suite", "digits3"),
        ("{a: 3, b: {tasks: {set: digits3}}}", "suite.a", "'3'"),
        ("{' ': {tasks: {set: demo}}, b: {tasks: {set: digits3}}}", "suite", "empty"),
        ("{../a: {tasks: {set: demo}}, b: {tasks: {set: digits3}}}", "suite", "'../a'"),
        ("{con: {tasks: {set: demo}}, b: {tasks: {set: digits3}}}", "suite", "'con'"),
        ("{figures: {tasks: {set: demo}}, b: {tasks: {set: digits3}}}", "suite.figures", "own report"),
        ("{a: {tasks: {set: demo}}, A: {tasks: {set: digits3}}}", "suite.a", "one directory"),
        ("{a: {suite: {b: {}}}, b: {tasks: {set: digits3}}}", "suite.a.suite", "no suites"),
        ("{a: {name: x, tasks: {set: demo}}, b: {tasks: {set: digits3}}}", "suite.a.name", "no business"),
        ("{a: {band: 2, tasks: {set: demo}}, b: {tasks: {set: digits3}}}", "suite.a.band", "no business"),
    ],
)
def test_a_mistake_names_its_place(studies: str, where: str, found: str) -> None:
    caught = mistake(f"suite: {studies}\n")
    assert caught.where == f"two.yaml, line 1: {where}"
    assert found in caught.found
    assert caught.remedy


def test_what_is_wrong_in_common_is_named_where_it_stands() -> None:
    assert mistake(TWO.replace("batch_size", "batchsize")).where == "two.yaml, line 8: training.batchsize"
    assert mistake(f"{TWO}tasks: {{set: demo}}\n").where == "two.yaml, line 9: tasks"
    assert mistake(TWO.replace("name: two", "name: a/b")).where == "two.yaml, line 1: name"
    assert mistake(f"budget: soon\n{TWO}").where == "two.yaml, line 1: budget"


def test_what_the_command_line_got_wrong_is_named_as_it_was_given() -> None:
    for override in ("training.epochs=x", "suite.canvas.training.epochs=x", "suite.shop.training.epochs=1", "suite=3"):
        assert mistake(TWO, override).where == f"--set {override}"
    assert mistake(TWO, "training.epochs").where == "--set training.epochs"


def test_two_budgets_are_one_too_many() -> None:
    text = TWO.replace("digits: {", "digits: {budget: 1h, ")
    assert "suite.digits.budget" in mistake(text, budget="2h").where
    assert "suite.digits.budget" in mistake(text, "budget=2h").where


@pytest.mark.parametrize(
    ("override", "found"),
    [
        ("suite.canvas.name=zzz", "name is no business"),
        ("suite.canvas.band=5", "band is no business"),
        ("suite.canvas.device=cpu", "device is no business"),
        ("suite.canvas.suite.x=1", "holds no suites"),
        ("suite.canvas.budget=10m", "the whole suite has a budget"),
        ("suite.digits.budget=10m", "the whole suite has a budget"),
    ],
)
def test_the_command_line_keeps_the_rules_of_the_file(override: str, found: str) -> None:
    error = mistake(f"{TWO}budget: 4h\n", override)
    assert (error.where, found in error.found) == (f"--set {override}", True)


def test_each_study_can_have_a_budget_from_the_command_line() -> None:
    read = suite(TWO, "suite.digits.budget=10m", "suite.canvas.budget=1h")
    assert (read.budget, [spec.budget for spec in read.studies.values()]) == (None, [600.0, 3600.0])
    assert suite(f"{TWO}budget: 4h\n").budget == 4 * 3600.0


def test_targets_are_for_tables() -> None:
    Path("two.yaml").write_text(TWO)
    with pytest.raises(UserError, match="does not read a table"):
        load("two.yaml", targets=["y"])


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("bandd", "Did you mean 'band'? Then give it for the whole suite: --set band=…."),
        ("devic", "Did you mean 'device'? Then give it for the whole suite: --set device=…."),
        ("budgett", "Did you mean 'budget'?"),
        ("training.epoch", "Did you mean 'epochs'?"),
    ],
)
def test_a_suggestion_for_one_study_is_one_that_is_taken(key: str, remedy: str) -> None:
    assert mistake(TWO, f"suite.canvas.{key}=2").remedy == remedy


def test_a_suggestion_for_the_file_is_one_that_is_taken() -> None:
    in_study = mistake(TWO.replace("digits: {", "digits: {bandd: 2, "))
    assert in_study.remedy == "Did you mean 'band'? Then write it beside suite."
    assert "name" not in mistake(TWO, "suite.canvas.nam=x").remedy
    assert mistake(f"{TWO}bandd: 2\n").remedy == mistake(TWO, "bandd=2").remedy == "Did you mean 'band'?"
    assert "'tasks'" not in mistake(f"{TWO}taks: {{set: demo}}\n").remedy

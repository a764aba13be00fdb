"""What a first word names, loaded: the code that a run directory names is imported only where the user trusts it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mtl_core.errors import UserError
from study.cli.app import app
from study.cli.loading import DataOptions, load_named, run_directory
from study.config.spec import Spec
from study.config.suite import NAME, Suite
from study.store import ledger

STUDY = "tasks: {set: dataset, call: 'evil:Data'}\n"
SUITE = "suite:\n" + "".join(
    f"  {name}: {{tasks: {{set: dataset, call: 'evil:{name}'}}}}\n" for name in ("Data", "Other")
)


@pytest.fixture(params=["study.yaml", NAME])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    path.write_text(STUDY if request.param != NAME else SUITE)
    return path


def test_the_users_own_file_is_taken_as_it_is(file: Path) -> None:
    load_named(str(file))


def test_that_of_a_run_directory_needs_a_word_of_trust(file: Path) -> None:
    run = file.parent if file.name != NAME else file.parent / "Data"
    run.mkdir(exist_ok=True)
    (run / ledger.NAME).write_text("")
    with pytest.raises(UserError, match="names code that would be imported: evil:Data") as error:
        load_named(str(file))
    assert "--trust-code" in error.value.remedy
    load_named(str(file), trust_code=True)


def test_a_strategy_that_there_is_not_is_refused_by_the_option_that_names_it(file: Path) -> None:
    with pytest.raises(UserError) as error:
        load_named(str(file), search="popluation")
    assert error.value.where == "--search popluation"
    assert error.value.remedy == "Did you mean 'population'?"


def test_options_keep_to_the_rules_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the budget is 10 GPU-hours, but the device is cpu") as error:
        load_named("smoke", budget="10 GPU-hours", device="cpu")
    assert error.value.where == "--device cpu"
    two = tmp_path / "two.yaml"
    two.write_text("suite: {a: {tasks: {set: digits3}}, b: {tasks: {set: multidigits}, budget: 10 GPU-hours}}\n")
    with pytest.raises(UserError, match="10 GPU-hours"):
        load_named(str(two), device="cpu")
    loaded = load_named(str(two), device="cuda", workers=3)
    assert isinstance(loaded, Suite)
    assert {(spec.device, spec.workers) for spec in loaded.studies.values()} == {("cuda", 3)}


@pytest.mark.parametrize("command", ["init", "tree", "check", "run"])
def test_every_command_that_asks_for_trust_has_the_option(command: str, file: Path) -> None:
    run = file.parent if file.name != NAME else file.parent / "Data"
    run.mkdir(exist_ok=True)
    (run / ledger.NAME).write_text("")
    refused = CliRunner().invoke(app, [command, str(file)])
    assert "--trust-code" in refused.stderr
    trusted = CliRunner().invoke(app, [command, str(file), "--trust-code"])
    assert "--trust-code" not in trusted.stderr, "the next complaint is of the code, which is not there"
    assert trusted.exit_code == 2


def test_a_run_directory_has_the_studys_name_unless_another_is_named() -> None:
    assert run_directory(load_named("smoke"), None) == Path("runs/smoke")
    assert run_directory(load_named("smoke"), Path("there")) == Path("there")


def test_what_is_said_of_the_data_reaches_the_study(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,c\n1,2,3\n")
    loaded = load_named(str(tmp_path / "t.csv"), DataOptions(targets=["b", "c"], groups="a"))
    assert isinstance(loaded, Spec)
    assert (loaded.tasks.options["targets"], loaded.tasks.options["groups"]) == (["b", "c"], "a")


def test_the_study_file_of_a_run_that_was_moved_finds_the_data_that_the_run_keeps(tmp_path: Path) -> None:
    kept = "/another/machine/data.parquet"
    (tmp_path / "study.yaml").write_text(f"tasks: {{set: table, path: {kept}, targets: [y]}}\n")
    loaded = load_named(str(tmp_path / "study.yaml"))
    assert isinstance(loaded, Spec)
    assert loaded.tasks.options["path"] == kept, "no run directory, so the user's own file"
    (tmp_path / ledger.NAME).touch()
    (tmp_path / "data.parquet").touch()
    moved = load_named(str(tmp_path / "study.yaml"))
    assert isinstance(moved, Spec)
    assert moved.tasks.options["path"] == str(tmp_path / "data.parquet")
    assert moved.digest() == loaded.digest()

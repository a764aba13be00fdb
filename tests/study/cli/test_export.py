"""``export``: what people and programs are told, and how it refuses."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from study.cli.app import app
from study.cli.export import networks
from study.driver.places import at_work
from tests.study.finished_studies import Finished
from tests.study.store.remote.conftest import endpoint, on_server  # noqa: F401 - fixtures


def invoke(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def test_people_read_what_was_written_and_how_good_it_is(shop: Finished, tmp_path: Path) -> None:
    result = invoke(shop.run, "--out", tmp_path / "model", "--option", "alone")
    assert result.exit_code == 0, result.output
    assert "Train each task alone at width" in result.stdout
    assert "30 networks" in result.stdout
    assert "  y_price: mse " in result.stdout
    assert f"mtl-study predict {tmp_path / 'model'} NEW.csv" in result.stdout
    assert (tmp_path / "model" / "model.py").is_file()


def test_programs_get_the_card(shop: Finished, tmp_path: Path) -> None:
    result = invoke(shop.run, "--out", tmp_path / "model", "--option", "chosen", "--seed", 2001, "--json")
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    facts = json.loads(line)
    assert (facts["event"], facts["out"], facts["networks"]) == (
        "exported",
        str(tmp_path / "model"),
        len(facts["seeds"]),
    )


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--option", "none"), "the study has judged no such option"),
        (("--seed", 1), "no network of that seed"),
        (("--also", "pickle"), "there is no such format"),
        (("--data", "nowhere.csv"), "the study's table is not there"),
    ],
)
def test_mistakes_are_refused_in_three_lines(
    shop: Finished,
    tmp_path: Path,
    options: tuple[object, ...],
    found: str,
) -> None:
    result = invoke(shop.run, "--out", tmp_path / "model", *options)
    assert result.exit_code == 2, result.output
    assert found in result.stderr
    assert [line.split()[0] for line in result.stderr.splitlines()[-3:]] == ["where", "found", "do"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    result = invoke(tmp_path, "--out", tmp_path / "model")
    assert result.exit_code == 2
    assert "there is no study here" in result.stderr


def test_networks_are_counted() -> None:
    assert [networks(1), networks(1200)] == ["1 network", "1,200 networks"]


def test_the_commands_and_the_lines_of_the_readme_work(
    shop: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    (commands,) = [block for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) if "mtl-study export" in block]
    (lines,) = [block for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "from model" in block]
    shutil.copytree(shop.run, tmp_path / "runs" / "data")
    shutil.copy(shop.table, tmp_path / "new.csv")
    monkeypatch.chdir(tmp_path)
    for line in commands.splitlines():
        program, *arguments = shlex.split(line, comments=True)
        assert program == "mtl-study"
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
    assert (tmp_path / "answers.csv").read_text().count("\n") == 151
    assert len([line for line in lines.splitlines() if line]) <= 5
    shutil.copy(tmp_path / "new.csv", tmp_path / "model" / "new.csv")
    script = f"{lines}\nprint(len(answers['y_price']))"
    run = {"cwd": tmp_path / "model", "capture_output": True, "text": True, "env": {}}
    assert subprocess.run([sys.executable, "-c", script], check=True, **run).stdout.strip() == "150"


def test_a_model_is_taken_from_an_object_store(
    shop: Finished,
    tmp_path: Path,
    on_server: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = "s3://bucket/shop"
    monkeypatch.setenv("MTL_STUDY_COPIES", str(tmp_path / "one machine"))
    with at_work(place) as there:
        shutil.copytree(shop.run, there.directory, dirs_exist_ok=True)
    monkeypatch.setenv("MTL_STUDY_COPIES", str(tmp_path / "another"))
    result = invoke(place, "--out", tmp_path / "model", "--option", "chosen")
    assert result.exit_code == 0, result.output
    assert invoke(shop.run, "--out", tmp_path / "local", "--option", "chosen").exit_code == 0
    names = [path.name for path in (tmp_path / "local").iterdir() if path.suffix == ".safetensors"]
    assert names
    assert all((tmp_path / "model" / name).read_bytes() == (tmp_path / "local" / name).read_bytes() for name in names)
    (tmp_path / "new.csv").write_text("age,city,since,member\n35.5,Bonn,2021-03-14,yes\n")
    local = shutil.copytree(shop.run, tmp_path / "shop")  # a prediction leaves a model in the run directory
    predicted = [
        CliRunner().invoke(app, ["predict", str(source), str(tmp_path / "new.csv")]) for source in (place, local)
    ]
    assert predicted[0].exit_code == 0, predicted[0].output
    assert predicted[0].stdout == predicted[1].stdout

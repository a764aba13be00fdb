"""``list``: everything that there is, with what it costs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from analysis.records.schema import RECORD_KINDS
from mtl_core.registry import KINDS
from study.cli.app import app
from study.config import registered_names


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("kind", ["sharing", "weighting", "backbones", "tasks", "strategies", "presets"])
def test_list_names_what_there_is(kind: str) -> None:
    listed = json.loads(invoke("list", kind, "--json").stdout)
    assert [entry["name"] for entry in listed] == list(registered_names.names(kind))
    shown = invoke("list", kind).stdout
    assert all(entry["name"] in shown for entry in listed)


def test_list_columns_says_what_every_column_of_the_records_means() -> None:
    listed = json.loads(invoke("list", "columns", "--json").stdout)
    declared = {kind: list(described.columns) for kind, described in RECORD_KINDS.items()}
    found: dict[str, list[str]] = {}
    for entry in listed:
        found.setdefault(entry["directory"], []).append(entry["column"])
    assert found == declared
    assert {entry["column"]: entry["unit"] for entry in listed if entry["directory"] == "records"}["seconds"] == "s"
    shown = invoke("list", "columns").stdout
    assert all(f"({kind}/): one row per {described.row}" in shown for kind, described in RECORD_KINDS.items())
    assert all(entry["column"] in shown for entry in listed)
    assert "the replica's share of its shard's wall time" in shown


@pytest.mark.parametrize(
    ("method", "looks_at", "passes", "solved_on"),
    [
        ("dwa", "losses", "1 forward, 1 back", "device"),
        ("famo", "losses", "2 forward, 1 back", "device"),
        ("mgda", "gramian", "1 forward, T back", "host"),
        ("modo", "jacobian", "2 forward, 2T back", "device"),
    ],
)
def test_a_method_says_what_its_steps_cost(method: str, looks_at: str, passes: str, solved_on: str) -> None:
    listed = {fact["name"]: fact for fact in json.loads(invoke("list", "weighting", "--json").stdout)}
    assert (listed[method]["looks at"], listed[method]["passes"]) == (looks_at, passes)
    assert listed[method]["solved on"] == solved_on


def test_options_are_listed_with_their_ranges_and_say_which_are_tuned_on_request() -> None:
    listed = {fact["name"]: fact["options"] for fact in json.loads(invoke("list", "sharing", "--json").stdout)}
    assert listed["mmoe"] == "depth, experts, gate_dropout 0…0.5 on request"
    assert listed["soft"] == "depth, coupling 0.0001…10"


def test_list_refuses_an_unknown_kind() -> None:
    result = invoke("list", "shring")
    assert result.exit_code == 2
    assert "'sharing'" in result.stderr


@pytest.mark.parametrize("preset", registered_names.names("presets"))
def test_presets_state_their_question_cost_and_expected_result(preset: str) -> None:
    text = (registered_names.PRESETS / f"{preset}.yaml").read_text()
    assert text.startswith("# ")
    assert "# Cost:" in text
    assert "Expected:" in text


def test_help_names_every_kind() -> None:
    shown = invoke("list", "--help").output
    assert all(kind in shown for kind in (*KINDS, "presets", "columns"))

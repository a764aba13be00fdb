"""From the command line's first word to a study."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_core.errors import UserError
from mtl_core.search_space import LogUniform, Uniform
from study.config.load import as_text, load_spec, read_spec, spec_of_sections
from study.config.spec import Spec


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_everything_but_the_tasks_has_a_default(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("tasks: {set: digits3}\n")
    spec = load_spec("mine.yaml")
    assert spec == Spec.model_validate({"name": "mine", "tasks": {"set": "digits3"}})
    assert spec.factors.sharing == ("hard",)
    assert (spec.confirm.seeds, spec.verdict.seeds, spec.band) == (10, 10, 1.0)


def test_a_written_study_is_read_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    spec = load_spec("multidigits", overrides=["tuning.learning_rate={log_uniform: [1e-4, 0.1]}", "tuning.dropout=0"])
    path.write_text(as_text(spec))
    assert read_spec(path) == spec
    assert spec.tuning.learning_rate == LogUniform(1e-4, 0.1)
    assert spec.tuning.dropout == 0.0


def test_overrides_are_values_of_a_study_file() -> None:
    spec = load_spec(
        "digits3",
        overrides=[
            "factors.width=[8, 16]", "training.epochs=5", "factors.depth=all",
            "tuning.weight_decay={uniform: [0, 1e-2]}", "training.backbone_options.norm=layer", "tasks.seed=3",
        ],
    )  # fmt: skip
    assert spec.factors.width == (8, 16)
    assert spec.training.epochs == 5
    assert spec.factors.depth == "all"
    assert spec.tuning.weight_decay == Uniform(0.0, 0.01)
    assert spec.training.backbone_options == {"norm": "layer"}
    assert spec.tasks.options == {"seed": 3}


def test_a_single_level_may_stand_alone_and_an_empty_section_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("tasks: {set: digits3}\nfactors: {width: 8, sharing: hard}\ntuning:\n# draws: 3\n")
    spec = load_spec("a.yaml")
    assert spec.factors.width == (8,)
    assert spec.tuning.draws == 8


def test_the_commands_budget_wins() -> None:
    assert load_spec("digits3", budget="1h30m").budget == 5400
    assert load_spec("digits3", overrides=["budget=2h"], budget="90").budget == 90


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbftasks: {set: digits3}\n")
    assert load_spec("a.yaml").tasks.set == "digits3"


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".arrow"])
def test_a_table_is_a_study_of_its_own(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"my data{suffix}").write_text("a,y\n1,2\n")
    spec = load_spec(f"my data{suffix}", targets=["y_*", "z"])
    assert spec.name == "my-data"
    assert spec.tasks.options == {"path": str(tmp_path / f"my data{suffix}"), "targets": ["y_*", "z"]}


def test_a_missing_file_is_a_mistake() -> None:
    with pytest.raises(UserError, match=r"none\.yaml"):
        load_spec("none.yaml")


def test_sections_given_in_python_take_the_tasks_of_their_data() -> None:
    tasks = {"set": "digits3"}
    spec = spec_of_sections({"band": 2}, "mine", tasks)
    assert (spec.name, spec.band, spec.tasks.set) == ("mine", 2, "digits3")
    assert spec_of_sections(spec, "other", {"set": "demo"}).name == "mine"
    with pytest.raises(UserError, match=r"study\.run: bandd"):
        spec_of_sections({"bandd": 2}, "mine", tasks)

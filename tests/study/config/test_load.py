"""From the command line's first word to a study."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mtl_core.errors import UserError
from mtl_core.registry import KINDS, entries
from mtl_core.search_space import LogUniform, Uniform
from study.config import registered_names
from study.config.durations import duration, seconds_of
from study.config.load import as_text, load_spec, read_spec
from study.config.spec import Spec
from study.config.strict_yaml import Document
from study.config.validation_errors import user_error_of


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


def test_the_digest_knows_what_changes_results() -> None:
    def digest(*overrides: str) -> str:
        return load_spec("digits3", overrides=overrides).digest()

    assert digest() == digest("name=other", "workers=3", "backend=inline", "budget=2h")
    others = [digest("training.epochs=31"), digest("tasks.seed=1"), digest("band=2"), digest("tuning.dropout=0")]
    assert len({digest(), *others}) == 5


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_names_are_the_registrys(kind: str) -> None:
    assert registered_names.names(kind) == tuple(entries(kind))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45s", 45),
        ("90m", 5400),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("90", 90),
        ("1d 2h", 93600),
        (" 2h ", 7200),
    ],
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "soon", "-2h", "2 weeks", "2h!", "1e3", "٣h", "9" * 50, "2h30"])
def test_what_is_no_length_of_time(text: str) -> None:
    assert math.isnan(seconds_of(text))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (8.4, "8s"), (59.6, "1m 00s"), (200, "3m 20s"), (7500, "2h 05m"), (273600, "3d 04h")],
)
def test_durations_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-10, 10**6)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["all", "hard"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["uniform", "seeds", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_a_study_file_with_anything_in_it_is_a_study_or_a_mistake(data: st.DataObject) -> None:
    plain: dict[str, Any] = copy.deepcopy(GOOD)
    section = data.draw(st.sampled_from([*plain, "other"]))
    if isinstance(plain.get(section), dict) and data.draw(st.booleans()):
        plain[section][data.draw(st.sampled_from([*plain[section], "other"]))] = data.draw(VALUES)
    else:
        plain[section] = data.draw(VALUES)
    try:
        assert Spec.model_validate(Spec.model_validate(plain).plain())
    except ValidationError as error:
        mistake = user_error_of(error, Document(plain), "study.yaml")
        assert mistake.where.startswith("study.yaml")
        assert len(mistake.found) > 5
        assert len(mistake.remedy) > 5


GOOD = Spec.model_validate({"tasks": {"set": "digits3"}}).plain()


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".arrow"])
def test_a_table_is_a_study_of_its_own(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"my data{suffix}").write_text("a,y\n1,2\n")
    spec = load_spec(f"my data{suffix}", targets=["y_*", "z"])
    assert spec.name == "my-data"
    assert spec.tasks.options == {"path": str(tmp_path / f"my data{suffix}"), "targets": ["y_*", "z"]}


def test_a_missing_file_is_a_mistake() -> None:
    with pytest.raises(UserError, match=r"none\.yaml"):
        load_spec("none.yaml")

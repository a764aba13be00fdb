"""What nothing reads is refused in a new study, and read from a run directory that an earlier version began."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.config.load import as_text, load_spec, read_spec

UNUSED = [
    ("search.reduction_factor=7", "grid does not read reduction_factor, which is 7"),
    ("verdict.max_seeds=3", "there are 10 seeds to begin with, but max_seeds is 3"),
    ("evaluation={design: holdout, folds: 7}", "a test split of its own judges, but folds is 7"),
]


@pytest.mark.parametrize(("override", "found"), UNUSED)
def test_what_nothing_reads_is_refused(override: str, found: str) -> None:
    with pytest.raises(UserError) as refused:
        load_spec("digits3", overrides=[override])
    assert (refused.value.where, refused.value.found) == (f"--set {override}", f"{found}.")
    assert refused.value.remedy


@pytest.mark.parametrize(
    "read",
    [
        ["search.strategy=successive_halving", "search.reduction_factor=7"],
        ["verdict.seeds=50"],
        ["verdict={seeds: 5, max_seeds: 5}"],
        ["evaluation={design: cross_fit, folds: 7}"],
        ["evaluation={design: auto, folds: 7}"],
    ],
)
def test_what_is_read_is_accepted_and_so_are_defaults(read: list[str]) -> None:
    load_spec("digits3", overrides=read)


@pytest.mark.parametrize(("override", "found"), UNUSED)
def test_a_run_directory_of_an_earlier_version_is_read(override: str, found: str, tmp_path: Path) -> None:
    spec = load_spec("digits3")
    section, settings = {
        "search": ("search", {"reduction_factor": 7}),
        "verdict": ("verdict", {"max_seeds": 3}),
        "evaluation": ("evaluation", {"design": "holdout", "folds": 7}),
    }[override.split(".")[0].split("=")[0]]
    begun = spec.model_copy(update={section: getattr(spec, section).model_copy(update=settings)})
    file = tmp_path / "study.yaml"
    file.write_text(as_text(begun))
    assert read_spec(file) == begun


def test_an_arm_is_judged_once() -> None:
    with pytest.raises(UserError, match="'fully_shared' stands there twice"):
        load_spec("digits3", overrides=["verdict.judge=[fully_shared, fully_shared]"])
    assert load_spec("digits3", overrides=["verdict.judge=[]"]).verdict.judge == ()

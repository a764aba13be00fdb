"""Training settings: the study file's section reaches the recipe and the content hash without being named again."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_core.recipe import Recipe
from study.config.sections import Training
from study.config.spec import Spec
from study.planning.arm import Arm
from study.planning.replica import Replica
from study.planning.training_settings import ALWAYS_HASHED, TrainingSettings, recipe_of, settings_of

ARM = Arm("mmoe", 1, 2, 8, weighting="gradnorm")
OTHER = {
    "batch_size": 7, "epochs": 11, "patience": 3, "schedule": "constant", "backbone_options": {"norm": "layer"},
    "sharing_options": {"mmoe": {"experts": 3}}, "weighting_options": {"gradnorm": {"alpha": 2.0}},
    "tasks_per_step": 1, "sampling": "proportional", "clip_norm": 0.5, "precision": "bf16",
}  # fmt: skip
"""A value of every setting that is not its default."""


def key(settings: TrainingSettings) -> str:
    return Replica(ARM, 0, 0, "search", {}).key("data", settings)


def test_every_setting_of_the_study_file_reaches_the_recipe() -> None:
    assert set(OTHER) == set(Training.model_fields), "give the new setting another value than its default here"
    recipe = recipe_of(ARM, TrainingSettings(Training(**OTHER)))
    of_one = {"sharing_options": {"experts": 3}, "weighting_options": {"alpha": 2.0}}
    assert {name: getattr(recipe, name) for name in OTHER} == OTHER | of_one


@pytest.mark.parametrize("name", OTHER)
def test_every_setting_is_part_of_the_content_hash(name: str) -> None:
    changed = {name: OTHER[name], "tasks_per_step": 1} if name == "sampling" else {name: OTHER[name]}
    plain = Training(tasks_per_step=1) if name == "sampling" else Training()
    assert key(TrainingSettings(Training(**changed))) != key(TrainingSettings(plain))


def test_a_setting_that_is_newer_than_the_first_records_is_hashed_only_where_it_is_set() -> None:
    """Records from before it count on."""
    newer = set(Training.model_fields) - ALWAYS_HASHED
    assert newer == {"clip_norm", "precision"}
    assert not newer & set(TrainingSettings(Training()).hashed(ARM))
    assert TrainingSettings(Training(clip_norm=0.5)).hashed(ARM)["clip_norm"] == 0.5
    keys = {key(TrainingSettings(Training(clip_norm=norm))) for norm in (None, 0.5, 0.25)}
    assert len(keys) == 3
    keys = {key(TrainingSettings(Training(precision=name))) for name in ("float32", "tf32", "bf16")}
    assert len(keys) == 3
    assert key(TrainingSettings(Training())) in keys


def test_a_setting_that_the_recipe_lacks_is_an_error_and_not_ignored() -> None:
    class WithoutMeaning(Training):
        momentum_of_the_study: float = 0.5

    with pytest.raises(TypeError, match="momentum_of_the_study"):
        recipe_of(ARM, TrainingSettings(WithoutMeaning()))


def test_defaults_of_the_study_file_are_the_recipes() -> None:
    """A setting at its default may be left out on either side."""
    defaults: dict[str, Any] = {name: getattr(Recipe(), name) for name in Training.model_fields}
    assert dict(Training()) == defaults


def test_only_the_search_has_patience_and_only_later_phases_are_probed() -> None:
    spec = Spec.model_validate(
        {"tasks": {"set": "digits3"}, "training": {"patience": 4}, "diagnostics": {"gradients": 6}}
    )
    found = {phase: settings_of(spec, phase) for phase in ("search", "confirm", "verdict")}
    assert {phase: settings.training.patience for phase, settings in found.items()} == {
        "search": 4, "confirm": None, "verdict": None,
    }  # fmt: skip
    assert {phase: settings.probes for phase, settings in found.items()} == {"search": 0, "confirm": 6, "verdict": 6}

"""A recipe refuses what training would take for something else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtl_core.errors import UserError
from mtl_core.recipe import Recipe

WRONG = [
    ("optimiser", "adam", "recipe: optimiser: it is 'adam'. Did you mean 'adamw'?"),
    ("schedule", "linear", "recipe: schedule: it is 'linear'. There is: cosine, constant."),
    ("scale", "raw", "recipe: scale: it is 'raw'. There is: matched, native."),
    ("gradients", "last", "There is: parameters, last_stage, representation."),
    ("precision", "fp16", "recipe: precision: it is 'fp16'. Did you mean 'bf16'?"),
    ("sampling", "unifrm", "recipe: sampling: it is 'unifrm'. Did you mean 'uniform'?"),
    ("sampling", 0.0, "recipe: sampling: it is 0.0. Write a temperature above 0."),
    ("tasks_per_step", 0, "recipe: tasks_per_step: it is 0. Write a whole number from 1 or None."),
    ("patience", 0, "recipe: patience: it is 0."),
    ("gramian_rows", 0, "recipe: gramian_rows: it is 0."),
    ("epochs", 0, "recipe: epochs: it is 0. Write a whole number from 1."),
    ("batch_size", True, "recipe: batch_size: it is True."),
    ("stages", 2.0, "recipe: stages: it is 2.0."),
    ("width", -3, "recipe: width: it is -3."),
    ("probes", -1, "recipe: probes: it is -1. Write a whole number from 0."),
    ("clip_norm", -1.0, "recipe: clip_norm: it is -1.0. Write a number above 0, or None."),
    ("clip_norm", 0.0, "recipe: clip_norm: it is 0.0."),
    ("clip_norm", float("nan"), "recipe: clip_norm: it is nan."),
    ("train_fraction", 1.5, "recipe: train_fraction: it is 1.5. Write a fraction above 0, 1 at most."),
]


@pytest.mark.parametrize(("setting", "value", "said"), WRONG)
def test_a_setting_that_is_none_is_refused(setting: str, value: Any, said: str) -> None:
    with pytest.raises(UserError) as error:
        Recipe(**{setting: value})
    assert said in str(error.value)


RIGHT = [
    {"optimiser": "sgd", "schedule": "constant", "scale": "native", "gradients": "representation"},
    {"depth": 0, "patience": 1, "clip_norm": 1e-3, "train_fraction": 0.25, "tasks_per_step": 1, "sampling": 2},
    {"precision": "bf16"},
    {"sampling": "proportional", "gramian_rows": 8, "probes": 3},
    {"width": np.int64(8), "batch_size": np.int32(16), "clip_norm": np.float32(1)},
]


@pytest.mark.parametrize("settings", RIGHT)
def test_what_there_is_is_accepted(settings: dict[str, Any]) -> None:
    assert Recipe(**settings) == Recipe(**settings)

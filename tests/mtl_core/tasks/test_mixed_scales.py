"""Mixed scales: what the targets are made of, and how far apart their losses end."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.preprocessing import prepare
from mtl_core.errors import UserError
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.tasks.mixed_scales import MixedScales
from mtl_core.training.trainer import fit


def test_kinds_sizes_and_shares() -> None:
    task_set = MixedScales().build()
    kinds = [(task.name, task.kind, task.num_outputs) for task in task_set.tasks]
    assert kinds == [
        ("clean", "regression", 1), ("noisy", "regression", 1), ("rare", "binary", 1), ("many", "multiclass", 16)
    ]  # fmt: skip
    y = task_set.development.examples.targets
    assert y[:, 2].mean().item() == pytest.approx(0.04, abs=0.001)
    assert (y[:, 3].long().bincount(minlength=16) > 40).all(), "sixteen classes of about a sixteenth each"
    assert y[:, 0].var().item() == pytest.approx(1, abs=0.1)
    assert y[:, 1].var().item() == pytest.approx(5, abs=0.5), "one part signal, four parts noise"


def test_all_tasks_hang_on_the_same_four_features() -> None:
    """Linear fits recover the directions: those of all tasks together span four dimensions of the twelve."""
    task_set = MixedScales(num_examples=20_000).build()
    examples = task_set.development.examples
    signs = (examples.targets[:, 3:].long() >> torch.arange(4)) & 1
    wanted = torch.cat([examples.targets[:, :2], signs.float()], dim=1).double()
    directions = torch.linalg.lstsq(examples.inputs.double(), wanted - wanted.mean(0)).solution
    lengths = torch.linalg.svdvals(directions / directions.norm(dim=0))
    assert (lengths[:4] > 0.1).all()
    assert (lengths[4:] < 0.1).all()


def test_the_losses_begin_alike_and_end_orders_of_magnitude_apart() -> None:
    development = MixedScales(num_examples=4000).build().development
    trivial = prepare(development, 0).trivial_loss
    assert trivial[0] == pytest.approx(1, abs=0.15)
    assert trivial[2] == pytest.approx(0.17, abs=0.04)
    assert trivial[3] == pytest.approx(2.77, abs=0.03)
    recipe = Recipe(sharing="hard", depth=2, stages=2, width=32, epochs=30)
    outcome = fit(
        recipe, development, [ReplicaConfig("0", 0, {"learning_rate": 0.01, "weight_decay": 0.0, "dropout": 0.0})]
    )[0]
    best = outcome.curves["validation_loss"].min(axis=0)
    assert best[0] < 0.03
    assert 0.7 < best[1] < 1.05
    assert (outcome.curves["validation_skill"].max(axis=0) > [0.95, 0.1, 0.2, 0.8]).all()


def test_the_fingerprint_follows_the_seed() -> None:
    first, again, other = (MixedScales(seed=seed).build().fingerprint() for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("option", ["num_examples", "num_test"])
def test_too_few_examples_are_refused(option: str) -> None:
    with pytest.raises(UserError, match=option):
        MixedScales(**{option: 199})

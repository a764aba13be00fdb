"""Single-task networks of several tasks in one array: every row has the bits that it has without the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mtl_core.data.stacked_tasks import alike
from mtl_core.data.task_set import Development
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.registry import entries
from mtl_core.testing.cases import BACKBONE_OPTIONS
from mtl_core.testing.replicas import differences, varied_replicas
from mtl_core.testing.small_tasks import small_tasks
from mtl_core.training.pools import Pools, stream_names
from mtl_core.training.trainer import Outcome, fit

RECIPE = Recipe(sharing="single_task", stages=2, width=8, batch_size=16, epochs=3)
NAMES = ("price", "bonus", "fee")


def together_and_apart(
    recipe: Recipe, data: Development, names: tuple[str, ...]
) -> tuple[list[Outcome], list[Outcome]]:
    """The outcomes of six replicas of each task, in one array and in an array for each task."""
    each = varied_replicas(recipe, 1, 6)
    rows = [replace(row, key=f"{name} {row.key}", task=name) for row in each for name in names]
    apart = {
        row.key: outcome
        for name in names
        for row, outcome in zip(
            (row for row in rows if row.task == name),
            fit(recipe, data.only(name), [replace(row, task=None) for row in rows if row.task == name]),
            strict=True,
        )
    }
    return fit(recipe, data, rows, max_rows=32), [apart[row.key] for row in rows]


def check(recipe: Recipe, data: Development, names: tuple[str, ...] = NAMES) -> None:
    assert alike(recipe, data, names) == [names]
    together, apart = together_and_apart(recipe, data, names)
    assert len(together) == len(apart) > len(names)
    for one, other in zip(together, apart, strict=True):
        assert not differences(one, other), one.key
        assert one.num_train.tolist() == other.num_train.tolist()
        assert one.trivial_metric.tolist() == other.trivial_metric.tolist()


@pytest.mark.parametrize("own", [False, True], ids=["common inputs", "own inputs"])
def test_rows_of_several_tasks_have_the_bits_of_their_own_arrays(own: bool) -> None:
    check(RECIPE, small_tasks(NAMES, own_inputs=own))


@pytest.mark.parametrize(
    "changes",
    [
        {"train_fraction": 0.5},
        {"patience": 1, "epochs": 8},
        {"clip_norm": 0.1, "optimiser": "sgd"},
        {"backbone_options": {"norm": "batch"}},
        {"probes": 2},
    ],
    ids=str,
)
def test_so_they_have_with_other_recipes(changes: dict[str, object]) -> None:
    check(replace(RECIPE, **changes), small_tasks(NAMES))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("backbone", [name for name in entries("backbones") if name != "mlp"])
def test_so_they_have_with_every_backbone(backbone: str) -> None:
    """But for those whose own random draws are named by the task, which say so."""
    recipe = replace(RECIPE, backbone=backbone, backbone_options=BACKBONE_OPTIONS.get(backbone, {}), epochs=2)
    data = small_tasks(NAMES, image=backbone in ("convnet", "resnet", "custom"))
    if entries("backbones")[backbone].cls.draws_streams:
        assert alike(recipe, data, NAMES) == [(name,) for name in NAMES]
    else:
        check(recipe, data)


def test_so_they_have_with_classes_weights_and_missing_labels() -> None:
    data = small_tasks(("click", "basket", "buy"), missing=0.3)
    counts = data.labels.sum(dim=0)
    targets = data.examples.targets.clone()
    for place in range(3):  # alike means as many labels
        labelled = data.labels[:, place].nonzero().squeeze(1)
        targets[labelled[: int(counts[place] - counts.min())], place] = torch.nan
    weights = 0.5 + torch.rand(len(targets), 3, generator=torch.Generator().manual_seed(0))
    examples = replace(data.examples, targets=targets, weights=weights)
    tasks = tuple(replace(task, class_weight="balanced") for task in data.tasks)
    check(RECIPE, replace(data, tasks=tasks, examples=examples), ("click", "basket", "buy"))


def test_rows_go_on_from_states_of_another_array() -> None:
    data = small_tasks(NAMES)
    rows = [
        ReplicaConfig(name, 1, {"learning_rate": 1e-2, "weight_decay": 0.0, "dropout": 0.2}, name) for name in NAMES
    ]
    whole = fit(RECIPE, data, rows)
    begun = {row.key: fit(RECIPE, data.only(row.key), [replace(row, task=None)], until=1)[0].state for row in rows}
    for one, other in zip(fit(RECIPE, data, rows, states=begun), whole, strict=True):
        assert not differences(one, other)


def test_rows_for_one_task_and_for_all_are_refused() -> None:
    row = ReplicaConfig("a", 0, {"learning_rate": 1e-2, "weight_decay": 0.0})
    with pytest.raises(ValueError, match="cannot be one array"):
        Pools(RECIPE, small_tasks(NAMES), [row, replace(row, key="b", task="fee")])


def test_a_row_calls_the_networks_stream_by_its_own_task() -> None:
    row = ReplicaConfig("a", 0, {}, "fee")
    pools = Pools(RECIPE, small_tasks(NAMES), [replace(row, task="price"), row])
    assert stream_names(pools.network, [row, replace(row, task=None)]) == [{"price": "fee"}, {}]

"""What every kind of task promises, and that one more is a file."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.kinds import kind_named, kind_names, kind_of_classes
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.network.export import export
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.registry import entries
from mtl_core.testing.kinds import EXAMPLES, check_kind, some_labels, some_task
from mtl_core.training.trainer import fit


@pytest.mark.parametrize("name", kind_names())
def test_every_kind_keeps_its_promises(name: str) -> None:
    check_kind(name)


def test_kinds_are_found_by_their_files() -> None:
    assert kind_names() == tuple(entries("kinds")) == ("binary", "count", "multiclass", "ordinal", "regression")
    with pytest.raises(KeyError, match="'ratio' is not one of the kinds: binary"):
        kind_named("ratio")
    with pytest.raises(TypeError, match="count tasks have no classes"):
        kind_of_classes("count")


@pytest.mark.parametrize(
    ("kind", "metric", "classes"),
    [("count", "mse", 2), ("ordinal", "accuracy", 2), ("ordinal", "accuracy", 1), ("binary", "accuracy", 3)],
)
def test_classes_have_to_fit_the_kind(kind: str, metric: str, classes: int) -> None:
    with pytest.raises(ValueError, match="classes do not fit"):
        Task("y", kind, metric, classes)


def of_all_kinds() -> Development:
    """A task of each kind, on inputs that know something of the labels."""
    labels = torch.stack([some_labels(kind_named(name)) for name in kind_names()], dim=1)
    inputs = labels @ torch.randn(labels.shape[1], 5, generator=torch.Generator().manual_seed(0))
    return Development(tuple(map(some_task, kind_names())), Examples(inputs, labels), torch.ones(5, dtype=torch.bool))


@pytest.mark.parametrize("weighting", ["equal", "pcgrad", "gradnorm", "uncertainty", "mgda"])
@pytest.mark.parametrize("depth", [1, 2])
def test_all_kinds_train_together_and_a_row_is_what_it_is_alone(weighting: str, depth: int) -> None:
    recipe = Recipe(epochs=12, batch_size=25, sharing="hard", depth=depth, stages=2, width=6, weighting=weighting)
    rows = [ReplicaConfig(str(seed), seed, {"learning_rate": 0.02, "weight_decay": 0.0}) for seed in range(3)]
    data = of_all_kinds()
    together = fit(recipe, data, rows)
    (alone,) = fit(recipe, data, rows[1:2])
    assert torch.equal(alone.selected, together[1].selected)
    for outcome in together:
        assert outcome.status == "finished"
        losses = torch.from_numpy(outcome.curves["train_loss"])
        assert losses[-1].mean() < losses[0].mean()


def test_an_exported_network_predicts_in_the_unit_of_its_targets() -> None:
    recipe, data = Recipe(epochs=20, batch_size=25, sharing="hard", depth=1, stages=1, width=6), of_all_kinds()
    (outcome,) = fit(recipe, data, [ReplicaConfig("only", 0, {"learning_rate": 0.02, "weight_decay": 0.0})])
    module = export(recipe, data, 0, outcome.selected)
    found = module(data.examples.inputs)
    assert found["ordinal"].shape == (EXAMPLES, 4)
    torch.testing.assert_close(found["ordinal"].sum(dim=1), torch.ones(EXAMPLES))
    counts = data.examples.targets[:, kind_names().index("count")]
    assert (found["count"] > 0).all()
    assert abs(found["count"].mean() - counts.mean()) < 0.5
    logits = module(data.examples.inputs, logits=True)
    assert torch.equal(logits["count"], found["count"])
    torch.testing.assert_close(logits["ordinal"].softmax(dim=1), found["ordinal"])

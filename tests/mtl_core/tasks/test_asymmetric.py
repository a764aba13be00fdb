"""Asymmetric: half-hidden digits, their class and all of their pixels."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.losses import label_means
from mtl_core.data.preprocessing import prepare
from mtl_core.errors import UserError
from mtl_core.gradients.cotangents import gramian
from mtl_core.gradients.task_gradients import task_gradients
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.network import Network
from mtl_core.network.shared_parameters import SharedParameters
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.tasks.asymmetric import Asymmetric
from mtl_core.tasks.sources.digits import base_digits, development_and_test
from mtl_core.training.trainer import fit


def test_the_image_task_asks_for_what_is_hidden_and_the_class_is_the_digits() -> None:
    task_set = Asymmetric().build()
    images, digits = base_digits()
    for examples, base in zip((task_set.development.examples, task_set.test), development_and_test(0), strict=True):
        clean = images[base].flatten(1)
        assert torch.equal(examples.targets[:, 1:], clean)
        assert torch.equal(examples.targets[:, 0], digits[base].float())
        seen = examples.inputs > 0
        assert torch.equal(examples.inputs[seen], clean[seen]), "what is seen is the image's own"
        assert 0.48 < (seen.sum() / (clean > 0).sum()) < 0.52
        assert (seen.any(dim=0) == (clean > 0).any(dim=0)).all(), "no pixel is hidden in every image"


def test_kinds_and_sizes() -> None:
    task_set = Asymmetric().build()
    assert [(task.kind, task.num_outputs) for task in task_set.tasks] == [("multiclass", 10), ("regression", 64)]
    assert (len(task_set.development.examples), len(task_set.test)) == (1198, 599)
    assert task_set.development.image == (1, 8, 8)
    assert not task_set.development.standardise.any()


def test_nothing_is_hidden_where_nothing_is_to_be_hidden() -> None:
    examples = Asymmetric(hidden=0).build().development.examples
    assert torch.equal(examples.inputs, examples.targets[:, 1:])


def test_no_image_is_in_both_drawers_and_fewer_examples_are_some_of_the_same() -> None:
    whole, few = Asymmetric().build(), Asymmetric(num_examples=100).build()
    assert len(torch.cat([whole.development.examples.inputs, whole.test.inputs]).unique(dim=0)) == 1797
    rows = {tuple(row.tolist()) for row in whole.development.examples.inputs}
    assert all(tuple(row.tolist()) in rows for row in few.development.examples.inputs)
    assert torch.equal(few.test.inputs, whole.test.inputs)


def test_the_fingerprint_follows_seed_and_dials() -> None:
    sets = (Asymmetric(), Asymmetric(), Asymmetric(seed=1), Asymmetric(hidden=0.4))
    first, again, *others = (source.build().fingerprint() for source in sets)
    assert first == again
    assert len({first, *others}) == 3


def test_with_equal_weights_the_classification_pulls_harder_on_the_trunk() -> None:
    """What the docstring derives, on batches of four networks of width 16 after one epoch and after ten."""
    development = Asymmetric().build().development
    recipe = Recipe(sharing="hard", depth=2, stages=2, width=16, epochs=20)
    rows = [
        ReplicaConfig(str(seed), seed, {"learning_rate": 5e-3, "weight_decay": 0.0, "dropout": 0.0})
        for seed in range(4)
    ]
    network = Network(recipe, development.tasks, development.shape)
    preparations = [prepare(development, row.seed) for row in rows]
    loader = BatchLoader(development.examples, preparations)
    index = torch.stack([preparation.train[None, :64] for preparation in preparations])
    targets, labelled = loader.targets(index)
    for epochs in (1, 10):
        trained = torch.stack([outcome.state["parameters"] for outcome in fit(recipe, development, rows, until=epochs)])
        theta = network.layout.theta(network.layout.unpack(trained))
        theta = {slot: value.requires_grad_() if slot.trained else value for slot, value in theta.items()}
        found = task_gradients(
            network, theta, loader.inputs(index), ForwardContext(training=True),
            lambda outputs: label_means(network.losses(outputs, targets), labelled), SharedParameters(network.layout),
        )  # fmt: skip
        lengths = gramian(found.jacobian).diagonal(dim1=1, dim2=2).sqrt().mean(dim=0)
        assert lengths[0] > 2 * lengths[1]


def test_both_tasks_are_learnt() -> None:
    development = Asymmetric(num_examples=600).build().development
    recipe = Recipe(sharing="hard", depth=2, stages=2, width=32, epochs=20)
    outcome = fit(
        recipe, development, [ReplicaConfig("0", 0, {"learning_rate": 0.01, "weight_decay": 0.0, "dropout": 0.0})]
    )[0]
    assert (outcome.curves["validation_skill"].max(axis=0) > [0.5, 0.3]).all()


@pytest.mark.parametrize(("option", "value"), [("num_examples", 49), ("num_examples", 1199), ("hidden", 1.0)])
def test_what_cannot_be_is_refused(option: str, value: float) -> None:
    with pytest.raises(UserError, match=option):
        Asymmetric(**{option: value})  # pyright: ignore[reportArgumentType]

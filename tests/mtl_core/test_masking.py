"""Missing labels: no gradient, no NaN, no step."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.losses import example_losses, label_means
from mtl_core.data.preprocessing import prepare
from mtl_core.data.task_set import Development
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.training.optimisers.optimiser import Optimiser
from mtl_core.training.trainer import fit
from tests.mtl_core.worlds import TASKS, development, rows

ALL = tuple(TASKS)


def with_targets(data: Development, targets: Tensor) -> Development:
    return dataclasses.replace(data, examples=dataclasses.replace(data.examples, targets=targets))


@pytest.mark.parametrize("sharing", ["hard", "independent"])
def test_an_example_without_a_label_gives_its_task_no_gradient(sharing: str) -> None:
    data = development(ALL, missing=0.5)
    network = Network(Recipe(sharing=sharing, depth=1, stages=2, width=8), data.tasks, data.shape)
    loader = BatchLoader(data.examples, [prepare(data, 0), prepare(data, 1)])
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise([0, 1])))
    index = torch.arange(80).view(2, 1, 40)
    outputs = network(theta, loader.inputs(index))
    targets, labelled = loader.targets(index)
    assert labelled is not None
    assert not targets.isnan().any()
    losses = label_means(network.losses(outputs, targets), labelled)
    for bank, gradient in zip(network.heads, torch.autograd.grad(losses.sum(), outputs), strict=True):
        here = labelled[:, bank.members].unsqueeze(2).expand_as(gradient)
        assert (gradient[~here] == 0).all()
        assert (gradient[here] != 0).all()


@pytest.mark.parametrize("name", ALL)
def test_a_loss_is_the_mean_over_the_labelled_examples(name: str) -> None:
    task, generator = TASKS[name], torch.Generator().manual_seed(3)
    outputs = torch.randn(2, 1, task.num_outputs, 30, generator=generator)
    targets = torch.randint(task.num_classes, (2, 1, 30), generator=generator).float()
    labelled = torch.rand(2, 1, 30, generator=generator) < 0.4
    labelled[1] = False
    values = torch.where(labelled, example_losses(task.kind, outputs, targets), torch.nan)
    alone = example_losses(task.kind, outputs[:1, ..., labelled[0, 0]], targets[:1, :, labelled[0, 0]])
    means = label_means(values, labelled)
    torch.testing.assert_close(means[0], alone.mean(dim=2)[0])
    assert means[1].item() == 0
    assert torch.equal(label_means(alone, None), label_means(alone, torch.ones_like(alone, dtype=torch.bool)))


@pytest.mark.parametrize("missing", [0.95, 0.99])
@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_a_batch_without_labels_leaves_a_tasks_parameters_alone(
    optimiser: str, missing: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = development(ALL, examples=400, missing=missing)
    original, absences = Optimiser.step, []

    def watched(
        self: Optimiser, gradients: Sequence[Tensor], rates: list[float], present: Tensor | None, on_device: Tensor
    ) -> None:
        assert present is not None
        before = self._layout.pack(self._parameters)
        original(self, gradients, rates, present, on_device)
        moved = (before != self._layout.pack(self._parameters)) | (self._layout.pack(gradients) != 0)
        absent = torch.cat([torch.zeros(len(present), 1, dtype=torch.bool), ~present], dim=1)
        assert not (moved & absent[:, self._layout.owners()]).any()
        absences.append(int(absent.sum()))

    monkeypatch.setattr(Optimiser, "step", watched)
    recipe = Recipe(depth=1, stages=2, width=8, batch_size=4, epochs=3, optimiser=optimiser, weighting="uncertainty")
    outcomes = fit(recipe, data, rows(3, weight_decay=0.5, learning_rate=0.01))
    assert sum(absences) > 10, "no task was ever absent: nothing was tested"
    for outcome in outcomes:
        assert outcome.status == "finished"
        assert outcome.state["parameters"].isfinite().all()
        assert outcome.curves["weight"].min() >= 0


def test_a_task_without_any_label_to_train_on_is_carried_along_untouched() -> None:
    data = development(("price", "sold", "grade"))
    prepared = prepare(data, 0)
    targets = data.examples.targets.clone()
    targets[torch.arange(len(targets)) != prepared.validation[0], 1] = torch.nan
    recipe = Recipe(sharing="independent", stages=2, width=8, epochs=3)
    (outcome,) = fit(recipe, with_targets(data, targets), rows(1, seeds=1, weight_decay=0.5))
    layout = Network(recipe, data.tasks, data.shape).layout
    still = layout.initialise([0])[0] == outcome.state["parameters"]
    assert [bool(still[layout.owners() == owner].all()) for owner in (1, 2, 3)] == [False, True, False]
    assert outcome.status == "finished"
    assert outcome.num_train[1] == 0
    assert (outcome.curves["weight"][:, 1] == 0).all()


def test_where_nothing_is_missing_a_mask_changes_nothing() -> None:
    """One example without any label is dropped from every split, but it turns all the masks on."""
    data = development()
    examples = data.examples
    blank = torch.full_like(examples.targets[:1], torch.nan)
    longer = dataclasses.replace(
        data,
        examples=dataclasses.replace(
            examples,
            inputs=torch.cat([examples.inputs, examples.inputs[:1]]),
            targets=torch.cat([examples.targets, blank]),
        ),
    )
    network = Network(Recipe(depth=1, stages=2, width=8), data.tasks, data.shape)
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise([0, 1])))
    index = torch.arange(64).view(2, 1, 32)
    found = []
    for pool in (data, longer):
        loader = BatchLoader(pool.examples, [prepare(data, 0), prepare(data, 1)])
        targets, labelled = loader.targets(index)
        assert (labelled is None) == (pool is data)
        found.append(label_means(network.losses(network(theta, loader.inputs(index)), targets), labelled))
    torch.testing.assert_close(found[0], found[1])

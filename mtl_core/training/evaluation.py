"""Losses and metrics in evaluation mode, for every replica and task at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader, padded
from mtl_core.data.example_weights import contributions
from mtl_core.data.losses import weighted
from mtl_core.data.metrics.statistics.sums import CHUNK
from mtl_core.data.preprocessing import Preparation, prepare, skill
from mtl_core.data.target_columns import columns_of, labels, targets_of
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.layers.bank import Theta
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.task_scores import TaskScores


@torch.no_grad()
def evaluate(
    network: Network, theta: Theta, loader: BatchLoader, index: Int[Tensor, "r g m"], real: Bool[Tensor, "r g m"]
) -> tuple[Float[Tensor, "r t"], Float[Tensor, "r t"]]:
    """Compute each task's mean loss and metric over the labelled examples at ``index``; NaN without labels.

    Args:
        network: the network of the replicas.
        theta: their parameters.
        loader: the examples, standardised for each replica.
        index: places of the examples, padded by :func:`mtl_core.data.batch_loader.padded`; g = 1 if all tasks read the
            same examples, else g = t.
        real: which entries of ``index`` are no padding.

    Returns:
        The losses of standardised targets, and the metrics in the targets' own units.
    """
    totals = torch.zeros(len(index), len(network.tasks), device=index.device)
    counts, scores = torch.zeros_like(totals), TaskScores(network, loader)
    for begin in range(0, index.shape[2], CHUNK):
        part = index[:, :, begin : begin + CHUNK]
        outputs = network(theta, loader.inputs(part))
        standard, labelled = loader.targets(part)[0], loader.labelled(part)
        counted = real[:, :, begin : begin + CHUNK] & (True if labelled is None else labelled)
        weights = loader.weights(part)
        losses = weighted(network.losses(outputs, standard), weights)
        totals += torch.where(counted, losses, 0.0).sum(dim=2)
        counts += counted.sum(dim=2) if weights is None else torch.where(counted, weights, 0.0).sum(dim=2)
        scores.add(outputs, part, counted)
    return totals / torch.where(counts > 0, counts, torch.nan), scores.metric()


@dataclass(frozen=True)
class TestScore:
    """Scores of one replica on the test split.

    Args:
        key: key of the replica.
        test_metric: metric of each task, ``[t]``, in the target's own unit.
        trivial_metric: metric of the constant prediction fitted on the replica's own training split, ``[t]``.
        test_skill: skill of each task, ``[t]``.
        example_scores: score of every test example, ``[t, n]``, whose mean is the metric and whose variance over their
            number is that of the metric: the metric of the example alone where the metric is such a mean, else the
            metric plus what the example contributes to it.  NaN where there is no label, and for examples that other
            seeds' networks are judged on.
        test_loss, trivial_loss: mean loss of the predictions, and of the constant prediction, ``[t]``.
        example_losses: loss of every test example, ``[t, n]``; NaN as above.
        num_test: number of examples that the replica is judged on, ``[t]``.
        num_rarer: number of those outside their most frequent class, ``[t]``; −1 for regressions.
    """

    __test__ = False  # keeps pytest from collecting the class by its name

    key: str
    test_metric: np.ndarray
    trivial_metric: np.ndarray
    test_skill: np.ndarray
    example_scores: np.ndarray
    test_loss: np.ndarray
    trivial_loss: np.ndarray
    example_losses: np.ndarray
    num_test: np.ndarray
    num_rarer: np.ndarray


@torch.no_grad()
def score_examples_on(
    recipe: Recipe,
    development: Development,
    test: Examples,
    rows: Sequence[ReplicaConfig],
    parameters: Float[Tensor, "r p"],
) -> Iterator[TestScore]:
    """Score trained replicas on the test split.

    Networks run in float32, as they are exported, whatever the precision that they were trained in.
    Nothing is fitted here: scales and constant predictions come from each replica's own training split.  Losses are
    those of the tasks' kinds, whatever loss they were trained by: of classes the log loss, a proper score.

    Args:
        recipe: the recipe that the replicas were trained by.
        development: the examples that they were trained on, with the tasks.
        test: examples whose target columns are those of ``development``; with outer folds the pool itself, of which a
            replica is judged on the fold that its seed has not seen.
        rows: configurations of the replicas.
        parameters: the packed parameters that training selected, one row for each of ``rows``.

    Yields:
        The scores of each replica, in the order of ``rows``.
    """
    judged_tasks = tuple(replace(task, loss=None) for task in development.tasks)
    development = replace(development, tasks=judged_tasks)
    network = Network(replace(recipe, precision="float32"), judged_tasks, development.shape)
    for row, flat in zip(rows, parameters, strict=True):
        preparation = prepare(development, row.seed, recipe.train_fraction)
        yield _test_score(network, flat, development, test, row, preparation)


def _test_score(
    network: Network,
    flat: Float[Tensor, " p"],
    development: Development,
    test: Examples,
    row: ReplicaConfig,
    preparation: Preparation,
) -> TestScore:
    judged = development.is_judged(row.seed)
    judged = torch.ones(len(test), dtype=torch.bool) if judged is None else judged
    counted = labels(network.tasks, test.targets).T & judged
    loader = BatchLoader(test, [preparation] * 2)
    example_scores, example_losses = _of_examples(network, flat, loader, counted)
    metric = example_scores.double().nanmean(dim=1).to(example_scores)
    weights = _judging_weights(test, development)
    for losses_of_task, here, share in zip(example_losses, counted, weights, strict=True):
        losses_of_task[here] = contributions(losses_of_task[here], None if share is None else share[here])
    own = [targets_of(test.targets, columns)[judged] for columns in columns_of(network.tasks)]
    shares = [None if share is None else share[judged] for share in weights]
    of_constants = [
        (constant.metric(mine, share), constant.judging_loss(mine, share))
        for constant, mine, share in zip(preparation.constants, own, shares, strict=True)
    ]
    trivial, trivial_loss = torch.tensor(of_constants).unbind(dim=1)
    return TestScore(
        key=row.key,
        test_metric=metric.numpy(),
        trivial_metric=trivial.numpy(),
        test_skill=skill(network.tasks, metric[None], trivial[None])[0].numpy(),
        example_scores=example_scores.numpy(),
        test_loss=example_losses.double().nanmean(dim=1).numpy(),
        trivial_loss=trivial_loss.numpy(),
        example_losses=example_losses.numpy(),
        num_test=counted.sum(dim=1).numpy(),
        num_rarer=np.array([_num_rarer(task, mine) for task, mine in zip(network.tasks, own, strict=True)]),
    )


def _of_examples(
    network: Network, flat: Float[Tensor, " p"], loader: BatchLoader, counted: Bool[Tensor, "t n"]
) -> tuple[Float[Tensor, "t n"], Float[Tensor, "t n"]]:
    """Score and loss of every example in every task; NaN where it is not ``counted``."""
    theta = network.layout.theta(
        network.layout.unpack(torch.stack([flat, flat]))
    )  # one row alone would take other kernels
    index, real = padded([[torch.arange(counted.shape[1])]])
    scores, losses = TaskScores(network, loader, of_examples=True), []
    for part, here in zip(index.expand(2, -1, -1).split(CHUNK, dim=2), real.split(CHUNK, dim=2), strict=True):
        outputs = network(theta, loader.inputs(part))
        losses.append(network.losses(outputs, loader.targets(part)[0])[0])
        known = counted[:, part[0, 0]] & here[0]
        scores.add(outputs, part, known.expand(2, -1, -1))
    example_losses = torch.where(counted, torch.cat(losses, dim=1)[:, real[0, 0]], torch.nan)
    return scores.of_examples()[:, real[0, 0]], example_losses


def _judging_weights(test: Examples, development: Development) -> list[Tensor | None]:
    """Weights of the examples in the metric of each task, [n]; ``None``: all count alike."""
    if test.weights is None or not development.weights_judge:
        return [None] * len(development.tasks)
    return list(test.weights.T)


def _num_rarer(task: Task, targets: Float[Tensor, " n *k"]) -> int:
    """The number of labels outside the most frequent class; −1 for numbers."""
    if not task.has_classes:
        return -1
    counts = torch.bincount(targets[~targets.isnan()].long(), minlength=1)
    return int(counts.sum() - counts.max())

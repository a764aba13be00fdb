"""Losses and metrics in evaluation mode, for every replica and task at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.batch_loader import CHUNK, BatchLoader, padded
from mtl_core.data.metrics import example_scores
from mtl_core.data.preprocessing import prepare, skill
from mtl_core.data.target_columns import columns_of, labels, targets_of
from mtl_core.data.task_set import Development, Examples
from mtl_core.layers.bank import Theta
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig


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
    totals = torch.zeros(2, len(index), len(network.tasks))
    counts = torch.zeros(len(index), len(network.tasks))
    for begin in range(0, index.shape[2], CHUNK):
        part = index[:, :, begin : begin + CHUNK]
        outputs = network(theta, loader.inputs(part))
        standard, labelled = loader.targets(part)
        counted = real[:, :, begin : begin + CHUNK] & (True if labelled is None else labelled)
        losses = network.losses(outputs, standard)
        scores = _scores(network, loader, outputs, part)
        totals += torch.stack([torch.where(counted, values, 0.0).sum(dim=2) for values in (losses, scores)])
        counts += counted.sum(dim=2)
    loss, metric = totals / torch.where(counts > 0, counts, torch.nan)
    return loss, metric


def _scores(network: Network, loader: BatchLoader, outputs: Sequence[Tensor], index: Int[Tensor, "r g b"]) -> Tensor:
    """The metric of every example, in the targets' own units; a missing label is scored as if it were 0."""
    raw = loader.raw_targets(index)
    raw = raw if loader.fully_labelled else torch.where(raw.isnan(), 0.0, raw)
    parts = []
    for bank, logits in zip(network.heads, outputs, strict=True):
        predictions, targets = logits, bank.of_columns(raw)
        if bank.kind == "regression":
            shift, scale = (
                bank.of_columns(values).view(len(values), len(bank.members), -1, 1)
                for values in (loader.target_shift, loader.target_scale)
            )
            predictions = logits / scale + shift
        metrics = [task.metric for task in bank.tasks]
        if len(set(metrics)) == 1:
            parts.append(example_scores(bank.tasks[0], predictions, targets))
        else:
            columns = [
                example_scores(task, predictions[:, place : place + 1], targets[:, place : place + 1])
                for place, task in enumerate(bank.tasks)
            ]
            parts.append(torch.cat(columns, dim=1))
    return network.in_order(parts)


@dataclass(frozen=True)
class TestScore:
    """Scores of one replica on the test split.

    Args:
        key: key of the replica.
        test_metric: metric of each task, ``[t]``, in the target's own unit.
        trivial_metric: metric of the constant prediction fitted on the replica's own training split, ``[t]``.
        test_skill: skill of each task, ``[t]``.
        example_scores: metric of every test example, ``[t, n]``; NaN where there is no label, and for examples that
            other seeds' networks are judged on.
    """

    __test__ = False  # keeps pytest from collecting the class by its name

    key: str
    test_metric: np.ndarray
    trivial_metric: np.ndarray
    test_skill: np.ndarray
    example_scores: np.ndarray


@torch.no_grad()
def score_examples_on(
    recipe: Recipe,
    development: Development,
    test: Examples,
    rows: Sequence[ReplicaConfig],
    parameters: Float[Tensor, "r p"],
) -> Iterator[TestScore]:
    """Score trained replicas on the test split.

    Nothing is fitted here: scales and constant predictions come from each replica's own training split.

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
    network = Network(recipe, development.tasks, development.shape)
    own = [targets_of(test.targets, columns) for columns in columns_of(development.tasks)]
    index, real = padded([[torch.arange(len(test))]])
    for row, flat in zip(rows, parameters, strict=True):
        preparation = prepare(development, row.seed, recipe.train_fraction)
        duplicated = torch.stack([flat, flat])  # one row alone would take other kernels than it did in training
        loader, theta = BatchLoader(test, [preparation] * 2), network.layout.theta(network.layout.unpack(duplicated))
        parts = [
            _scores(network, loader, network(theta, loader.inputs(part)), part)[0]
            for part in index.expand(2, -1, -1).split(CHUNK, dim=2)
        ]
        scores = torch.cat(parts, dim=1)[:, real[0, 0]]
        judged = development.is_judged(row.seed)
        judged = torch.ones(len(test), dtype=torch.bool) if judged is None else judged
        counted = labels(development.tasks, test.targets).T & judged
        scores = torch.where(counted, scores, torch.nan)
        metric = scores.double().nanmean(dim=1).to(scores)
        trivial = torch.tensor(
            [constant.metric(mine[judged]) for constant, mine in zip(preparation.constants, own, strict=True)]
        )
        test_skill = skill(development.tasks, metric[None], trivial[None])[0]
        yield TestScore(row.key, metric.numpy(), trivial.numpy(), test_skill.numpy(), scores.numpy())

"""The metrics of a network's tasks, from predictions that come chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.batch_loader import BatchLoader
from mtl_core.data.example_weights import contributions
from mtl_core.data.kinds import kind_named
from mtl_core.data.metrics import MeanMetric, Metric, metric_named
from mtl_core.data.metrics.own.own_metric import OwnMetric
from mtl_core.data.task import Task
from mtl_core.fixed_tensor import FixedTensor
from mtl_core.network.heads import HeadBank
from mtl_core.network.network import Network


@dataclass
class _Group:
    """Tasks of one head bank with one metric (and one origin of it), which are judged at once.

    ``places`` are theirs in the bank (``None``: they are all of its tasks), ``members`` among all tasks; the other
    fields are what was added so far.
    """

    bank: HeadBank
    task: Task
    metric: Metric
    places: FixedTensor | None
    members: list[int]
    columns: FixedTensor
    kept: list[Tensor] = field(default_factory=list)
    total: Tensor | None = None


class TaskScores:
    """Collects what the tasks' metrics need of predictions, and computes the metrics.

    Args:
        network: network of the replicas.
        loader: loader of the examples, standardised for each replica.
        of_examples: whether :meth:`of_examples` will be asked; without it means need no memory.
    """

    def __init__(self, network: Network, loader: BatchLoader, *, of_examples: bool = False) -> None:
        self._network, self._loader, self._keeps_all = network, loader, of_examples
        self._groups = [group for bank in network.heads for group in _groups(bank)]
        self._counted: list[Tensor] = []
        self._weights: list[Tensor] = []
        self._of_group: list[Tensor] = []

    def add(self, outputs: Sequence[Tensor], index: Int[Tensor, "r g b"], counted: Bool[Tensor, "r t b"]) -> None:
        """Add the predictions of a chunk.

        Args:
            outputs: outputs of every head bank.
            index: places of the examples.
            counted: which examples are judged, by task; with one column for all tasks where that is the same.
        """
        raw = self._loader.raw_targets(index)
        raw = raw if self._loader.fully_labelled else torch.where(raw.isnan(), 0.0, raw)
        counted = counted.expand(-1, len(self._network.tasks), -1)
        self._counted.append(counted)
        groups = self._loader.examples.groups
        if self._keeps_all and groups is not None:
            self._of_group.append(groups[index[0, 0]])
        weights = self._loader.judging_weights(index)
        if weights is not None:
            self._weights.append(torch.where(counted, weights, 0.0))
        own = {id(bank): self._in_own_unit(bank, part) for bank, part in zip(self._network.heads, outputs, strict=True)}
        for group in self._groups:
            targets = _at(group.bank.of_columns(raw), group.places)
            kept = group.metric.keep(group.task, _at(own[id(group.bank)], group.places), targets)
            if isinstance(group.metric, MeanMetric):
                scores = kept[:, :, 0] if weights is None else kept[:, :, 0] * _at(weights, group.columns)
                part = torch.where(_at(counted, group.columns), scores, 0.0).sum(dim=2)
                group.total = part if group.total is None else group.total + part
            if self._keeps_all or not isinstance(group.metric, MeanMetric):
                group.kept.append(kept)

    def metric(self) -> Float[Tensor, "r t"]:
        """Return the metric of every replica and task over the examples that count; NaN without any."""
        counted = torch.cat(self._counted, dim=2)
        counts = torch.cat(self._weights, dim=2).sum(dim=2) if self._weights else counted.sum(dim=2)
        found = torch.full(counts.shape, torch.nan, device=counts.device)
        for group in self._groups:
            if group.total is None:
                values = group.metric.value(group.task, torch.cat(group.kept, dim=3), _at(counted, group.columns))
            else:
                values = group.total / _at(torch.where(counts > 0, counts, torch.nan), group.columns)
            found.index_copy_(1, group.columns.at(found.device), values.to(found))
        return found

    def of_examples(self) -> Float[Tensor, "t n"]:
        """Return the first replica's score of every example, whose mean over the examples that count is the metric.

        A weighted mean, and a metric that is no mean over examples, gives every example the metric plus the example's
        contribution to it.  NaN for examples that do not count, and for all where the metric is undefined.
        """
        counted = torch.cat(self._counted, dim=2)[0]
        found = torch.full(counted.shape, torch.nan, device=counted.device)
        weights = torch.cat(self._weights, dim=2)[0] if self._weights else None
        groups = torch.cat(self._of_group) if self._of_group else None
        for group in self._groups:
            kept = torch.cat(group.kept, dim=3)[0]
            for own, member in zip(kept, group.members, strict=True):
                here = counted[member]
                scores = _scores(group.metric, group.task, own[:, here], None if groups is None else groups[here])
                found[member, here] = contributions(scores, None if weights is None else weights[member, here])
        return found

    def _in_own_unit(self, bank: HeadBank, logits: Float[Tensor, "r g k b"]) -> Float[Tensor, "r g k b"]:
        kind = kind_named(bank.kind)
        if kind.has_classes:
            return logits
        shift, scale = (
            bank.of_columns(values).view(len(values), len(bank.members), -1, 1)
            for values in (self._loader.target_shift, self._loader.target_scale)
        )
        return kind.in_own_unit(logits, shift, scale)


def _groups(bank: HeadBank) -> Iterator[_Group]:
    judges = [(task.metric, task.origin) for task in bank.tasks]
    for judge in dict.fromkeys(judges):
        places = [place for place, own in enumerate(judges) if own == judge]
        members = [bank.members[place] for place in places]
        some = None if len(places) == len(judges) else FixedTensor(places)
        yield _Group(bank, bank.tasks[places[0]], metric_named(judge[0]), some, members, FixedTensor(members))


def _at(values: Tensor, places: FixedTensor | None) -> Tensor:
    """The tasks at ``places``, the second dimension; without any, all of them, which copies nothing."""
    return values if places is None else values.index_select(1, places.at(values.device))


def _scores(
    metric: Metric, task: Task, kept: Float[Tensor, "s n"], groups: Int[Tensor, " n"] | None
) -> Float[Tensor, " n"]:
    """Every example's own score, or the metric of all plus the example's contribution."""
    if isinstance(metric, MeanMetric):
        return kept[0]
    value = metric.value(task, kept, torch.ones(kept.shape[1], dtype=torch.bool))
    if not value.isfinite():
        return kept[0] * torch.nan
    if groups is not None and isinstance(metric, OwnMetric):
        return (value.double() + metric.influence_by_groups(task, kept, groups)).to(kept)
    return (value.double() + metric.influence(task, kept)).to(kept)
